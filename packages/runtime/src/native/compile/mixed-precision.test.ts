import {
  add,
  batchNormLayer,
  batchNormTraining,
  conv2d,
  convolutionLayer,
  expectAxes,
  flattenTree,
  globalAveragePoolLayer,
  grad,
  integerTensor,
  item,
  type Labels,
  mean,
  multiply,
  network,
  type Precision,
  randomKey,
  randomNormal,
  readSync,
  release,
  relu,
  reluLayer,
  scalar,
  type Scalar,
  scope,
  sequential,
  softmaxCrossEntropy,
  subtract,
  sum,
  type Tensor,
  type TensorTree,
  trainingMode,
  valueAndGradWithAuxiliary,
  verifiedCompile,
  zipTrees,
} from '@transferkit/tensor'
import { liveTensors } from '@transferkit/tensor/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Runtime } from '../../backend.js'
import { backendsToTest } from '../../backends.fixture.js'
import type { NativeBinding } from '../backend.js'
import { type GraphNode, typeAttribute } from './graph-definition.js'
import { inMixedPrecision } from './mixed-precision.js'

// The pass encodes attributes only, by these numbers.
const binding = { TF_FLOAT: 1, TF_ATTR_STRING: 0, TF_ATTR_INT: 1, TF_ATTR_BOOL: 3, TF_ATTR_TYPE: 4 } as unknown as NativeBinding

const node = (name: string, operation: string, inputs: readonly string[]): GraphNode => ({
  name,
  operation,
  inputs,
  attributes: operation === 'Placeholder' ? { dtype: typeAttribute(1) } : { T: typeAttribute(1) },
})

/** Nodes as `name: operation(inputs)`, with a mark on those in bfloat16. */
const written = (nodes: readonly GraphNode[]): readonly string[] =>
  inMixedPrecision(binding, nodes, () => undefined).map(({ name, operation, inputs, attributes }) => `${name}: ${operation}${attributes['T']?.at(-1) === 14 ? '*' : ''}(${inputs.join(', ')})`)

describe('the operations of a mixed precision', () => {
  const given = ['x', 'w', 'scale'].map((name) => node(name, 'Placeholder', []))

  it('casts once before a convolution, stays in bfloat16 through the maps behind it, and casts back where anything else begins', () => {
    const nodes = [
      ...given,
      node('conv', 'Conv2D', ['x', 'w']),
      node('norm', 'FusedBatchNormV3', ['conv', 'scale', 'scale', 'scale', 'scale']),
      node('relu', 'Relu', ['norm']),
      node('again', 'Conv2D', ['relu', 'w']),
      node('mean', 'Mean', ['again', 'axes']),
      node('spread', 'Rsqrt', ['norm:2']),
      node('root', 'Sqrt', ['again']),
    ]
    expect(written(nodes).slice(3)).toEqual([
      'Short_0: Cast(x)',
      'Short_1: Cast(w)',
      'conv: Conv2D*(Short_0, Short_1)',
      'norm: FusedBatchNormV3*(conv, scale, scale, scale, scale)',
      'relu: Relu*(norm)',
      'again: Conv2D*(relu, Short_1)',
      'Long_2: Cast(again)',
      'mean: Mean(Long_2, axes)',
      'spread: Rsqrt(norm:2)',
      'root: Sqrt(Long_2)',
    ])
  })

  it('keeps what is joined with batch normalisation in bfloat16, whatever it begins with', () => {
    const nodes = [
      ...given,
      node('conv', 'Conv2D', ['x', 'w']),
      node('norm', 'TransferkitBatchNorm', ['conv', 'scale', 'scale', 'x']),
      node('gradient', 'TransferkitBatchNormGradient', ['x', 'none', 'conv', 'norm', 'scale', 'none', 'norm:1', 'norm:2']),
      node('filter', 'Conv2DBackpropInput', ['sizes', 'w', 'gradient']),
      node('more', 'AddV2', ['filter', 'gradient:3']),
      node('slope', 'Mul', ['gradient:1', 'gradient:2']),
    ]
    expect(written(nodes).slice(6)).toEqual([
      'norm: TransferkitBatchNorm*(conv, scale, scale, Short_0)',
      'Short_2: Cast(none)',
      'gradient: TransferkitBatchNormGradient*(Short_0, Short_2, conv, norm, scale, none, norm:1, norm:2)',
      'filter: Conv2DBackpropInput*(sizes, Short_1, gradient)',
      'more: AddV2*(filter, gradient:3)',
      'slope: Mul(gradient:1, gradient:2)',
    ])
  })

  it('leaves what has nothing to do with maps alone, and so what is done with gradients of filters', () => {
    const nodes = [...given, node('sum', 'Add', ['x', 'x']), node('slope', 'Conv2DBackpropFilter', ['x', 'sizes', 'x']), node('twice', 'Add', ['slope', 'slope'])]
    expect(written(nodes).slice(3)).toEqual(['sum: Add(x, x)', 'Short_0: Cast(x)', 'slope: Conv2DBackpropFilter*(Short_0, sizes, Short_0)', 'Long_1: Cast(slope)', 'twice: Add(Long_1, Long_1)'])
  })
})

