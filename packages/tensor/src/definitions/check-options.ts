import type { OptionsSchema } from '../contracts/strategy.js'
import { TransferkitError } from '../error.js'
import { nearestSpelling } from '../nearest-spelling.js'

/** Part of a Standard Schema issue that libraries add and that makes a better message; zod names it like this. */
interface IssueDetails {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
  readonly keys?: readonly string[]
  readonly values?: readonly unknown[]
}

/** Names of the options that a schema knows, where it can describe itself as a JSON schema. */
const knownOptions = (schema: OptionsSchema<unknown, unknown>): readonly string[] => {
  // Standard JSON Schema is an addition to Standard Schema that a library may have or not.
  const { jsonSchema } = schema['~standard'] as { readonly jsonSchema?: { input(options: { readonly target: string }): { readonly properties?: object } } }
  return Object.keys(jsonSchema?.input({ target: 'draft-2020-12' }).properties ?? {})
}

const valueAt = (given: unknown, path: readonly PropertyKey[]): unknown =>
  // A value on the way that has no properties gives undefined.
  path.reduce<unknown>((value, name) => (value as Readonly<Record<PropertyKey, unknown>> | null | undefined)?.[name], given)

/** A value as it would stand in a recipe. */
const shown = (value: unknown): string => {
  // What JSON has no words for gives undefined, whatever the declaration says.
  const text = JSON.stringify(value) as string | undefined
  return text ?? (value === undefined ? 'nothing' : `a ${typeof value}`)
}

const describe = (issue: IssueDetails, given: unknown, known: readonly string[]): string => {
  const path = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part))
  if (issue.keys !== undefined) {
    return issue.keys
      .map((key) => {
        const nearest = nearestSpelling(key, known)
        return `there is no option '${key}'.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`}${path.length === 0 ? ` Its options are: ${known.join(', ') || 'none'}.` : ''}`
      })
      .join(' ')
  }
  const field = path.map(String).join('.')
  const found = valueAt(given, path)
  const allowed = issue.values?.map(shown).join(', ')
  const nearest = typeof found === 'string' ? nearestSpelling(found, issue.values?.filter((value) => typeof value === 'string') ?? []) : undefined
  return `${field === '' ? 'the options' : `option '${field}'`}: found ${shown(found)}. ${allowed === undefined ? issue.message : `Allowed: ${allowed}`}.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`}`
}

/** Whose options are checked. */
export interface OptionsOwner {
  /** What it is; the code of the error begins with it. */
  readonly kind: 'strategy' | 'network' | 'dataset'
  /** Its id. */
  readonly name: string
}

const titles: Readonly<Record<OptionsOwner['kind'], string>> = { strategy: 'Strategy', network: 'Network', dataset: 'Data set' }

/**
 * Checks options by their schema and fills in the defaults.
 *
 * @param owner Whose options they are.
 * @param schema The schema.
 * @param given The options as somebody wrote them.
 * @returns The options with their defaults.
 * @throws TransferkitError `strategy/options`, `network/options` or `dataset/options`, which names the owner, the option, what was found and what is allowed.
 *
 * @example
 * ```ts no-run
 * import { checkOptions, type OptionsSchema } from '@transferkit/tensor'
 *
 * declare const schema: OptionsSchema<{ readonly width?: number }, { readonly width: number }> // z.strictObject({ width: z.int().default(16) })
 *
 * const { width } = checkOptions({ kind: 'network', name: 'plain' }, schema, {}) // 16
 * ```
 */
export const checkOptions = <Full>({ kind, name }: OptionsOwner, schema: OptionsSchema<unknown, Full>, given: unknown): Full => {
  const wrong = (what: string): TransferkitError => new TransferkitError(`${kind}/options`, `${titles[kind]} '${name}': ${what}`)
  const result = schema['~standard'].validate(given)
  if (result instanceof Promise) throw wrong('its options are checked by an asynchronous schema; use a synchronous one.')
  if (result.issues === undefined) return result.value
  const known = knownOptions(schema)
  throw wrong(result.issues.map((issue) => describe(issue, given, known)).join(' Also: '))
}
