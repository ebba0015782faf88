import { TransferkitError } from '@transferkit/tensor'
import type { ByteSource, ReaderOptions } from '../bytes/byte-source.js'
import { readNpy } from './npy.js'
import type { NumericArray } from './numeric-array.js'
import { readZip } from './zip.js'

/**
 * Reads a NumPy `.npz` file: a zip archive of `.npy` files, compressed or not.
 *
 * @param source The bytes of the file.
 * @param options Name of the file for messages, and the most memory for the file and for one array.
 * @returns The arrays by name, without the ending `.npy`.
 * @throws TransferkitError What {@link readZip} and {@link readNpy} throw, and `data/wrong-format` when the archive holds anything but `.npy` files.
 *
 * @example
 * ```ts no-run
 * import { readNpz } from '@transferkit/datasets'
 * import { fileBytes } from '@transferkit/datasets/node'
 *
 * const arrays = await readNpz(fileBytes('digits.npz'), { name: 'digits.npz' })
 * const images = arrays.get('x_train') // data, and a shape such as [60000, 28, 28]
 * ```
 */
export const readNpz = async (source: ByteSource, options: ReaderOptions = {}): Promise<ReadonlyMap<string, NumericArray>> => {
  const arrays = new Map<string, NumericArray>()
  for await (const { path, bytes } of readZip(source, options)) {
    const place = `${options.name ?? 'input'}, ${path}`
    if (!path.endsWith('.npy')) throw new TransferkitError('data/wrong-format', `${place}: an .npz file holds .npy files only.`)
    arrays.set(path.slice(0, -'.npy'.length), await readNpy(bytes, { ...options, name: place }))
  }
  return arrays
}
