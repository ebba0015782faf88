import { backend as upstreamBackend } from '@tensorflow/tfjs-core'
import {
  add,
  type Axes,
  batchNormLayer,
  convolutionLayer,
  dropout,
  foldIn,
  gather,
  globalAveragePoolLayer,
  grad,
  integerTensor,
  item,
  type Key,
  type Labels,
  leavesOf,
  mapTree,
  matMul,
  mean,
  multiply,
  network,
  ones,
  randomKey,
  randomNormal,
  randomUniform,
  readSync,
  release,
  reluLayer,
  reshape,
  scalar,
  type Scalar,
  scope,
  sequential,
  softmaxCrossEntropy,
  splitKey,
  subtract,
  sum,
  type Tensor,
  tensor,
  type TensorTree,
  trainingMode,
  uniformArray,
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

  describe('random keys', () => {
    interface Draw {
      readonly x: Tensor
      readonly key: Key
    }

    const once = (calls: number): number => (backend === 'native' ? 1 : calls)

    const draws: readonly (readonly [name: string, f: (input: Draw) => TensorTree])[] = [
      ['of dropout', ({ x, key }) => dropout(x, key, { rate: 0.5 })],
      ['of dropout at a rate that no float is', ({ x, key }) => dropout(x, key, { rate: 0.1 })],
      ['of dropout by channel', ({ x, key }) => dropout(reshape(x, [2, 4, 4, 5]) as Tensor, key, { rate: 0.7, spatial: true })],
      ['of uniform numbers', ({ x, key }) => multiply(x, randomUniform(key, [160], -3, 0.1))],
      ['of normal numbers', ({ x, key }) => multiply(x, randomNormal(key, [160], 1, 0.3))],
      ['of fewer numbers than are kept as constants', ({ x, key }) => multiply(x, randomUniform(key, [1]))],
      ['from a key derived by a number and a name', ({ x, key }) => dropout(x, foldIn(foldIn(key, 3), 'stage1'), { rate: 0.3 })],
      ['from keys that were split', ({ x, key }) => splitKey(key, 3).map((part) => dropout(x, part, { rate: 0.3 }))],
      ['of several, once with the same key', ({ x, key }) => [dropout(x, key, { rate: 0.3 }), dropout(multiply(x, 2), key, { rate: 0.3 }), randomNormal(foldIn(key, 'noise'), [7])]],
      [
        'through a gradient',
        ({ x, key }) => {
          const { value, gradient } = valueAndGradWithAuxiliary((from: Tensor) => ({ value: sum(multiply(dropout(from, foldIn(key, 'a'), { rate: 0.5 }), dropout(from, key, { rate: 0.5 }))), auxiliary: [] }))(x)
          return { value, gradient }
        },
      ],
      ['that depend on nothing else', ({ key }) => ({ alone: randomUniform(key, [3]) })],
      ['and other numbers from a key of the function itself', ({ x, key }) => dropout(dropout(x, foldIn(randomKey(1), 'own'), { rate: 0.5 }), key, { rate: 0.5 })],
    ]

    it.each(draws)('are inputs for draws %s: recorded once, and the numbers of the eager function', (_, f) => {
      const before = liveTensors()
      const counted = vi.fn(f)
      const compiled = runtime.compile(counted)
      const x = randomUniform(randomKey(0), [160], 1, 2)
      for (let seed = 0; seed < 6; seed++) {
        const key = foldIn(randomKey(5), seed)
        const [fast, slow] = scope(() => [compiled({ x, key }), f({ x, key })] as const)
        const values = (tree: TensorTree): readonly Float32Array[] => leavesOf<Tensor>(tree).map(readSync)
        expect(values(fast)).toEqual(values(slow))
        release([fast, slow])
      }
      release(x)
      expect(counted).toHaveBeenCalledTimes(once(6))
      expect(liveTensors()).toBe(before)
    })

    it('may still decide what is computed', () => {
      const f = runtime.compile(({ x, key }: Draw) => (foldIn(key, 'coin').low % 2 === 0 ? multiply(x, 2) : dropout(x, key, { rate: 0.5 })))
      const x = randomUniform(randomKey(0), [160], 1, 2)
      for (let seed = 0; seed < 10; seed++) {
        const key = randomKey(seed % 5)
        const result = scope(() => f({ x, key }))
        const expected = scope(() => (foldIn(key, 'coin').low % 2 === 0 ? multiply(x, 2) : dropout(x, key, { rate: 0.5 })))
        expect(readSync(result)).toEqual(readSync(expected))
        release([result, expected])
      }
      release(x)
    })

    it('that are passed on are those of the call', () => {
      const f = runtime.compile(({ x, key }: Draw) => ({ twice: multiply(x, 2), next: foldIn(key, 'next'), key }))
      const x = tensor([1], [1])
      for (let seed = 0; seed < 6; seed++) {
        const result = scope(() => f({ x, key: randomKey(seed) }))
        expect(result.key).toEqual(randomKey(seed))
        expect(result.next).toEqual(foldIn(randomKey(seed), 'next'))
        release(result.twice)
      }
      release(x)
    })

    it('whose numbers are read make the function run op by op', () => {
      const f = runtime.compile(({ x, key }: Draw) => multiply(x, item(randomUniform(key, []))))
      const x = tensor([1], [1])
      for (let seed = 0; seed < 4; seed++) {
        const result = scope(() => f({ x, key: randomKey(seed) }))
        expect(item(result)).toBe(uniformArray(randomKey(seed), 1)[0])
        release(result)
      }
      release(x)
    })
  })

  it('takes rows of a table by indices that change, with first and second derivatives', () => {
    const before = liveTensors()
    const f = vi.fn(({ table, indices }: { readonly table: Tensor; readonly indices: Tensor<Axes, 'int32'> }) => {
      const energy = (from: Tensor): Scalar => {
        const rows = gather(from, indices)
        return sum(multiply(multiply(rows, rows), rows))
      }
      return { rows: gather(table, indices), gradient: grad(energy)(table), curvature: grad((from: Tensor) => sum(grad(energy)(from)))(table) }
    })
    const compiled = runtime.compile(f)
    const values = Float32Array.from({ length: 15 }, (_, index) => index + 1)
    const table = tensor(values, [5, 3])
    for (const ids of [
      [0, 4, 4, 1],
      [2, 2, 2, 2],
      [3, 0, 1, 4],
    ]) {
      const indices = integerTensor(ids, [2, 2])
      const { rows, gradient, curvature } = scope(() => compiled({ table, indices }))
      const uses = (at: number): number => ids.filter((id) => id === Math.floor(at / 3)).length
      expect([...readSync(rows)]).toEqual(ids.flatMap((id) => [...values.subarray(3 * id, 3 * id + 3)]))
      expect([...readSync(gradient)]).toEqual(Array.from(values, (value, at) => 3 * value ** 2 * uses(at)))
      expect([...readSync(curvature)]).toEqual(Array.from(values, (value, at) => 6 * value * uses(at)))
      release([rows, gradient, curvature])
      release(indices)
    }
    release(table)
    expect(f).toHaveBeenCalledTimes(backend === 'native' ? 1 : 3)
    expect(liveTensors()).toBe(before)
  })

  it('refuses rows that a table does not have', () => {
    const f = runtime.compile(({ table, indices }: { readonly table: Tensor; readonly indices: Tensor<Axes, 'int32'> }) => gather(table, indices))
    const table = tensor([1, 2, 3], [3])
    for (const id of [3, -1]) {
      const indices = integerTensor([id], [1])
      expect(() => scope(() => f({ table, indices }))).toThrow(/is not in \[0, /)
      release(indices)
    }
    release(table)
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

  it('forgets the recordings that were used longest ago, and frees what they kept', () => {
    const counted = vi.fn(({ x }: { readonly x: Tensor }): Tensor => multiply(x, tensor(Float32Array.from({ length: 100 }, (_, index) => index), [100])))
    const f = runtime.compile(counted)
    const shapes = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, index) => from + index)
    const call = (rows: number): void => {
      const x = ones([rows, 100])
      release([x, scope(() => f({ x }))])
    }
    // The first is used again after each of the others, so it stays.
    const callAll = (rows: readonly number[]): void => {
      for (const count of rows) [count, 1].forEach(call)
    }
    callAll(shapes(2, 140))
    const kept = upstreamBackend().numDataIds()
    callAll(shapes(140, 160))
    expect(upstreamBackend().numDataIds()).toBe(kept)
    if (backend !== 'native') return
    expect(counted).toHaveBeenCalledTimes(159)
    call(159)
    expect(counted).toHaveBeenCalledTimes(159)
    call(2)
    expect(counted).toHaveBeenCalledTimes(160)
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
