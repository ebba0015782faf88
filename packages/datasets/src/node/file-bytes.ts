import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { fileError } from './file-error.js'

/**
 * The bytes of a file in pieces, for any reader of this package.
 *
 * @param path Path of the file.
 * @throws TransferkitError `file/not-found`, `file/no-permission` and the like, when it is read.
 *
 * @example
 * ```ts no-run
 * import { readIdx } from '@transferkit/datasets'
 * import { fileBytes } from '@transferkit/datasets/node'
 *
 * const path = 'train-images-idx3-ubyte.gz'
 * const images = await readIdx(fileBytes(path), { name: path })
 * ```
 */
export async function* fileBytes(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    // Without an encoding, a file stream gives buffers.
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) yield chunk as Buffer
  } catch (error) {
    throw fileError(error, path)
  }
}

/** SHA-256 of a file, in hexadecimal. */
export const sha256OfFile = async (path: string): Promise<string> => {
  const hash = createHash('sha256')
  for await (const chunk of fileBytes(path)) hash.update(chunk)
  return hash.digest('hex')
}
