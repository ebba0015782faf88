import { type Dataset, foldIn, type HostBatch, type Key, normalArray, randomKey, TransferkitError, uniformArray } from '@transferkit/tensor'

/** Brightness of a pattern at a place; the phase moves it. */
type Pattern = (row: number, column: number, phase: number) => number

const wave = (position: number): number => Math.sin((position * Math.PI) / 2)

/** Patterns by name: four that a small convolutional network tells apart after some steps, but not before. */
const patterns: Readonly<Record<string, Pattern>> = {
  horizontal: (row, _column, phase) => wave(row + phase),
  vertical: (_row, column, phase) => wave(column + phase),
  falling: (row, column, phase) => wave(row - column + phase),
  rising: (row, column, phase) => wave(row + column + phase),
}

/** What {@link tinyDataset} is made of. */
export interface TinyDatasetOptions {
  /** Seed of phases and noise. */
  readonly seed: number
  /** Number of examples. */
  readonly size: number
  /** Names of the classes among `horizontal`, `vertical`, `falling` and `rising`; all four unless told. */
  readonly classes?: readonly string[]
  /** Standard deviation of the noise on the brightness of 1; 0.3 unless told, our choice. */
  readonly noise?: number
}

const edge = 8

const drawn = (key: Key, pattern: Pattern, noise: number): Float32Array => {
  const [phase = 0] = uniformArray(foldIn(key, 'phase'), 1, 0, 4)
  return normalArray(foldIn(key, 'noise'), edge * edge, 0, noise).map((value, index) => value + pattern(Math.floor(index / edge), index % edge, phase))
}

/**
 * A small data set of striped images, `[8, 8, 1]`, made from a seed: enough to see a strategy learn in seconds.
 *
 * @param options Seed, size and classes.
 * @throws RangeError for a class that is none of the four, and TransferkitError `random/seed` for a seed that is no whole number from 0.
 *
 * @example
 * ```ts
 * import { tinyDataset } from '@transferkit/training/tiny'
 *
 * const target = tinyDataset({ seed: 1, size: 32 })
 * ```
 */
export const tinyDataset = ({ seed, size, classes = Object.keys(patterns), noise = 0.3 }: TinyDatasetOptions): Dataset => {
  const key = randomKey(seed)
  const labels = Int32Array.from({ length: size }, (_, index) => index % classes.length)
  const pixels = edge * edge
  const images = new Float32Array(size * pixels)
  labels.forEach((label, index) => {
    const pattern = patterns[classes[label] ?? '']
    if (pattern === undefined) throw new RangeError(`There is no pattern '${classes[label] ?? ''}', only ${Object.keys(patterns).join(', ')}.`)
    images.set(drawn(foldIn(key, index), pattern, noise), index * pixels)
  })
  return {
    specVersion: 1,
    name: `tiny-stripes/${seed}`,
    task: { kind: 'classification', classes },
    size,
    exampleShape: [edge, edge, 1],
    labels,
    read: (indices): HostBatch => {
      const wrong = indices.find((index) => !(index >= 0 && index < size))
      if (wrong !== undefined) throw new TransferkitError('dataset/index-out-of-range', `tiny-stripes/${seed}: there is no example ${wrong}; positions are whole numbers from 0 to ${size - 1}.`)
      const inputs = new Float32Array(indices.length * pixels)
      indices.forEach((index, row) => inputs.set(images.subarray(index * pixels, (index + 1) * pixels), row * pixels))
      return { inputs, shape: [indices.length, edge, edge, 1], labels: Int32Array.from(indices, (index) => labels[index] ?? -1), indices: Int32Array.from(indices) }
    },
  }
}
