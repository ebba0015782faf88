import { TransferkitError } from '@transferkit/tensor'
import { type ResolvedReaderOptions, tooLarge } from './byte-source.js'

/**
 * Number of elements of a shape that a header claims, refused when their bytes would exceed what the reader may hold.
 *
 * Sizes come as `bigint` so that a claim of 2^60 elements is compared exactly.
 */
export const elementCountOf = (shape: readonly bigint[], bytesPerElement: number, { name, maximumBytes }: ResolvedReaderOptions): number => {
  const count = shape.reduce((product, size) => product * size, 1n)
  if (shape.some((size) => size < 0n)) {
    throw new TransferkitError('data/bad-header', `${name}: the header claims the shape [${shape.join(', ')}]; a size cannot be negative.`)
  }
  // A zero in a shape must not hide another size that is out of all bounds.
  if (shape.some((size) => size > BigInt(maximumBytes))) throw tooLarge(name, Number(shape.reduce((a, b) => (a > b ? a : b))), maximumBytes)
  const bytes = count * BigInt(bytesPerElement)
  if (bytes > BigInt(maximumBytes)) throw tooLarge(name, Number(bytes), maximumBytes)
  return Number(count)
}
