import { TransferkitError } from '@transferkit/tensor'
import { z } from 'zod'
import { duplicateName } from './duplicate-names.js'
import { elementSizes, type SafetensorsEntry, type SafetensorsType } from './entry.js'

/** What a safetensors file holds. */
export interface Safetensors {
  /** The tensors, in the order of their bytes. */
  readonly entries: readonly SafetensorsEntry[]
  /** Texts by name; empty where the file has none. */
  readonly metadata: Readonly<Record<string, string>>
}

/** The limit of the reference implementation. */
const largestHeader = 100_000_000

const metadataName = '__metadata__'

// The names of `elementSizes` are the element types.
const typeNames = Object.keys(elementSizes) as readonly SafetensorsType[]

const tensorSchema = z.strictObject({
  dtype: z.enum(typeNames),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
})

const metadataSchema = z.record(z.string(), z.string())

interface Place extends z.infer<typeof tensorSchema> {
  readonly name: string
}

/**
 * Reads a safetensors file, strictly: what the format does not allow is refused, whatever other readers make of it.
 *
 * The header's size must fit the file; names must be unique; the bytes of the tensors must follow each other without holes and overlaps and end where the
 * file ends; shape and element type must give the number of bytes. Nothing is allocated before that is known. The entries share memory with `bytes`.
 *
 * @param bytes The whole file.
 * @param what What it is, for messages, such as its name.
 * @throws TransferkitError `safetensors/corrupt` that says what is wrong and where.
 *
 * @example
 * ```ts
 * import { floatEntry, readSafetensors, writeSafetensors } from '@transferkit/training'
 *
 * const { entries } = readSafetensors(writeSafetensors([floatEntry('bias', [2], [1, 2])]))
 * ```
 */
export const readSafetensors = (bytes: Uint8Array, what = 'safetensors file'): Safetensors => {
  const fail = (problem: string, cause?: unknown): never => {
    throw new TransferkitError('safetensors/corrupt', `${what}: ${problem} The file is damaged or not a safetensors file.`, { cause })
  }
  if (bytes.length < 8) return fail(`it has ${bytes.length} bytes, too few for the size of its header.`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerSize = view.getBigUint64(0, true)
  if (headerSize > largestHeader) return fail(`its header claims ${headerSize} bytes, more than the ${largestHeader} that are allowed.`)
  const dataStart = 8 + Number(headerSize)
  if (dataStart > bytes.length) return fail(`its header claims ${headerSize} bytes, but only ${bytes.length - 8} follow. Was it cut off?`)

  const header = parseHeader(bytes.subarray(8, dataStart), fail)
  const metadata = metadataSchema.safeParse(header[metadataName] ?? {})
  if (!metadata.success) return fail(`its metadata are not texts by name.`)
  const places = Object.entries(header)
    .filter(([name]) => name !== metadataName)
    .map(([name, value]): Place => {
      const place = tensorSchema.safeParse(value)
      return place.success ? { name, ...place.data } : fail(`tensor '${name}': ${z.prettifyError(place.error)}`)
    })
    .sort((left, right) => left.data_offsets[0] - right.data_offsets[0] || left.data_offsets[1] - right.data_offsets[1])

  let end = 0
  for (const { name, dtype, shape, data_offsets: offsets } of places) {
    const [from, to] = offsets
    if (from !== end || to < from) return fail(`tensor '${name}' stands at bytes ${from} to ${to}, but the tensor before it ends at ${end}; there may be no holes and no overlaps.`)
    const expected = shape.reduce((product, size) => product * BigInt(size), BigInt(elementSizes[dtype]))
    if (expected !== BigInt(to - from)) return fail(`tensor '${name}' of type ${dtype} and shape [${shape.join(', ')}] needs ${expected} bytes, but its place has ${to - from}.`)
    end = to
  }
  const available = bytes.length - dataStart
  if (end !== available) return fail(`its tensors take ${end} bytes, but ${available} follow the header.${end > available ? ' Was it cut off?' : ''}`)
  return {
    metadata: metadata.data,
    entries: places.map(({ name, dtype, shape, data_offsets: [from, to] }) => ({ name, dtype, shape, data: bytes.subarray(dataStart + from, dataStart + to) })),
  }
}

const parseHeader = (bytes: Uint8Array, fail: (problem: string, cause?: unknown) => never): Readonly<Record<string, unknown>> => {
  if (bytes[0] !== 0x7b) return fail(`its header does not begin with '{'.`)
  let text: string
  let header: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    header = JSON.parse(text)
  } catch (error) {
    return fail(`its header is not valid JSON in UTF-8.`, error)
  }
  const repeated = duplicateName(text)
  if (repeated !== undefined) return fail(`its header has the name '${repeated}' twice.`)
  // A JSON text that begins with a brace is an object.
  return header as Readonly<Record<string, unknown>>
}
