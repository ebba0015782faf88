import { TransferkitError } from '@transferkit/tensor'
import { type CommandContext, writeJson } from '../console/command-context.js'
import { textTable } from '../console/text-table.js'
import { availableDefinitions } from '../experiment/definitions.js'
import type { Method } from '../experiment/plugins.js'
import { spellingAdvice } from '../recipe/spelling.js'
import type { StrategiesArguments } from './arguments.js'
import { describedOptions, optionsTable } from './described-options.js'
import { splitList } from './split-list.js'

const showOne = (method: Method, { io, style }: CommandContext): void => {
  const { name, kind, summary, reference } = method
  io.stdout.write(`${style.bold(name)} (${kind})\n${summary}\n\n${reference.citation}${reference.url === undefined ? '' : `\n${reference.url}`}\n\n`)
  io.stdout.write(optionsTable(method.optionsSchema))
}

const asData = (method: Method): object => {
  const { name, kind, summary, reference } = method
  return { name, kind, summary, reference, options: describedOptions(method.optionsSchema) }
}

/** Lists the strategies, or shows one. @internal */
export const strategiesCommand = async (name: string | undefined, options: StrategiesArguments, context: CommandContext): Promise<void> => {
  const { io, json } = context
  const { methods } = await availableDefinitions(splitList(options.plugins), io.workingFolder)
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
