import type { Dataset, HostBatch } from '../contracts/dataset.js'
import { TransferkitError } from '../error.js'
import { randomKey } from '../random/key.js'
import { breach, type Property } from './property.js'

type DatasetProperty = Property<Dataset>

const elementsOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

const listed = (values: Iterable<unknown>): string => `[${[...values].join(', ')}]`

/** Positions in no order, one of them twice, and few enough to read from a disk in no time. */
const somePositions = ({ size }: Dataset): readonly number[] => [size - 1, 0, Math.floor(size / 2), 0]

const examplesOf = ({ inputs }: HostBatch, exampleShape: readonly number[]): readonly (readonly number[])[] => {
  const elements = elementsOf(exampleShape)
  return Array.from({ length: inputs.length / elements }, (_, row) => [...inputs.slice(row * elements, (row + 1) * elements)])
}

/** First element that differs, compared bit for bit. */
const differs = (left: ArrayLike<number>, right: ArrayLike<number>): boolean => left.length !== right.length || Array.from(left).some((value, index) => !Object.is(value, right[index]))

const description: DatasetProperty = {
  name: 'description',
  title: 'size, shape, classes and labels agree with each other',
  run: ({ specVersion, size, exampleShape, labels, task }) => {
    // What comes from JavaScript may have any version.
    if ((specVersion as number) !== 1) breach({ where: 'specVersion', expected: '1, the version of this contract', found: String(specVersion), advice: 'Set specVersion to 1.' })
    if (!Number.isInteger(size) || size < 1) breach({ where: 'size', expected: 'a whole number of examples, at least 1', found: String(size), advice: 'Count the examples; refuse an empty file with a message of your own.' })
    if (exampleShape.some((length) => !Number.isInteger(length) || length < 1)) breach({ where: 'exampleShape', expected: 'whole numbers, at least 1', found: listed(exampleShape), advice: 'Give the shape of one example, without the batch.' })
    if (labels.length !== size) breach({ where: 'labels', expected: `${size} labels, one an example`, found: `${labels.length} labels`, advice: 'Do the labels and the examples belong to the same file?' })
    if (new Set(task.classes).size !== task.classes.length) breach({ where: 'task.classes', expected: 'a name of its own for each class', found: listed(task.classes), advice: 'Rename the class that is named twice.' })
    const wrong = labels.findIndex((label) => label < 0 || label >= task.classes.length)
    if (wrong !== -1) breach({ where: `label of example ${wrong}`, expected: `a position in the ${task.classes.length} classes, from 0`, found: String(labels[wrong]), advice: 'Labels that count from 1 have to be lowered by 1.' })
  },
}

const reading: DatasetProperty = {
  name: 'reading',
  title: 'examples are read in the order asked for, with their shape, labels and positions',
  run: async (dataset) => {
    const positions = somePositions(dataset)
    const batch = await dataset.read(positions)
    const shape = [positions.length, ...dataset.exampleShape]
    const where = `read(${listed(positions)})`
    if (String(batch.shape) !== String(shape)) breach({ where: `${where}.shape`, expected: listed(shape), found: listed(batch.shape), advice: 'The shape of a batch is the number of examples, then exampleShape.' })
    if (batch.inputs.length !== elementsOf(shape)) breach({ where: `${where}.inputs`, expected: `${elementsOf(shape)} values, as many as the shape ${listed(shape)} has`, found: `${batch.inputs.length} values`, advice: 'Put the examples one after the other into one array.' })
    if (differs(batch.indices, positions)) breach({ where: `${where}.indices`, expected: listed(positions), found: listed(batch.indices), advice: 'Repeat the positions that were asked for: caches are keyed by them.' })
    const labels = positions.map((position) => dataset.labels[position] ?? -1)
    if (differs(batch.labels, labels)) breach({ where: `${where}.labels`, expected: `${listed(labels)}, what the data set's own labels say`, found: listed(batch.labels), advice: 'Take the labels at the positions asked for, not in the order of the file.' })
    const alone = await Promise.all(positions.map(async (position) => dataset.read([position])))
    const examples = examplesOf(batch, dataset.exampleShape)
    const moved = alone.findIndex(({ inputs }, row) => differs(inputs, examples[row] ?? []))
    if (moved !== -1) breach({ where: `row ${moved} of ${where}`, expected: `the values of example ${String(positions[moved])}, as it is read alone`, found: 'other values', advice: 'Does the reader sort the positions, or pass over one that is asked for twice?' })
  },
}

