import type { BatchTransform, Dataset } from '@transferkit/tensor'
import { expectTypeOf, test } from 'vitest'
import { normalise } from '../transforms/normalise.js'
import { padCrop } from '../transforms/pad-crop.js'
import { arrayDataset } from './array-dataset.js'
import { batches } from './batches.js'

const inputs = Float32Array.of(0, 1)

test('what does not fit does not compile', () => {
  expectTypeOf(arrayDataset({ name: 'points', classes: ['a', 'b'], exampleShape: [1], inputs, labels: [0, 1] })).toEqualTypeOf<Dataset>()
  // @ts-expect-error Values are a typed array.
  arrayDataset({ name: 'points', classes: ['a', 'b'], exampleShape: [1], inputs: [0, 1], labels: [0, 1] })
  // @ts-expect-error A shape is a list of sizes.
  arrayDataset({ name: 'points', classes: ['a', 'b'], exampleShape: 1, inputs, labels: [0, 1] })
  // @ts-expect-error Labels are positions, not names.
  arrayDataset({ name: 'points', classes: ['a', 'b'], exampleShape: [1], inputs, labels: ['a', 'b'] })
  // @ts-expect-error There are no labels.
  arrayDataset({ name: 'points', classes: ['a', 'b'], exampleShape: [1], inputs })
})

test('transforms and batches check their options too', () => {
  expectTypeOf(padCrop(4)).toEqualTypeOf<BatchTransform>()
  // @ts-expect-error The padding is a number.
  padCrop('4')
  // @ts-expect-error There is no such option.
  normalise({ mean: [0.5], deviation: [0.5] })
  // @ts-expect-error Batches need a key: nothing is random by itself.
  batches({} as Dataset, { batchSize: 32 })
})
