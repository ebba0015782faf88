import { type Axes, argMax, cast, equal, greaterOrEqual, integerTensor, less, logicalAnd, logicalNot, oneHot, readSync, scope, sign, type Tensor, tensor } from '@transferkit/tensor'
import { checkGradients, type DifferentiableOp, differentiableOps, expectClose } from '@transferkit/tensor/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { openRuntime } from './node/open-runtime.js'
import { backendsToTest } from './backends.fixture.js'

// Each backend is held against plain JavaScript, which is the slowest and the simplest.
const others = backendsToTest.filter(({ backend }) => backend !== 'cpu')

const valueOf = ({ f, inputs }: DifferentiableOp): Float32Array => scope(() => readSync(f(...inputs())))

const integers: readonly (readonly [string, () => Tensor<Axes, 'float32' | 'int32' | 'bool'>])[] = [
  ['argMax', () => argMax(tensor([1, 5, 2, 7, 0, 3], [2, 3]), -1)],
  ['cast to integers', () => cast(tensor([-1.7, -0.2, 0.2, 1.7], [4]), 'int32')],
  ['cast to booleans', () => cast(tensor([0, 2, -1], [3]), 'bool')],
  ['oneHot', () => oneHot(integerTensor([2, 0], [2]), 3)],
  ['sign', () => sign(tensor([-2, 0, 3], [3]))],
  ['comparisons', () => logicalAnd(less(tensor([1, 2, 3], [3]), tensor([2, 2, 2], [3])), logicalNot(equal(tensor([1, 2, 3], [3]), tensor([3, 2, 1], [3]))))],
  ['greaterOrEqual', () => greaterOrEqual(tensor([1, 2, 3], [3]), tensor([2, 2, 2], [3]))],
]

describe.each(others)('ops on the $name backend', ({ backend, open }) => {
  const expected = new Map<string, Float32Array>()
  const expectedIntegers = new Map<string, ArrayLike<number>>()
  beforeAll(async () => {
    const plain = await openRuntime({ backend: 'cpu' })
    for (const op of differentiableOps) expected.set(op.name, valueOf(op))
    for (const [name, f] of integers) expectedIntegers.set(name, scope(() => readSync(f())))
    plain.close()
    const runtime = await open()
    expect(runtime.backend).toBe(backend)
    return () => runtime.close()
  })

  test.each(differentiableOps)('$name', (op) => {
    expectClose(valueOf(op), expected.get(op.name) ?? [], { absolute: 1e-4, relative: 1e-4 })
    scope(() => {
      const { first = [], second = [] } = checkGradients({ f: op.f, inputs: op.inputs() })
      for (const error of first) expect(error).toBeLessThan(1e-2)
      for (const error of second) expect(error).toBeLessThan(3e-2)
    })
  })

  test.each(integers)('%s', (name, f) => {
    expect(Array.from(scope(() => readSync(f())))).toEqual(Array.from(expectedIntegers.get(name) ?? []))
  })
})