const small = network({
  name: 'small',
  inputShape: [8, 8, 3],
  classes: 4,
  stages: [
    {
      name: 'stage1',
      module: sequential({
        convolution: convolutionLayer({ channels: 32, kernelSize: 3, padding: 1 }),
        norm: batchNormLayer(),
        relu: reluLayer(),
        second: convolutionLayer({ channels: 32, kernelSize: 3, padding: 1 }),
        third: convolutionLayer({ channels: 8, kernelSize: 3, padding: 1, strides: 2 }),
      }),
    },
    { name: 'pooled', module: globalAveragePoolLayer() },
  ],
})

interface StepInput {
  readonly params: TensorTree
  readonly state: TensorTree
  readonly inputs: Tensor
  readonly labels: Labels
}

const gradients = ({ params, state, inputs, labels }: StepInput): { readonly gradient: TensorTree; readonly state: TensorTree; readonly loss: Scalar } => {
  const f = valueAndGradWithAuxiliary((trained: TensorTree) => {
    const applied = small.apply({ params: trained, state }, inputs, trainingMode(randomKey(1)))
    return { value: mean(softmaxCrossEntropy(applied.output, labels)), auxiliary: applied.state }
  })
  const { value, gradient, auxiliary } = f(params)
  return { gradient, state: auxiliary, loss: value }
}

type Filter = Tensor<readonly [number, number, number, number]>

type NormInput = Readonly<Record<'x' | 'scale' | 'offset', Tensor> & Record<'filter', Filter>>

const norm = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values))

