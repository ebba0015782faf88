import { TransferkitError } from '@transferkit/tensor'
import { cacheFolder, type DatasetListing, listDatasets } from '@transferkit/datasets/node'
import { type CommandContext, writeJson } from '../console/command-context.js'
import { textTable } from '../console/text-table.js'
import { dataFolder } from '../experiment/data-folder.js'
import { openDataset } from '../experiment/open-dataset.js'
import { spellingAdvice } from '../recipe/spelling.js'
import { grouped } from '../report/format.js'
import type { DatasetsArguments } from './arguments.js'

const splitsOf = ({ splits }: DatasetListing): string =>
  Object.entries(splits)
    .map(([split, size]) => `${split} ${grouped(size)}`)
    .join(', ')

const showAll = (listings: readonly DatasetListing[], { io }: CommandContext): void => {
  io.stdout.write(
    textTable(
      [{ heading: 'data set' }, { heading: 'kind' }, { heading: 'classes', numeric: true }, { heading: 'examples' }, { heading: 'here?' }],
      listings.map((listing) => [listing.name, listing.kind, grouped(listing.classCount), splitsOf(listing), listing.state]),
    ),
  )
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

/** Lists the data sets, or shows or fetches one. @internal */
export const datasetsCommand = async (name: string | undefined, options: DatasetsArguments, context: CommandContext): Promise<void> => {
  const { io, json } = context
  const place = dataFolder(options.dataDir, io)
  const cache = cacheFolder({ environment: io.environment })
  const listings = await listDatasets({ ...place, cacheDir: cache })
  if (name === undefined) {
    if (options.download === true) throw new TransferkitError('usage/no-dataset', 'Say which data set to fetch: transferkit datasets NAME --download.')
    if (json) writeJson(context, listings)
    else showAll(listings, context)
    return
  }
  const listing = listings.find((candidate) => candidate.name === name)
  if (listing === undefined) {
    const names = listings.map((candidate) => candidate.name)
    throw new TransferkitError('usage/unknown-dataset', `There is no data set ${JSON.stringify(name)}.${spellingAdvice(name, names, 'data sets')}`)
  }
  if (options.download === true) {
    if (listing.kind === 'text') throw new TransferkitError('usage/text-dataset', `${name} is a set of texts, which is brought with --data-dir; only sets of images are fetched.`)
    for (const split of Object.keys(listing.splits)) await openDataset(`${name}/${split}`, {}, { ...place, cache, progress: context.progress, signal: io.signal, folder: io.workingFolder })
  }
  const [now = listing] = options.download === true ? (await listDatasets({ ...place, cacheDir: cache })).filter((candidate) => candidate.name === name) : []
  if (json) writeJson(context, now)
  else showOne(now, context)
}
