import { cacheFolder } from './cache-folder.js'
import { knownManifests } from './known/index.js'
import type { DatasetManifest } from './manifest.js'
import { presentPath } from './obtain-files.js'

/** What there is to say of a known data set. */
export interface DatasetListing {
  /** Name, as in {@link loadDataset}, without a split. */
  readonly name: string
  /** Whether its examples are images or texts. */
  readonly kind: 'image' | 'text'
  /** What it is about. */
  readonly task: string
  /** Number of classes. */
  readonly classCount: number
  /** Number of examples of each split, by name. */
  readonly splits: Readonly<Record<string, number>>
  /** Size of its files in bytes, as they are stored. */
  readonly bytes: number
  /** Licence or terms. */
  readonly licence: string
  /** What to cite. */
  readonly citation: string
  /** What to know before quoting a number. */
  readonly note?: string
  /** `present`: its files are here; `fetchable`: they are fetched when it is loaded; `absent`: they must be brought. */
  readonly state: 'present' | 'fetchable' | 'absent'
  /** Why it is in this state: where the files are, where they would come from, or which one is missing. */
  readonly reason: string
  /** What to do to have it; absent when it is present. */
  readonly fix?: string
}

/** Where {@link listDatasets} looks. */
export interface ListDatasetsOptions {
  /** Folder with data sets that were brought by other means (`--data-dir`); none unless told. */
  readonly dataDir?: string
  /** Folder for downloads and decoded sets; {@link cacheFolder} unless told. */
  readonly cacheDir?: string
  /** Data sets to list; those that this package knows unless told. */
  readonly manifests?: readonly DatasetManifest[]
}

/**
 * Lists the known data sets, and for each whether it is here, why not, and what to do.
 *
 * Files are looked for but not verified; that happens when a set is loaded. Nothing is fetched.
 *
 * @param options Where to look.
 *
 * @example
 * ```ts
 * import { listDatasets } from '@transferkit/datasets/node'
 *
 * const absent = (await listDatasets({ dataDir: 'data' })).filter(({ state }) => state === 'absent')
 * ```
 */
export const listDatasets = async (options: ListDatasetsOptions = {}): Promise<readonly DatasetListing[]> => {
  const places = { cacheDir: options.cacheDir ?? cacheFolder(), ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }) }
  return Promise.all(
    (options.manifests ?? knownManifests).map(async (manifest) => {
      const files = await Promise.all(manifest.files.map(async (file) => ({ file, path: await presentPath(file, places) })))
      const missing = files.filter(({ path }) => path === undefined).map(({ file }) => file)
      return {
        name: manifest.name,
        kind: manifest.kind,
        task: manifest.task,
        classCount: 'from' in manifest.classes ? manifest.classes.count : manifest.classes.length,
        splits: Object.fromEntries(Object.entries(manifest.splits).map(([name, { size }]) => [name, size])),
        bytes: manifest.files.reduce((sum, file) => sum + file.bytes, 0),
        licence: manifest.licence,
        citation: manifest.citation,
        ...(manifest.note === undefined ? {} : { note: manifest.note }),
        ...stateOf(manifest, missing, files[0]?.path, places.dataDir),
      }
    }),
  )
}

const stateOf = (
  manifest: DatasetManifest,
  missing: DatasetManifest['files'],
  firstPath: string | undefined,
  dataDir: string | undefined,
): Pick<DatasetListing, 'state' | 'reason' | 'fix'> => {
  const [first] = missing
  if (first === undefined) return { state: 'present', reason: `its files are here, such as ${firstPath ?? ''}` }
  const remote = missing.map((file) => file.sources.find((source) => source.kind !== 'folder'))
  const [source] = remote
  if (source !== undefined && remote.every((candidate) => candidate !== undefined)) {
    const origin = source.kind === 'https' ? new URL(source.url).host : `the ${source.kind} package ${source.package} ${source.version}`
    return { state: 'fetchable', reason: `not here yet; it comes from ${origin}`, fix: 'Nothing: it is fetched when it is first loaded.' }
  }
  const path = missing.flatMap((file) => file.sources).find((candidate) => candidate.kind === 'folder')?.path ?? first.id
  return {
    state: 'absent',
    reason: dataDir === undefined ? `no data folder was given that holds ${path}` : `${path} is not in ${dataDir}`,
    fix: `Get ${manifest.name} and give the folder that holds ${path} with --data-dir.`,
  }
}
