import type { OptionsSchema } from '@transferkit/tensor'
import { textTable } from '../console/text-table.js'

/** The part of JSON Schema that describes options. @internal */
export interface OptionSchema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly OptionSchema[]
  readonly items?: OptionSchema
  readonly properties?: Readonly<Record<string, OptionSchema>>
  readonly default?: unknown
  readonly description?: string
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly exclusiveMaximum?: number
}

/** Schemas of libraries that can describe themselves have this beside what Standard Schema asks for. */
interface SelfDescribing {
  readonly jsonSchema?: { input(options: { readonly target: string; readonly libraryOptions?: object }): OptionSchema }
}

/**
 * Options as a JSON schema, where their own schema can describe itself.
 *
 * @param schema The check of the options.
 * @internal
 */
export const describedOptions = (schema: OptionsSchema<unknown, unknown>): OptionSchema | undefined =>
  // Standard Schema leaves the description to each library.
  (schema['~standard'] as SelfDescribing).jsonSchema?.input({ target: 'draft-2020-12', libraryOptions: { unrepresentable: 'any' } })

const isSafeBound = (bound: number | undefined): bound is number => bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER

const typeOf = (schema: OptionSchema): string => {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(' | ')
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' | ')
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`
  const bounds = [
    isSafeBound(schema.minimum) ? `≥ ${schema.minimum}` : undefined,
    isSafeBound(schema.exclusiveMinimum) ? `> ${schema.exclusiveMinimum}` : undefined,
    isSafeBound(schema.maximum) ? `≤ ${schema.maximum}` : undefined,
    isSafeBound(schema.exclusiveMaximum) ? `< ${schema.exclusiveMaximum}` : undefined,
  ].filter((bound) => bound !== undefined)
  return [typeof schema.type === 'string' ? schema.type : (schema.type?.join(' | ') ?? 'any'), ...bounds].join(' ')
}

const optionRows = (schema: OptionSchema): readonly (readonly string[])[] =>
  Object.entries(schema.properties ?? {}).map(([name, option]) => [name, typeOf(option), option.default === undefined ? '–' : JSON.stringify(option.default), option.description ?? ''])

/**
 * A table of options with their defaults.
 *
 * @param optionsSchema The check of the options.
 * @internal
 */
export const optionsTable = (optionsSchema: OptionsSchema<unknown, unknown>): string => {
  const schema = describedOptions(optionsSchema)
  if (schema === undefined) return 'Its schema does not describe its options.\n'
  const rows = optionRows(schema)
  return rows.length === 0 ? 'It has no options.\n' : textTable([{ heading: 'option' }, { heading: 'values' }, { heading: 'default' }, { heading: '' }], rows)
}
