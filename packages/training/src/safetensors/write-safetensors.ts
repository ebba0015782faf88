import { TransferkitError } from '@transferkit/tensor'
import { elementSizes, type SafetensorsEntry } from './entry.js'

/** Wider elements first, so that all data stay aligned; then by name, so that the bytes do not depend on the order given. */
const inFileOrder = (left: SafetensorsEntry, right: SafetensorsEntry): number =>
  elementSizes[right.dtype] - elementSizes[left.dtype] || (left.name < right.name ? -1 : left.name > right.name ? 1 : 0)

/**
 * Writes a safetensors file. The same entries and metadata give the same bytes, in whatever order they come.
 *
 * @param entries The tensors.
 * @param metadata Texts by name.
 * @throws TransferkitError `safetensors/duplicate-name` or `safetensors/size` when an entry is not valid.
 *
 * @example
 * ```ts
 * import { floatEntry, writeSafetensors } from '@transferkit/training'
 *
 * const bytes = writeSafetensors([floatEntry('bias', [2], [1, 2])], { made: 'by hand' })
 * ```
 */
export const writeSafetensors = (entries: readonly SafetensorsEntry[], metadata: Readonly<Record<string, string>> = {}): Uint8Array => {
  const sorted = [...entries].sort(inFileOrder)
  const header = new Map<string, unknown>()
  const texts = Object.entries(metadata).sort(([left], [right]) => (left < right ? -1 : 1))
  if (texts.length > 0) header.set('__metadata__', Object.fromEntries(texts))
  let end = 0
  for (const { name, dtype, shape, data } of sorted) {
    if (header.has(name) || name === '__metadata__') throw new TransferkitError('safetensors/duplicate-name', `Two tensors cannot be called '${name}'${name === '__metadata__' ? ', a name that the format keeps for itself' : ''}.`)
    const expected = shape.reduce((product, size) => product * size, elementSizes[dtype])
    if (expected !== data.byteLength) throw new TransferkitError('safetensors/size', `Tensor '${name}' of type ${dtype} and shape [${shape.join(', ')}] takes ${expected} bytes, but ${data.byteLength} are given.`)
    header.set(name, { dtype, shape, data_offsets: [end, end + expected] })
    end += expected
  }
  // Object.fromEntries would reorder names that look like numbers; the order of names has no meaning in JSON, but it should not vary either.
  const text = `{${[...header].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`
  const encoded = new TextEncoder().encode(text)
  const padded = Math.ceil(encoded.length / 8) * 8
  const bytes = new Uint8Array(8 + padded + end)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true)
  bytes.fill(0x20, 8, 8 + padded)
  bytes.set(encoded, 8)
  let offset = 8 + padded
  for (const { data } of sorted) {
    bytes.set(data, offset)
    offset += data.byteLength
  }
  return bytes
}
