import { matMul, ones, readSync, release, scope, type Tensor } from '@transferkit/tensor'
import { liveTensors } from '@transferkit/tensor/testing'
import { expect, it } from 'vitest'
import { backendsToTest } from '../backends.fixture.js'
import { observeOperations } from './observe-operations.js'

it.each(backendsToTest)('notes the operations of $name with their shapes, and whether they ran before on the same values', async ({ backend, open }) => {
  const runtime = await open()
  const before = liveTensors()
  const [a, b] = [ones([4, 3]), ones([3, 2])]
  const twice = (): readonly Tensor[] => [matMul(a, b), matMul(a, b)]
  if (backend === 'native') {
    const { result, operations, milliseconds } = scope(() => observeOperations(twice))
    const products = operations.filter(({ name }) => /MatMul/.test(name))
    expect(products.map(({ inputShapes, outputShapes, repeated }) => ({ inputShapes: inputShapes.map((shape) => shape.slice(-2)), outputs: outputShapes.map((shape) => shape.slice(-2)), repeated }))).toEqual([
      { inputShapes: [[4, 3], [3, 2]], outputs: [[4, 2]], repeated: false },
      { inputShapes: [[4, 3], [3, 2]], outputs: [[4, 2]], repeated: true },
    ])
    expect(operations.reduce((sum, operation) => sum + operation.milliseconds, 0)).toBeLessThanOrEqual(milliseconds)
    expect(result.map(readSync)).toEqual([new Float32Array(8).fill(3), new Float32Array(8).fill(3)])
    release(result)
    expect(() => observeOperations(() => { throw new Error('from within') })).toThrow('from within')
    const count = operations.length
    const after = scope(() => matMul(a, b))
    expect(operations).toHaveLength(count)
    release(after)
  } else expect(() => observeOperations(twice)).toThrow(/Only operations of native TensorFlow can be observed/)
  release([a, b])
  expect(liveTensors()).toBe(before)
  runtime.close()
})
