import { TransferkitError } from '@transferkit/tensor'
import { type ByteSource, readAllBytes, resolveReaderOptions, tooLarge } from '../bytes/byte-source.js'
import { type ArchiveEntry, type ArchiveReaderOptions, checkEntryPath } from './archive-entry.js'

/**
 * Reads the files of a zip archive one after the other, in the order of its directory. Every file's checksum is verified.
 *
 * @param source The bytes of the archive. The directory of a zip is at its end, so the whole archive is held in memory, and one unpacked file at a time.
 * @param options Name of the archive for messages, which files to read, the most memory for the archive and for one file.
 * @returns The files, each with its path and content.
 * @throws TransferkitError `data/corrupt-zip` when it is no zip archive or is damaged, encrypted or ambiguous, `data/unsafe-path` for a path that leads out of the
 * archive, `data/too-large`; all of them when the iteration comes there.
 *
 * @example
 * ```ts no-run
 * import { readZip } from '@transferkit/datasets'
 * import { fileBytes } from '@transferkit/datasets/node'
 *
 * const onlyImages = (path: string) => path.endsWith('.png')
 * for await (const { path, bytes } of readZip(fileBytes('photos.zip'), { name: 'photos.zip', filter: onlyImages })) console.log(path, bytes.length)
 * ```
 */
export async function* readZip(source: ByteSource, options: ArchiveReaderOptions = {}): AsyncGenerator<ArchiveEntry, void, undefined> {
  const resolved = resolveReaderOptions(options)
  const { name, maximumBytes } = resolved
  const archive = await readAllBytes(source, resolved)
  // Loaded here so that reading anything else does not pay for it.
  const { Uint8ArrayReader, ZipReader } = await import('@zip.js/zip.js')
  const reader = new ZipReader(new Uint8ArrayReader(archive), { strictness: 'strict', checkSignature: true, useWebWorkers: false })
  try {
    const entries = await damageNamed(name, async () => reader.getEntries())
    for (const entry of entries) {
      if (entry.directory) continue
      const path = entry.filename
      checkEntryPath(path, name)
      if (options.filter !== undefined && !options.filter(path)) continue
      const size = entry.uncompressedSize
      if (size > maximumBytes) throw tooLarge(`${name}, ${path}`, size, maximumBytes)
      // Deflate packs at most 1,032 bytes into one, so a larger claim is false and gets no memory.
      if (size > 1032 * entry.compressedSize + 1032) {
        throw new TransferkitError('data/corrupt-zip', `${name}, ${path}: claims ${size} bytes from ${entry.compressedSize} packed bytes, which cannot be. The archive is damaged.`)
      }
      const bytes = new Uint8Array(size)
      let offset = 0
      const sink = new WritableStream<Uint8Array>({
        write: (chunk) => {
          if (offset + chunk.length > size) throw new Error('the file is longer than the directory says')
          bytes.set(chunk, offset)
          offset += chunk.length
        },
      })
      await damageNamed(`${name}, ${path}`, async () => entry.getData(sink))
      if (offset !== size) throw new TransferkitError('data/corrupt-zip', `${name}, ${path}: ${size} bytes were expected and ${offset} are there. The archive is damaged.`)
      yield { path, bytes }
    }
  } finally {
    await reader.close()
  }
}

const damageNamed = async <T>(name: string, action: () => Promise<T>): Promise<T> => {
  try {
    return await action()
  } catch (error) {
    throw new TransferkitError(
      'data/corrupt-zip',
      `${name}: not a sound zip archive (${error instanceof Error ? error.message : String(error)}). Fetch the file again.`,
      { cause: error },
    )
  }
}
