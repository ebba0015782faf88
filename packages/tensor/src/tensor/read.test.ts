import { expect, test } from 'vitest'
import { release } from '../memory/scope.js'
import { booleanTensor, integerTensor, scalar, tensor } from '../ops/creation.js'
import { item, read, readSync } from './read.js'

test('elements come in the type of the tensor', async () => {
  const tensors = [tensor([1.5, 2], [2]), integerTensor([1, 2], [2]), booleanTensor([1, 0], [2])] as const
  expect(tensors.map((x) => readSync(x as (typeof tensors)[0]))).toEqual([new Float32Array([1.5, 2]), new Int32Array([1, 2]), new Uint8Array([1, 0])])
  expect(await read(tensors[1])).toEqual(new Int32Array([1, 2]))
  for (const x of tensors) release(x)
})

test('item is the number in a tensor of one element', () => {
  const [number, row] = [scalar(2.5), tensor([7], [1, 1])]
  expect([item(number), item(row)]).toEqual([2.5, 7])
  release([number, row])
})
