import type { z } from 'zod'
import { spellingAdvice } from './spelling.js'

/** Position of a value in a recipe: names of fields and places in lists, from the outside in. */
export type FieldPath = readonly (string | number)[]

/** Something that is wrong with a recipe. */
export interface RecipeProblem {
  /** The field, or the field that holds it where it is missing. */
  readonly path: FieldPath
  /** Whether the name of the field itself is what is wrong. */
  readonly atName?: boolean
  /** What is wrong and what to write instead. */
  readonly message: string
}

/** The part of JSON Schema that says which fields there are. */
interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
}

const fieldsAt = (schema: JsonSchema | undefined, path: FieldPath): readonly string[] => {
  const inner = path.reduce<JsonSchema | undefined>((at, step) => (typeof step === 'number' ? at?.items : at?.properties?.[step]), schema)
  return Object.keys(inner?.properties ?? {})
}

const valueAt = (value: unknown, path: FieldPath): unknown =>
  path.reduce<unknown>(
    // Any property may be asked of an object or a list.
    (at, step) => (typeof at === 'object' && at !== null ? (at as Readonly<Record<string | number, unknown>>)[step] : undefined),
    value,
  )

const shown = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a group of fields'
  return value === null || value === undefined ? 'nothing' : JSON.stringify(value)
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list (lines that begin with a dash)',
  tuple: 'one whole number, or a list of two',
  object: 'a group of fields (indented lines)',
  record: 'a group of fields (indented lines)',
}

/** A rule about several fields says nothing new where one of them is wrong by itself. */
const followsFromAnother = (issue: z.core.$ZodIssue, issues: readonly z.core.$ZodIssue[]): boolean =>
  issue.code === 'custom' && issues.some((other) => other.code !== 'custom' && issue.path.every((step, index) => other.path[index] === step))

/**
 * Says in plain words what a schema found wrong.
 *
 * @param issues What the schema found.
 * @param value The whole recipe as it was read.
 * @param schema The recipe's JSON Schema, for the names of fields.
 * @internal
 */
export const problemsOf = (issues: readonly z.core.$ZodIssue[], value: unknown, schema: object): readonly RecipeProblem[] =>
  issues.filter((issue) => !followsFromAnother(issue, issues)).flatMap((issue): readonly RecipeProblem[] => {
    // A YAML document has no other keys than text and numbers.
    const path = issue.path as FieldPath
    const found = valueAt(value, path)
    switch (issue.code) {
      case 'unrecognized_keys':
        // What zod gives is JSON Schema; only the two keywords above are read.
        return issue.keys.map((key) => ({ path: [...path, key], atName: true, message: `there is no such field here.${spellingAdvice(key, fieldsAt(schema as JsonSchema, path), 'fields')}` }))
      case 'invalid_type':
        return [{ path, message: found === undefined || found === null ? `is missing; write ${typeNames[issue.expected] ?? issue.expected}.` : `expected ${typeNames[issue.expected] ?? issue.expected}, found ${shown(found)}.` }]
      case 'invalid_value':
        return [{ path, message: `${shown(found)} is none of its values.${spellingAdvice(String(found), issue.values.map(String), 'values')}` }]
      case 'too_small':
        return [{ path, message: issue.origin === 'array' || issue.origin === 'string' ? `must not be empty${issue.minimum === 1 ? '' : `; it needs ${issue.minimum} entries`}.` : `is ${shown(found)}; it must be ${issue.inclusive === true ? 'at least' : 'more than'} ${issue.minimum}.` }]
      case 'too_big':
        return [{ path, message: issue.origin === 'array' || issue.origin === 'string' ? `is too long; at most ${issue.maximum}.` : `is ${shown(found)}; it must be ${issue.inclusive === true ? 'at most' : 'less than'} ${issue.maximum}.` }]
      default:
        return [{ path, message: `${issue.message}.` }]
    }
  })

/**
 * A field as people write it, such as `strategies[2].learningRate`, places counted from 0.
 *
 * @param path The field.
 * @internal
 */
export const fieldName = (path: FieldPath): string =>
  path.length === 0 ? 'recipe' : path.map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${step}`)).join('')