describe.each(backendsToTest)('compiling in bfloat16 on $name', ({ open }) => {
  let runtime: Runtime
  const warnings: string[] = []
  beforeAll(async () => {
    runtime = await open({ onWarning: (text) => void warnings.push(text) })
  })
  afterAll(() => {
    runtime.close()
  })

  it('says once that there is none, or computes nearly the same, and leaks nothing', () => {
    const before = liveTensors()
    const hasBfloat16 = runtime.precisions.includes('bfloat16')
    const { params, state } = small.init(randomKey(1), [1, 8, 8, 3])
    const inputs: Tensor = randomNormal(randomKey(2), [8, 8, 8, 3])
    // One class an example.
    const labels = integerTensor([0, 1, 2, 3, 0, 1, 2, 3], [8]) as Labels
    const exact = scope(() => gradients({ params, state, inputs, labels }))
    const compiled = runtime.compile(gradients, { precision: 'bfloat16' })
    const [first, second] = [scope(() => compiled({ params, state, inputs, labels })), scope(() => runtime.compile(gradients, { precision: 'bfloat16' })({ params, state, inputs, labels }))]

    // Bfloat16 has 8 significant bits; a gradient is a sum over products of a few rounded numbers.
    const tolerance = hasBfloat16 ? 0.03 : 0
    const [expected, found, again] = [exact, first, second].map(({ gradient }) => flattenTree<Tensor>(gradient))
    expected?.forEach(({ path, leaf }, index) => {
      const [values, rounded, repeated] = [leaf, found?.[index]?.leaf, again?.[index]?.leaf].map((one) => readSync(one ?? leaf))
      const difference = Array.from(values ?? [], (value, at) => value - (rounded?.[at] ?? Number.NaN))
      // The bias of a layer before batch norm has no gradient but rounding errors.
      expect(norm(difference), path).toBeLessThanOrEqual(tolerance * norm(values ?? []) + (hasBfloat16 ? 1e-3 : 0))
      expect(repeated, path).toEqual(rounded)
      expect(found?.[index]?.leaf.dtype).toBe('float32')
    })
    expect(Math.abs(item(first.loss) - item(exact.loss))).toBeLessThanOrEqual(tolerance)
    if (hasBfloat16) expect(item(first.loss)).not.toBe(item(exact.loss))
    expect(warnings).toEqual(hasBfloat16 ? [] : [expect.stringContaining('has no fast bfloat16 here, so float32 is used.')])
    for (const { gradient, state: after, loss } of [exact, first, second]) release([gradient, after, loss])
    release([params, state, inputs])
    release(labels)
    expect(liveTensors()).toBe(before)
  })

  it('is near enough for a compiler that proves itself', () => {
    scope(() => {
      // One class an example.
      const labels = integerTensor([0, 1, 2, 3], [4]) as Labels
      const input: StepInput = { ...small.init(randomKey(1), [1, 8, 8, 3]), inputs: randomNormal(randomKey(2), [4, 8, 8, 3]), labels }
      const verified = verifiedCompile(runtime.compile)(gradients, { precision: 'bfloat16' })
      expect(() => [1, 2].map(() => verified(input))).not.toThrow()
    })
  })

  // Channels that fill registers and those that do not; more rows than a task takes.
  it.each([[[4, 5, 5, 16]], [[9, 7, 3, 10]], [[1031, 1, 1, 3]], [[8, 9, 8, 96]], [[2049, 1, 1, 16]]])('normalises maps joined with a residual and the rectifier nearly as in float32, shape %j', (shape) => {
    const channels = shape.at(-1) ?? 0
    const before = liveTensors()
    scope(() => {
      const draw = <A extends readonly number[]>(seed: number, size: A): Tensor<A> => randomNormal(randomKey(seed), size)
      const normalised = (at: Tensor, { scale, offset }: NormInput): Tensor => batchNormTraining(at, scale, offset).output
      const convolved = (at: Tensor, filter: Filter): Tensor => conv2d(expectAxes(at, ['batch', 'height', 'width', 'channel'], { what: 'maps' }), filter)
      const loss = (input: NormInput): Scalar => {
        const { x, filter } = input
        const maps = convolved(x, filter)
        const [alone, joined] = [relu(normalised(maps, input)), relu(add(normalised(convolved(maps, filter), input), maps))]
        // Convolutions behind, so that gradients are maps; two of them for a sum of gradients.
        const behind = [convolved(alone, filter), convolved(joined, filter), convolved(joined, multiply(filter, filter))]
        return behind.map((output, index) => sum(multiply(output, draw(5 + index, shape)))).reduce((left, right) => add(left, right))
      }
      const input: NormInput = { x: draw(1, shape), filter: multiply(draw(2, [1, 1, channels, channels]), 1 / Math.sqrt(channels)), scale: draw(3, [channels]), offset: draw(4, [channels]) }
      const step = (at: NormInput): NormInput => grad(loss)(at)
      const [exact, found] = [step(input), runtime.compile(step, { precision: 'bfloat16' })(input)]
      for (const name of ['x', 'filter', 'scale', 'offset'] as const) {
        const [values, rounded] = [readSync(exact[name]), readSync(found[name])]
        // Most of it is from values near zero that the rectifier lets through in one of the two only.
        expect(norm(Array.from(values, (value, at) => value - (rounded[at] ?? Number.NaN))), name).toBeLessThanOrEqual(0.15 * norm(values))
      }
    })
    expect(liveTensors()).toBe(before)
  })

  it('trains as in float32, and keeps increments of parameters that are too small for bfloat16', ({ skip }) => {
    skip(!runtime.precisions.includes('bfloat16'), 'there is no bfloat16')
    const inputs: Tensor = randomNormal(randomKey(2), [8, 8, 8, 3])
    // As above.
    const labels = integerTensor([0, 1, 2, 3, 0, 1, 2, 3], [8]) as Labels
    const oneStep = ({ counter, ...input }: StepInput & { readonly counter: Scalar }) => {
      const { gradient, state, loss } = gradients(input)
      return { params: zipTrees(input.params, gradient, (parameter, slope) => subtract(parameter, multiply(slope, 0.2))), state, loss, counter: add(counter, 1e-4) }
    }
    const losses = (precision: Precision): readonly number[] => {
      const compiled = runtime.compile(oneStep, { precision })
      let training: { readonly params: TensorTree; readonly state: TensorTree; readonly counter: Scalar } = { ...small.init(randomKey(1), [1, 8, 8, 3]), counter: scalar(1) }
      const found = Array.from({ length: 8 }, () => {
        const before = training
        const { loss, ...after } = scope(() => compiled({ ...before, inputs, labels }), { donate: [before.params, before.state, before.counter] })
        training = after
        const value = item(loss)
        release(loss)
        return value
      })
      // From 1 on, bfloat16 counts in steps of 2⁻⁷.
      expect(item(training.counter)).toBeCloseTo(1 + 8e-4, 6)
      release([training.params, training.state, training.counter])
      return found
    }
    const [exact, found] = [losses('float32'), losses('bfloat16')]
    found.forEach((loss, step) => {
      expect(Math.abs(loss - (exact[step] ?? 0))).toBeLessThan(0.02)
      if (step > 0) expect(loss).toBeLessThan(found[step - 1] ?? 0)
    })
    release(inputs)
    release(labels)
  })
})
