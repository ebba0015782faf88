import { createHash } from 'node:crypto'
import { open, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Dataset, TransferkitError } from '@transferkit/tensor'
import { z } from 'zod'
import { arrayDataset } from '../data/array-dataset.js'
import { checkedIndices, checkFinite, checkLabels } from '../data/checks.js'
import { elementsOf } from '../data/example-data.js'
import { makeFolderAtomically } from './atomic-write.js'
import { onFile, systemCodeOf } from './file-error.js'

/** An example on its way to a stored data set. */
export interface StoredExample {
  /** Its values. */
  readonly inputs: Uint8Array | Float32Array
  /** Shape of its values; the same for all examples. */
  readonly shape: readonly number[]
  /** Name of its class. */
  readonly className: string
}

/** What a stored data set is made of. */
export interface StoreDatasetOptions {
  /** Name for reports and messages. */
  readonly name: string
  /** Names of the classes in the order of their labels; the sorted names of those that occur unless told. */
  readonly classes?: readonly string[]
  /** The examples; one at a time is held in memory. */
  readonly examples: AsyncIterable<StoredExample>
}

/** How a stored data set is opened. */
export interface OpenDatasetOptions {
  /** Largest set, in bytes, that is read into memory at once; a larger one is read from the disk batch by batch. 1 GiB (2^30) unless told. */
  readonly memoryLimit?: number
}

const description = z.strictObject({
  format: z.literal('transferkit-dataset'),
  version: z.literal(1),
  name: z.string(),
  classes: z.array(z.string()),
  exampleShape: z.array(z.int().positive()).min(1),
  elementType: z.enum(['uint8', 'float32']),
  labels: z.array(z.int().nonnegative()),
  inputsSha256: z.string(),
})

// The header of inputs.npy is written before the number of examples is known, so it has a fixed length.
const headerLength = 128

/**
 * Writes a data set to a folder: `dataset.json` (name, classes, shape, labels, hash) and `inputs.npy`, which NumPy reads too.
 *
 * The folder appears whole or not at all. Where there is one already, it stays.
 *
 * @param folder Path of the folder to make.
 * @param options Name, classes and examples.
 * @throws TransferkitError `dataset/empty`, `dataset/shapes-differ`, `image/unknown-class`, `data/not-finite`, `file/disk-full` and the like.
 *
 * @example
 * ```ts no-run
 * import { openStoredDataset, storeDataset } from '@transferkit/datasets/node'
 *
 * async function* examples() {
 *   yield { inputs: Uint8Array.of(1, 2), shape: [2], className: 'small' }
 *   yield { inputs: Uint8Array.of(8, 9), shape: [2], className: 'large' }
 * }
 * await storeDataset('numbers', { name: 'numbers', examples: examples() })
 * const dataset = await openStoredDataset('numbers')
 * ```
 */
export const storeDataset = async (folder: string, options: StoreDatasetOptions): Promise<void> =>
  makeFolderAtomically(folder, async (temporary) => {
    const hash = createHash('sha256')
    const classNames: string[] = []
    let exampleShape: readonly number[] | undefined
    let elementType: 'uint8' | 'float32' = 'uint8'
    const file = await open(join(temporary, 'inputs.npy'), 'wx')
    try {
      let position = headerLength
      for await (const { inputs, shape, className } of options.examples) {
        if (exampleShape === undefined) {
          exampleShape = shape
          elementType = inputs instanceof Uint8Array ? 'uint8' : 'float32'
        }
        if (shape.join() !== exampleShape.join() || inputs.length !== elementsOf(shape) || (inputs instanceof Uint8Array) !== (elementType === 'uint8')) {
          throw new TransferkitError(
            'dataset/shapes-differ',
            `${options.name}: example ${classNames.length} has the shape [${shape.join(', ')}] and ${inputs.length} ${inputs.constructor.name} values, and [${exampleShape.join(', ')}] of ${elementType} was expected.`,
          )
        }
        checkFinite(inputs, inputs.length, options.name, classNames.length)
        const bytes = new Uint8Array(inputs.buffer, inputs.byteOffset, inputs.byteLength)
        hash.update(bytes)
        await file.write(bytes, 0, bytes.length, position)
        position += bytes.length
        classNames.push(className)
      }
      if (exampleShape === undefined) throw new TransferkitError('dataset/empty', `${options.name}: there are no examples.`)
      await file.write(npyHeader(elementType, [classNames.length, ...exampleShape]), 0, headerLength, 0)
      await file.sync()
    } finally {
      await file.close()
    }
    const { classes, labels } = labelsOf(options.name, classNames, options.classes)
    await writeFile(
      join(temporary, 'dataset.json'),
      JSON.stringify({ format: 'transferkit-dataset', version: 1, name: options.name, classes, exampleShape, elementType, labels, inputsSha256: hash.digest('hex') }),
      { flush: true },
    )
  })

