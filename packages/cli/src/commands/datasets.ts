import { type DatasetDefinition, TransferkitError } from '@transferkit/tensor'
import { cacheFolder, type DatasetListing, listDatasets } from '@transferkit/datasets/node'
import { type CommandContext, writeJson } from '../console/command-context.js'
import { textTable } from '../console/text-table.js'
import { dataFolder } from '../experiment/data-folder.js'
import { availableDefinitions, type Definitions } from '../experiment/definitions.js'
import { openDataset } from '../experiment/open-dataset.js'
import { spellingAdvice } from '../recipe/spelling.js'
import { grouped } from '../report/format.js'
import type { DatasetsArguments } from './arguments.js'
import { describedOptions, optionsTable } from './described-options.js'
import { splitList } from './split-list.js'

const splitsOf = ({ splits }: DatasetListing): string =>
  Object.entries(splits)
    .map(([split, size]) => `${split} ${grouped(size)}`)
    .join(', ')

/** Whose sizes and licences are known: those of plugins are only known when they are opened. */
const asData = ({ name, summary, splits, optionsSchema }: DatasetDefinition): object => ({ name, kind: 'plugin', summary, splits, options: describedOptions(optionsSchema) })

const showAll = (listings: readonly DatasetListing[], plugins: Definitions['datasets'], { io }: CommandContext): void => {
  io.stdout.write(
    textTable(
      [{ heading: 'data set' }, { heading: 'kind' }, { heading: 'classes', numeric: true }, { heading: 'examples' }, { heading: 'here?' }],
      listings.map((listing) => [listing.name, listing.kind, grouped(listing.classCount), splitsOf(listing), listing.state]),
    ),
  )
  if (plugins.size > 0) {
    io.stdout.write(`\n${textTable([{ heading: 'of plugins' }, { heading: 'splits' }, { heading: 'what it is' }], [...plugins.values()].map(({ name, splits, summary }) => [name, splits.join(', ') || '–', summary]))}`)
  }
  io.stdout.write('\npresent: its files are here; fetchable: fetched when it is first used; absent: give its folder with --data-dir.\n"transferkit datasets NAME" shows one.\n')
}

const showOne = (listing: DatasetListing, { io, style }: CommandContext): void => {
  const lines = [
    ['task', listing.task],
    ['classes', grouped(listing.classCount)],
    ['splits', splitsOf(listing)],
    ['size', `${(listing.bytes / 1e6).toFixed(1)} MB`],
    ['licence', listing.licence],
    ['cite', listing.citation],
    ...(listing.note === undefined ? [] : [['note', listing.note]]),
    ['state', `${listing.state}: ${listing.reason}`],
    ...(listing.fix === undefined ? [] : [['to do', listing.fix]]),
  ]
  io.stdout.write(`${style.bold(listing.name)}\n${lines.map(([label = '', text = '']) => `${label.padEnd(9)}${text}\n`).join('')}`)
}

const showPlugin = (definition: DatasetDefinition, { io, style }: CommandContext): void => {
  const { name, summary, splits, optionsSchema } = definition
  io.stdout.write(`${style.bold(name)}\n${summary}\n${splits.length === 0 ? '' : `splits   ${splits.join(', ')}\n`}\n${optionsTable(optionsSchema)}`)
}

/** Lists the data sets, or shows or fetches one. @internal */
export const datasetsCommand = async (name: string | undefined, options: DatasetsArguments, context: CommandContext): Promise<void> => {
  const { io, json } = context
  const place = dataFolder(options.dataDir, io)
  const cache = cacheFolder({ environment: io.environment })
  const definitions = await availableDefinitions(splitList(options.plugins), io.workingFolder)
  const listings = await listDatasets({ ...place, cacheDir: cache })
  if (name === undefined) {
    if (options.download === true) throw new TransferkitError('usage/no-dataset', 'Say which data set to fetch: transferkit datasets NAME --download.')
    if (json) writeJson(context, [...listings, ...[...definitions.datasets.values()].map(asData)])
    else showAll(listings, definitions.datasets, context)
    return
  }
  const ofPlugin = definitions.datasets.get(name)
  if (ofPlugin !== undefined) {
    if (options.download === true) throw new TransferkitError('usage/plugin-dataset', `${name} is brought by a plugin, which fetches it itself when it is opened.`)
    if (json) writeJson(context, asData(ofPlugin))
    else showPlugin(ofPlugin, context)
    return
  }
  const listing = listings.find((candidate) => candidate.name === name)
  if (listing === undefined) {
    const names = [...listings.map((candidate) => candidate.name), ...definitions.datasets.keys()]
    throw new TransferkitError('usage/unknown-dataset', `There is no data set ${JSON.stringify(name)}.${spellingAdvice(name, names, 'data sets')}`)
  }
  if (options.download === true) {
    if (listing.kind === 'text') throw new TransferkitError('usage/text-dataset', `${name} is a set of texts, which is brought with --data-dir; only sets of images are fetched.`)
    for (const split of Object.keys(listing.splits)) await openDataset(`${name}/${split}`, {}, { ...place, cache, definitions, progress: context.progress, signal: io.signal, folder: io.workingFolder })
  }
  const [now = listing] = options.download === true ? (await listDatasets({ ...place, cacheDir: cache })).filter((candidate) => candidate.name === name) : []
  if (json) writeJson(context, now)
  else showOne(now, context)
}
