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
  relu,
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
  verifiedCompile,
  zipTrees,
} from '@transferkit/tensor'
import { liveTensors } from '@transferkit/tensor/testing'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
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
  const warnings: string[] = []
  beforeAll(async () => {
    runtime = await open({ onWarning: (text) => void warnings.push(text) })
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

  it('is verified step by step, and a function that is not pure is found out', () => {
    const verified = verifiedCompile(runtime.compile)
    expect(losses(verified(step), 4)).toEqual(losses(step, 4))
    let factor = 1
    const f = verified(({ x }: { readonly x: Tensor }) => ({ unchanged: multiply(x, 2), scaled: multiply(x, factor++) }))
    const x = tensor([1, 2], [2])
    const call = (): void => {
      release(scope(() => f({ x })))
    }
    expect(call).toThrow(/'scaled': element 0 is 1 and not 2; 2 of 2 elements differ/)
    release(x)
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

  describe('says once why a function runs op by op', () => {
    const called = (f: (input: { readonly x: Tensor; readonly count: number }) => Tensor): readonly string[] => {
      warnings.length = 0
      const compiled = [runtime.compile(f), runtime.compile(f)]
      for (let count = 0; count < 6; count++) {
        const x = tensor([1, 2], [2])
        for (const one of compiled) release(scope(() => one({ x, count })))
        release(x)
      }
      return [...warnings]
    }
    const outside = (): Tensor => tensor([1, 2], [2])

    it.each<readonly [string, (input: { readonly x: Tensor; readonly count: number }) => Tensor, RegExp]>([
      ['what it computes', function scaled({ x }) { return multiply(x, item(sum(x))) }, /The compiled function 'scaled' runs op by op.*reads the values of a result of the operation Sum\./],
      ['its input', ({ x }) => multiply(x, item(x)), /^A compiled function runs op by op.*reads the values of its input 'x'\./],
      ['a tensor of its own', ({ x }) => multiply(x, item(relu(outside()))), /reads the values of a result of the operation Relu\./],
      ['by a value that changes', ({ x, count }) => multiply(x, count), /decides by 'count', which was another value in 4 calls/],
    ])('where it reads or decides: %s', (_, f, expected) => {
      const told = called(f)
      expect(told).toEqual(backend === 'native' ? [expect.stringMatching(expected)] : [])
    })
  })

  it.runIf(backend === 'native')('forgets the recordings of a function that nobody has any more', async () => {
    setFlagsFromString('--expose-gc')
    // The name is there from now on, in contexts that are new.
    const collect = runInNewContext('gc') as () => void
    const before = upstreamBackend().numDataIds()
    const used = (at: number): object => {
      const kept = randomNormal(randomKey(at), [100])
      const f = ({ x, key }: { readonly x: Tensor; readonly key: Key }): TensorTree => ({ y: dropout(multiply(x, kept), foldIn(key, 'a'), { rate: 0.5 }), x, one: scalar(1) })
      const compiled = runtime.compile(f)
      const x = ones([100])
      for (const seed of [1, 2]) {
        const { y, one } = scope(() => compiled({ x, key: randomKey(seed) })) as { readonly y: Tensor; readonly one: Tensor }
        release([y, one])
      }
      release([x, kept])
      return f
    }
    const functions = [1, 2, 3].map((seed) => new WeakRef(used(seed)))
    expect(upstreamBackend().numDataIds()).toBeGreaterThanOrEqual(before + functions.length)
    for (let turn = 0; turn < 20 && upstreamBackend().numDataIds() > before; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      collect()
    }
    expect(functions.map((one) => one.deref())).toEqual([undefined, undefined, undefined])
    // Fewer, where functions of tests before this one are gone too.
    expect(upstreamBackend().numDataIds()).toBeLessThanOrEqual(before)
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
