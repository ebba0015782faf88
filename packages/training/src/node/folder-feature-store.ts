import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { TransferkitError } from '@transferkit/tensor'
import type { FeatureStore, FeatureStoreOptions, FoundFeatures, StoredFeatures, StoreNote } from '../loop/feature-store.js'
import { floatEntry, floatsOf, type SafetensorsEntry } from '../safetensors/entry.js'
import { readSafetensors } from '../safetensors/read-safetensors.js'
import { writeSafetensors } from '../safetensors/write-safetensors.js'
import { writeAtomically } from './atomic-write.js'
import { fileError, systemCode } from './file-error.js'

const extension = '.features.safetensors'
const metadataName = 'transferkit.features'

/** Room is made down to this share of what is allowed, so that the folder is not looked through at each writing. */
const filledAtMost = 0.9

/** A temporary file that is older than this was left by a process that was killed. */
const abandonedAfter = 3_600_000

interface StoredFile {
  readonly path: string
  readonly bytes: number
  readonly usedAt: number
}

const checksum = (key: string, { shape, data }: SafetensorsEntry): string => createHash('sha256').update(JSON.stringify({ key, shape })).update(data).digest('hex')

const toFile = (key: string, { shape, values }: StoredFeatures): Uint8Array => {
  const entry = floatEntry('features', shape, values)
  return writeSafetensors([entry], { [metadataName]: checksum(key, entry) })
}

/** @throws TransferkitError `safetensors/corrupt` when the file is damaged or holds something else. */
const fromFile = (key: string, bytes: Uint8Array, path: string): FoundFeatures => {
  const { entries, metadata } = readSafetensors(bytes, path)
  const [entry] = entries
  if (entry === undefined || metadata[metadataName] !== checksum(key, entry)) throw new TransferkitError('safetensors/corrupt', `${path}: its checksum is wrong.`)
  return { shape: entry.shape, values: floatsOf(entry), from: 'disk' }
}

const fileAt = async (path: string): Promise<StoredFile | undefined> => {
  try {
    const { size, mtimeMs } = await stat(path)
    return { path, bytes: size, usedAt: mtimeMs }
  } catch (error) {
    // Another process was faster in deleting it.
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** The files of the store; what killed processes left half written is deleted. */
const filesIn = async (folder: string): Promise<readonly StoredFile[]> => {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  })
  const wanted = names.filter((name) => name.endsWith(extension) || name.endsWith('.tmp'))
  const files = (await Promise.all(wanted.map((name) => fileAt(join(folder, name))))).filter((file) => file !== undefined)
  const abandoned = files.filter(({ path, usedAt }) => path.endsWith('.tmp') && usedAt < Date.now() - abandonedAfter)
  for (const { path } of abandoned) await rm(path, { force: true })
  return files.filter(({ path }) => path.endsWith(extension))
}

/**
 * A feature store in a folder, for trainings of many processes, also at the same time. It keeps up to 4 GiB unless told.
 *
 * Files are written as a whole or not at all, and their checksums are verified when they are read: a damaged file is told of and its features are computed
 * again. A disk that is full or a folder that cannot be written is told of once, and nothing more is written. Several processes together may pass the limit
 * by a tenth each until one of them looks again. The folder may be deleted at any time.
 *
 * @param folder Where the files lie; it is made where it is missing.
 * @param options How much it keeps.
 *
 * @example
 * ```ts
 * import type { TransferOptions } from '@transferkit/training'
 * import { memoryFeatureStore, tieredFeatureStore, transfer } from '@transferkit/training'
 * import { folderFeatureStore } from '@transferkit/training/node'
 *
 * const features = tieredFeatureStore(memoryFeatureStore(), folderFeatureStore('cache/features', { maximumBytes: 2 ** 30 }))
 * const run = (options: TransferOptions) => transfer({ ...options, features })
 * ```
 */
export const folderFeatureStore = (folder: string, { maximumBytes = 2 ** 32 }: FeatureStoreOptions = {}): FeatureStore => {
  const pathOf = (key: string): string => join(folder, `${key}${extension}`)
  /** Bytes that may be written before the folder is looked through again. */
  let room = 0
  let isWritable = true

  const makeRoom = async (bytes: number): Promise<void> => {
    if (bytes > room) {
      const files = [...(await filesIn(folder))].sort((left, right) => left.usedAt - right.usedAt)
      let kept = files.reduce((total, file) => total + file.bytes, 0)
      for (const file of files) {
        if (kept + bytes <= filledAtMost * maximumBytes) break
        await rm(file.path, { force: true })
        kept -= file.bytes
      }
      room = Math.max(bytes, Math.min(maximumBytes - kept, (1 - filledAtMost) * maximumBytes))
    }
    room -= bytes
  }

  const write = async (key: string, features: StoredFeatures, note: StoreNote): Promise<void> => {
    const path = pathOf(key)
    try {
      const bytes = toFile(key, features)
      if (bytes.length > maximumBytes) return
      await makeRoom(bytes.length)
      await writeAtomically(path, bytes)
    } catch (error) {
      isWritable = false
      const { message } = TransferkitError.isInstance(error) ? error : fileError('write', path, error)
      note(`Features are no longer kept on disk. ${message}`)
    }
  }

  return {
    maximumBytes,
    get: async (key, note) => {
      const path = pathOf(key)
      try {
        const found = fromFile(key, await readFile(path), path)
        const now = new Date()
        // It only keeps the file longer; where it may not be touched, it is of use all the same.
        await utimes(path, now, now).catch(() => undefined)
        return found
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return undefined
        const { message } = TransferkitError.isInstance(error) ? error : fileError('read', path, error)
        note(`Features are computed again. ${message}`)
        return undefined
      }
    },
    put: async (key, features, note) => {
      if (isWritable) await write(key, features, note)
    },
  }
}
