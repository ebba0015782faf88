import {
  add,
  batchNormLayer,
  convolutionLayer,
  dropout,
  globalAveragePoolLayer,
  integerTensor,
  item,
  type Key,
  type Labels,
  mapTree,
  matMul,
  mean,
  multiply,
  network,
  randomKey,
  randomNormal,
  readSync,
  release,
  reluLayer,
  scalar,
  type Scalar,
  scope,
  sequential,
  softmaxCrossEntropy,
  subtract,
  sum,
  type Tensor,
  tensor,
  type TensorTree,
  trainingMode,
  valueAndGradWithAuxiliary,
  zipTrees,
} from '@transferkit/tensor'
import { liveTensors } from '@transferkit/tensor/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Runtime } from '../../backend.js'
import { backendsToTest } from '../../backends.fixture.js'

interface StepInput {
  readonly params: TensorTree
  readonly state: TensorTree
  readonly inputs: Tensor
  readonly labels: Labels
  readonly learningRate: Scalar
  readonly key: Key
}

const small = network({
  name: 'small',
  inputShape: [8, 8, 3],
  classes: 4,
  stages: [
    {
      name: 'stage1',
      module: sequential({
        convolution: convolutionLayer({ channels: 6, kernelSize: 3, padding: 1, strides: 2 }),
        norm: batchNormLayer(),
        relu: reluLayer(),
        second: convolutionLayer({ channels: 5, kernelSize: 3, padding: 1 }),
      }),
    },
    { name: 'pooled', module: globalAveragePoolLayer() },
  ],
})

const step = ({ params, state, inputs, labels, learningRate, key }: StepInput): { readonly params: TensorTree; readonly state: TensorTree; readonly loss: Scalar } => {
  const f = valueAndGradWithAuxiliary((trained: TensorTree) => {
    const applied = small.apply({ params: trained, state }, inputs, trainingMode(key))
    return { value: mean(softmaxCrossEntropy(applied.output, labels)), auxiliary: applied.state }
  })
  const { value, gradient, auxiliary } = f(params)
  return { params: zipTrees(params, gradient, (parameter, slope) => subtract(parameter, multiply(slope, learningRate))), state: auxiliary, loss: value }
}

