import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Dataset, TransferkitError } from '@transferkit/tensor'
import { joinChunks } from '../bytes/byte-source.js'
import { arrayDataset } from '../data/array-dataset.js'
import type { ArchiveEntry } from '../readers/archive-entry.js'
import { readTar } from '../readers/tar.js'
import { readZip } from '../readers/zip.js'
import { fileBytes } from './file-bytes.js'
import { onFile } from './file-error.js'
import { type ImageExample, imageExamples, type ImageFolderOptions, isLitter } from './image-examples.js'
import { labelsOf } from './stored-dataset.js'

/**
 * Reads a folder of images, `<class>/<image>`, into memory. Labels are positions in the sorted names of the class folders, as in PyTorch's `ImageFolder`.
 *
 * All images must have one size and the same channels, or be given them by the options `resize` and `channels`. Hidden files are passed over.
 *
 * @param folder Path of the folder.
 * @param options Channels, size, classes, progress.
 * @throws TransferkitError `image/other-shape` naming the first image of another shape, `image/corrupt`, `dataset/empty-class` naming a class without images,
 * `image/no-class`, `image/unknown-class`, `image/too-large`, `image/transparent`, `dataset/empty`, `file/not-found`.
 *
 * @example
 * ```ts no-run
 * import { readImageFolder } from '@transferkit/datasets/node'
 *
 * const photos = await readImageFolder('photos', { channels: 'rgb', resize: { height: 64, width: 64, fit: 'cover' } })
 * ```
 */
export const readImageFolder = async (folder: string, options: ImageFolderOptions = {}): Promise<Dataset> =>
  collect(imageExamples(filesBelow(folder, ''), folder, options), folder, options)

/**
 * Reads a tar (compressed by gzip or not) or zip archive of images, `<class>/<image>`, into memory, as {@link readImageFolder} does a folder.
 *
 * @param path Path of the archive; which kind it is, its first bytes tell.
 * @param options Channels, size, classes, progress.
 * @returns All images as one set, of shape `[height, width, channel]` in bytes.
 * @throws TransferkitError What {@link readImageFolder}, {@link readTar} and {@link readZip} throw, and `dataset/empty` when no image is in it.
 *
 * @example
 * ```ts no-run
 * import { readImageArchive } from '@transferkit/datasets/node'
 *
 * const signs = await readImageArchive('signs.tar.gz', { channels: 'rgb', resize: { height: 64, width: 64, fit: 'cover' } })
 * signs.task.classes // names of the folders, sorted
 * ```
 */
export const readImageArchive = async (path: string, options: ImageFolderOptions = {}): Promise<Dataset> =>
  collect(imageExamples(archiveFiles(path), path, options), path, options)

/** The image files of an archive on the disk. */
export async function* archiveFiles(path: string): AsyncGenerator<ArchiveEntry, void, undefined> {
  const chunks = fileBytes(path)
  const { value: start } = await chunks.next()
  const whole = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    if (start !== undefined) yield start
    yield* chunks
  }
  const isZip = start !== undefined && start[0] === 0x50 && start[1] === 0x4b
  yield* (isZip ? readZip : readTar)(whole(), { name: path, filter: (entry) => !isLitter(entry) })
}

async function* filesBelow(root: string, inner: string): AsyncGenerator<ArchiveEntry, void, undefined> {
  const entries = await onFile(join(root, inner), async () => readdir(join(root, inner), { withFileTypes: true }))
  const visible = entries.filter((entry) => !isLitter(entry.name)).sort((a, b) => (a.name < b.name ? -1 : 1))
  if (visible.length === 0 && inner !== '') {
    throw new TransferkitError('dataset/empty-class', `${join(root, inner)}: the folder holds no images. Add some, or delete the folder.`)
  }
  for (const entry of visible) {
    const path = inner === '' ? entry.name : `${inner}/${entry.name}`
    if (entry.isDirectory()) yield* filesBelow(root, path)
    else yield { path, bytes: await onFile(join(root, path), async () => readFile(join(root, path))) }
  }
}

const collect = async (examples: AsyncIterable<ImageExample>, path: string, options: ImageFolderOptions): Promise<Dataset> => {
  const name = options.name ?? path
  const images: ImageExample[] = []
  for await (const example of examples) images.push(example)
  const [first] = images
  if (first === undefined) throw new TransferkitError('dataset/empty', `${path}: there are no images in it. They are expected at <class>/<image>.`)
  const { classes, labels } = labelsOf(
    name,
    images.map((image) => image.className),
    options.classes,
  )
  const missing = classes.find((_, label) => !labels.includes(label))
  if (missing !== undefined) throw new TransferkitError('dataset/empty-class', `${path}: there are no images of the class ${JSON.stringify(missing)}.`)
  const inputs = joinChunks(
    images.map((image) => image.pixels),
    images.length * first.pixels.length,
  )
  return arrayDataset({ name, classes, inputs, exampleShape: first.shape, labels })
}
