import { TransferkitError } from '@transferkit/tensor'
import { type CommandContext, writeJson } from '../console/command-context.js'
import { textTable } from '../console/text-table.js'
import { availableMethods } from '../experiment/methods.js'
import type { Method } from '../experiment/plugins.js'
import { spellingAdvice } from '../recipe/spelling.js'
import type { StrategiesArguments } from './arguments.js'
import { splitList } from './split-list.js'

/** The part of JSON Schema that describes options. */
interface OptionSchema {
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

const describedOptions = (method: Method): OptionSchema | undefined =>
  // Standard Schema leaves the description to each library.
  (method.optionsSchema['~standard'] as SelfDescribing).jsonSchema?.input({ target: 'draft-2020-12', libraryOptions: { unrepresentable: 'any' } })

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

const showOne = (method: Method, { io, style }: CommandContext): void => {
  const { name, kind, summary, reference } = method
  io.stdout.write(`${style.bold(name)} (${kind})\n${summary}\n\n${reference.citation}${reference.url === undefined ? '' : `\n${reference.url}`}\n\n`)
  const schema = describedOptions(method)
  const rows = schema === undefined ? [] : optionRows(schema)
  if (rows.length > 0) io.stdout.write(textTable([{ heading: 'option' }, { heading: 'values' }, { heading: 'default' }, { heading: '' }], rows))
  else io.stdout.write(schema === undefined ? 'Its schema does not describe its options.\n' : 'It has no options.\n')
}

const asData = (method: Method): object => {
  const { name, kind, summary, reference } = method
  return { name, kind, summary, reference, options: describedOptions(method) }
}

/** Lists the strategies, or shows one. @internal */
export const strategiesCommand = async (name: string | undefined, options: StrategiesArguments, context: CommandContext): Promise<void> => {
  const { io, json } = context
  const methods = await availableMethods(splitList(options.plugins), io.workingFolder)
  if (name === undefined) {
    if (json) writeJson(context, [...methods.values()].map(asData))
    else {
      io.stdout.write(textTable([{ heading: 'strategy' }, { heading: 'kind' }, { heading: 'what it does' }], [...methods.values()].map(({ name: id, kind, summary }) => [id, kind, summary])))
      io.stdout.write('\n"transferkit strategies NAME" shows the options of one.\n')
    }
    return
  }
  const method = methods.get(name)
  if (method === undefined) throw new TransferkitError('usage/unknown-strategy', `There is no strategy ${JSON.stringify(name)}.${spellingAdvice(name, [...methods.keys()], 'strategies')}`)
  if (json) writeJson(context, asData(method))
  else showOne(method, context)
}