describe.each(backendsToTest)('compiling on $name', ({ backend, open }) => {
  let runtime: Runtime
  beforeAll(async () => {
    runtime = await open()
  })
  afterAll(() => {
    runtime.close()
  })

  const losses = (oneStep: (input: StepInput) => ReturnType<typeof step>, steps: number): readonly number[] => {
    const { params, state } = small.init(randomKey(1), [1, 8, 8, 3])
    let training: { readonly params: TensorTree; readonly state: TensorTree } = { params, state }
    const found: number[] = []
    for (let done = 0; done < steps; done++) {
      const { params: oldParams, state: oldState } = training
      const [inputs, learningRate] = [randomNormal(randomKey(done), [6, 8, 8, 3]), scalar(0.1 / (done + 1))]
      // One class an example.
      const labels = integerTensor([0, 1, 2, 3, 0, 1], [6]) as Labels
      const after = scope(() => oneStep({ params: oldParams, state: oldState, inputs, labels, learningRate, key: randomKey(100 + done) }), { donate: [oldParams, oldState] })
      found.push(item(after.loss))
      training = { params: after.params, state: after.state }
      release([inputs, learningRate, after.loss])
      release(labels)
    }
    release([training.params, training.state])
    return found
  }

  it('gives the numbers of the eager step, bit for bit, and leaks nothing', () => {
    const before = liveTensors()
    const compiled = vi.fn(step)
    expect(losses(runtime.compile(compiled), 6)).toEqual(losses(step, 6))
    expect(compiled).toHaveBeenCalledTimes(backend === 'native' ? 1 : 6)
    expect(liveTensors()).toBe(before)
  })

  it('passes tensors of the input on, and keeps other values of the result', () => {
    const f = runtime.compile(({ x, name }: { readonly x: Tensor; readonly name: string }) => ({ same: x, twice: [multiply(x, 2)], name, constant: scalar(3) }))
    for (const value of [1, 5, 7]) {
      const x = tensor([value], [1])
      const result = scope(() => f({ x, name: 'a' }))
      expect(result.same).toBe(x)
      expect(result.name).toBe('a')
      expect(readSync(result.twice[0] as Tensor)).toEqual(Float32Array.of(2 * value))
      expect(item(result.constant)).toBe(3)
      release([x, ...result.twice, result.constant])
    }
  })

  it('keeps tensors that it uses without being given them, even after they were freed', () => {
    const weights = tensor(Float32Array.from({ length: 400 }, (_, index) => index), [20, 20])
    const f = runtime.compile(({ x }: { readonly x: Tensor }) => matMul(x as never, weights))
    const x = randomNormal(randomKey(1), [3, 20])
    const first = scope(() => f({ x }))
    const expected = readSync(first)
    if (backend === 'native') {
      release(weights)
      const second = scope(() => f({ x }))
      expect(readSync(second)).toEqual(expected)
      release(second)
    } else release(weights)
    release([x, first])
  })

  it('takes the same tensor twice', () => {
    const f = runtime.compile(({ a, b }: { readonly a: Tensor; readonly b: Tensor }) => subtract(multiply(a, 3), b))
    const [x, y] = [tensor([2], [1]), tensor([5], [1])]
    for (const [a, b, expected] of [
      [x, x, 4],
      [x, y, 1],
      [y, x, 13],
    ] as const) {
      const result = scope(() => f({ a, b }))
      expect(item(result)).toBe(expected)
      release(result)
    }
    release([x, y])
  })

  it('computes anew for other shapes and for other values that decide', () => {
    const f = runtime.compile(({ x, factor }: { readonly x: Tensor; readonly factor: number }) => sum(multiply(x, factor)))
    for (const [size, factor] of [
      [1, 2],
      [2, 2],
      [2, 3],
      [1, 2],
      [2, 4],
      [2, 5],
      [2, 6],
    ] as const) {
      const x = tensor(Array.from({ length: size }, () => 1), [size])
      const result = scope(() => f({ x, factor }))
      expect(item(result)).toBe(size * factor)
      release([x, result])
    }
  })

  it('never freezes a random key', () => {
    const f = runtime.compile(({ x, key }: { readonly x: Tensor; readonly key: Key }) => dropout(x, key, { rate: 0.5 }))
    const x = tensor(Array.from({ length: 64 }, () => 1), [64])
    for (let seed = 0; seed < 6; seed++) {
      const [compiled, eager] = scope(() => [f({ x, key: randomKey(seed) }), dropout(x, randomKey(seed), { rate: 0.5 })] as const)
      expect(readSync(compiled)).toEqual(readSync(eager))
      release([compiled, eager])
    }
    release(x)
  })

  it('runs op by op what reads a value', () => {
    const f = runtime.compile(({ x }: { readonly x: Tensor }) => (item(sum(x)) > 0 ? multiply(x, 2) : multiply(x, -1)))
    for (const value of [1, -1, 2, -2]) {
      const x = tensor([value], [1])
      const result = scope(() => f({ x }))
      expect(item(result)).toBe(value > 0 ? 2 * value : -value)
      release([x, result])
    }
  })

  it('leaves the backend as it was when the function throws', () => {
    const f = runtime.compile(({ x }: { readonly x: Tensor }) => {
      const doubled = add(x, x)
      if (doubled.size > 0) throw new Error('wrong')
      return doubled
    })
    const x = tensor([1], [1])
    expect(() => scope(() => f({ x }))).toThrow('wrong')
    const sound = scope(() => mapTree({ x }, (leaf) => multiply(leaf, 2)))
    expect(item(sound.x)).toBe(2)
    release([x, sound.x])
  })
})