const finite: DatasetProperty = {
  name: 'finite',
  title: 'all values are numbers',
  run: async (dataset) => {
    const positions = somePositions(dataset)
    const { inputs } = await dataset.read(positions)
    const wrong = inputs.findIndex((value) => !Number.isFinite(value))
    if (wrong === -1) return
    const row = Math.floor(wrong / elementsOf(dataset.exampleShape))
    breach({ where: `example ${String(positions[row])}, element ${wrong % elementsOf(dataset.exampleShape)}`, expected: 'a finite number', found: String(inputs[wrong]), advice: 'Mend or leave out the example: one NaN spoils a training.' })
  },
}

const unchanged: DatasetProperty = {
  name: 'unchanged',
  title: 'reading changes nothing: a data set is a value',
  run: async (dataset) => {
    const positions = somePositions(dataset)
    const first = await dataset.read(positions)
    const kept = { inputs: first.inputs.slice(), labels: first.labels.slice() }
    // A transform, or a careless caller, may write into the batch that it was given.
    first.inputs.fill(0)
    first.labels.fill(0)
    const second = await dataset.read(positions)
    if (differs(second.inputs, kept.inputs)) breach({ where: `inputs of read(${listed(positions)})`, expected: 'the same values at the second time', found: 'other values, after the first batch was written to', advice: 'Give a copy, not a view of the memory that is read from; random changes belong into a transform, which has a key.' })
    if (differs(second.labels, kept.labels)) breach({ where: `labels of read(${listed(positions)})`, expected: listed(kept.labels), found: listed(second.labels), advice: "Give a copy of the labels, not a view of the data set's own." })
  },
}

const range: DatasetProperty = {
  name: 'range',
  title: 'a position that there is not is refused by name',
  run: async (dataset) => {
    for (const position of [dataset.size, -1]) {
      const outcome = await Promise.resolve()
        .then(() => dataset.read([position]))
        .then(() => 'a batch', (error: unknown) => error)
      const isRefused = TransferkitError.isInstance(outcome) && outcome.code === 'dataset/index-out-of-range' && outcome.message.includes(String(position))
      if (!isRefused) breach({ where: `read([${position}])`, expected: `a TransferkitError 'dataset/index-out-of-range' that names ${position}`, found: String(outcome), advice: `Check that every position is at least 0 and below ${dataset.size} before anything is read.` })
    }
  },
}

const order: DatasetProperty = {
  name: 'order',
  title: 'an own order names every example once, and depends on its key alone',
  run: (dataset) => {
    const drawn = dataset.order?.(randomKey(1), 4)
    if (drawn === undefined) return
    const missing = Array.from({ length: dataset.size }, (_, position) => position).find((position) => !drawn.includes(position))
    if (drawn.length !== dataset.size || missing !== undefined) breach({ where: 'order', expected: `each of ${dataset.size} positions once`, found: `${drawn.length} positions${missing === undefined ? '' : `, without ${missing}`}`, advice: 'Give a permutation: sort or shuffle a list of all positions.' })
    if (differs(drawn, dataset.order?.(randomKey(1), 4) ?? [])) breach({ where: 'order', expected: 'the same order for the same key', found: 'two orders', advice: 'Take all randomness from the key.' })
  },
}

/** All properties of a data set, in order. @internal */
export const datasetProperties: readonly DatasetProperty[] = [description, reading, finite, unchanged, range, order]
