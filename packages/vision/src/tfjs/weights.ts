import { type Shape, TransferkitError } from '@transferkit/tensor'
import { floatsOf, type SafetensorsType } from '@transferkit/training'
import type { WeightsManifest, WeightSpecification } from './model-json.js'

/** One tensor of a model on the host. @internal */
export interface Weight {
  /** Sizes of the axes. */
  readonly shape: Shape
  /** The elements, the last axis first. */
  readonly values: Float32Array
}

/** How element types of a manifest are stored; text cannot be a weight. */
const storage: Readonly<Record<string, SafetensorsType>> = { float32: 'F32', float16: 'F16', int32: 'I32', uint8: 'U8', uint16: 'U16', bool: 'BOOL' }

const elementBytes: Readonly<Partial<Record<SafetensorsType, number>>> = { F32: 4, I32: 4, F16: 2, U16: 2, U8: 1, BOOL: 1 }

const elementsOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1)

const storedAs = ({ name, dtype, quantization }: WeightSpecification): SafetensorsType => {
  const stored = quantization?.dtype ?? dtype
  const type = storage[stored]
  if (type === undefined) throw new TransferkitError('tfjs/weight-type', `The weight '${name}' has elements of type '${stored}', but only ${Object.keys(storage).join(', ')} can be read.`)
  return type
}

const bytesOf = (weight: WeightSpecification): number => elementsOf(weight.shape) * (elementBytes[storedAs(weight)] ?? 0)

const decoded = (weight: WeightSpecification, data: Uint8Array): Weight => {
  const { name, shape, quantization } = weight
  const values = floatsOf({ name, dtype: storedAs(weight), shape, data })
  // Half floats are stored as they are; integers stand for evenly spaced numbers.
  const { scale, min } = quantization ?? {}
  return { shape, values: scale === undefined ? values : values.map((step) => step * scale + (min ?? 0)) }
}

const total = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { byteLength }) => sum + byteLength, 0)

const joined = (parts: readonly Uint8Array[]): Uint8Array => {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  const whole = new Uint8Array(total(parts))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.byteLength
  }
  return whole
}

/** The bytes of each group of the manifest. */
const bytesOfGroups = (manifest: WeightsManifest, weights: Uint8Array | readonly Uint8Array[]): readonly Uint8Array[] => {
  const needed = manifest.map((group) => group.weights.reduce((sum, weight) => sum + bytesOf(weight), 0))
  if (weights instanceof Uint8Array) {
    const expected = needed.reduce((sum, size) => sum + size, 0)
    if (weights.byteLength !== expected) {
      throw new TransferkitError('tfjs/shard-size', `The weights in ${manifest.flatMap((group) => group.paths).join(', ')} need ${expected} bytes in all, but ${weights.byteLength} were given. Is a file cut off or missing, or one of another model?`)
    }
    let offset = 0
    return needed.map((size) => weights.subarray(offset, (offset += size)))
  }
  const paths = manifest.flatMap((group) => group.paths)
  if (weights.length !== paths.length) {
    const missing = paths[weights.length]
    throw new TransferkitError(
      'tfjs/missing-shard',
      `The model has ${paths.length} files of weights (${paths.join(', ')}), but ${weights.length} were given${missing === undefined ? '' : `; '${missing}' is the first that is missing`}. Give one array of bytes a file, in this order.`,
    )
  }
  let next = 0
  return manifest.map((group, index) => {
    const parts = weights.slice(next, (next += group.paths.length))
    const expected = needed[index] ?? 0
    const found = total(parts)
    if (found !== expected) {
      throw new TransferkitError(
        'tfjs/shard-size',
        `The weights in ${group.paths.join(', ')} need ${expected} bytes, but ${found} were found (${parts.map(({ byteLength }) => byteLength).join(' + ')}). Is a file cut off, or one of another model?`,
      )
    }
    return joined(parts)
  })
}

/**
 * Decodes the weights of a model.
 *
 * @param manifest Which tensors there are, in the order of their bytes.
 * @param weights One array of bytes a file, in the order of the manifest, or all of them joined.
 * @throws TransferkitError `tfjs/missing-shard`, `tfjs/shard-size` or `tfjs/weight-type`.
 * @internal
 */
export const decodeWeights = (manifest: WeightsManifest, weights: Uint8Array | readonly Uint8Array[]): ReadonlyMap<string, Weight> => {
  const groups = bytesOfGroups(manifest, weights)
  return new Map(
    manifest.flatMap((group, index) => {
      let offset = 0
      return group.weights.map((weight) => [weight.name, decoded(weight, (groups[index] ?? new Uint8Array()).subarray(offset, (offset += bytesOf(weight))))] as const)
    }),
  )
}