/** Labels of examples whose classes are known by name. Every class must occur. */
export const labelsOf = (name: string, classNames: readonly string[], given?: readonly string[]): { readonly classes: readonly string[]; readonly labels: readonly number[] } => {
  const classes = given ?? [...new Set(classNames)].sort(byCodeUnits)
  const position = new Map(classes.map((className, label) => [className, label]))
  const labels = classNames.map((className) => {
    const label = position.get(className)
    if (label === undefined) throw new TransferkitError('image/unknown-class', `${name}: the class ${JSON.stringify(className)} is not among the ${classes.length} classes given.`)
    return label
  })
  return { classes, labels }
}

// The order of Python's sorted(), which fixed the labels of published image folders, whatever the language of the machine.
const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const npyHeader = (elementType: 'uint8' | 'float32', shape: readonly number[]): Uint8Array => {
  const text = `{'descr': '${elementType === 'uint8' ? '|u1' : '<f4'}', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`
  const header = new Uint8Array(headerLength).fill(0x20)
  header.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, headerLength - 10, 0])
  header.set(new TextEncoder().encode(text), 10)
  header[headerLength - 1] = 0x0a
  return header
}

/**
 * Opens a data set that {@link storeDataset} wrote.
 *
 * @param folder Path of the folder.
 * @param options Up to which size it is read into memory; only then is its hash verified too.
 * @throws TransferkitError `dataset/corrupt-store` when the folder is damaged, `file/not-found`.
 *
 * @example
 * ```ts no-run
 * import { openStoredDataset } from '@transferkit/datasets/node'
 *
 * const dataset = await openStoredDataset('numbers', { memoryLimit: 0 }) // reads from the disk
 * ```
 */
export const openStoredDataset = async (folder: string, options: OpenDatasetOptions = {}): Promise<Dataset> => {
  const inputsPath = join(folder, 'inputs.npy')
  const corrupt = (problem: string, cause?: unknown): TransferkitError =>
    new TransferkitError('dataset/corrupt-store', `${folder}: the stored data set is damaged: ${problem}. Delete the folder; it will be made again.`, { cause })
  const text = await onFile(folder, async () => readFile(join(folder, 'dataset.json'), 'utf8'))
  let stored: z.infer<typeof description>
  try {
    stored = description.parse(JSON.parse(text))
  } catch (error) {
    throw corrupt('dataset.json cannot be understood', error)
  }
  const { name, classes, exampleShape, elementType, inputsSha256 } = stored
  checkLabels(stored.labels, classes, name)
  const labels = Int32Array.from(stored.labels)
  const exampleBytes = elementsOf(exampleShape) * (elementType === 'uint8' ? 1 : 4)
  const bytes = labels.length * exampleBytes
  const { size } = await stat(inputsPath).catch((error: unknown) => {
    throw systemCodeOf(error) === 'ENOENT' ? corrupt('inputs.npy is missing') : error
  })
  if (size !== headerLength + bytes) throw corrupt(`inputs.npy has ${size} bytes, and ${headerLength + bytes} were expected`)
  const asElements = (buffer: ArrayBuffer): Uint8Array | Float32Array => (elementType === 'uint8' ? new Uint8Array(buffer) : new Float32Array(buffer))

  const readAt = async (positions: Int32Array): Promise<Uint8Array<ArrayBuffer>> =>
    onFile(inputsPath, async () => {
      const result = new Uint8Array(positions.length * exampleBytes)
      const file = await open(inputsPath, 'r')
      try {
        let row = 0
        while (row < positions.length) {
          // Neighbours on the disk are read at once.
          let end = row + 1
          while (end < positions.length && positions[end] === (positions[end - 1] ?? 0) + 1) end += 1
          const start = headerLength + (positions[row] ?? 0) * exampleBytes
          const length = (end - row) * exampleBytes
          for (let done = 0; done < length; ) {
            const { bytesRead } = await file.read(result, row * exampleBytes + done, length - done, start + done)
            if (bytesRead === 0) throw corrupt('inputs.npy ends too early')
            done += bytesRead
          }
          row = end
        }
      } finally {
        await file.close()
      }
      return result
    })

  if (bytes <= (options.memoryLimit ?? 2 ** 30)) {
    const content = await readAt(Int32Array.from({ length: labels.length }, (_, position) => position))
    if (createHash('sha256').update(content).digest('hex') !== inputsSha256) throw corrupt('the hash of inputs.npy is not the one noted')
    return arrayDataset({ name, classes, inputs: asElements(content.buffer), exampleShape, labels })
  }
  return {
    specVersion: 1,
    name,
    task: { kind: 'classification', classes },
    size: labels.length,
    exampleShape,
    labels,
    read: async (indices) => {
      const positions = checkedIndices(indices, { name, size: labels.length })
      const content = await readAt(positions)
      return { inputs: asElements(content.buffer), shape: [positions.length, ...exampleShape], labels: positions.map((position) => labels[position] ?? 0), indices: positions }
    },
  }
}
