import { add, divide, maximum, minimum, multiply, negate, square, subtract } from '../ops/arithmetic.js'
import { batchNormInference, batchNormTraining } from '../ops/batch-normalisation.js'
import { greater, where } from '../ops/comparison.js'
import { conv2d, conv2dWithCentre, depthwiseConv2d, depthwiseConv2dWithCentre, type Filters } from '../ops/convolution.js'
import { integerTensor, tensor } from '../ops/creation.js'
import { abs, clip, cos, elu, erf, exp, expm1, gelu, leakyRelu, log, log1p, power, relu, relu6, rsqrt, sigmoid, sin, softplus, sqrt, tanh } from '../ops/elementwise.js'
import { cumulativeSum, dropout, gather } from '../ops/indexing.js'
import { matMul } from '../ops/matrix-product.js'
import { mix } from '../ops/mix.js'
import { averagePool, globalAveragePool, maxPool } from '../ops/pooling.js'
import { gruSequence, gruStep, lstmSequence, lstmStep } from '../ops/recurrent.js'
import { logSumExp, max, mean, min, moments, norm, sum } from '../ops/reduction.js'
import { resizeBilinear } from '../ops/resize.js'
import { broadcastTo, concat, expandDimensions, identity, pad, reshape, reverse, slice, split, squeeze, stack, tile, transpose, unstack } from '../ops/shape.js'
import { logSoftmax, sigmoidCrossEntropy, softmax, softmaxCrossEntropy } from '../ops/softmax.js'
import { lstmTransferSequence } from '../ops/transfer-sequence.js'
import { normalArray } from '../random/host.js'
import { foldIn, randomKey } from '../random/key.js'
import type { Images, Logits, Shape, Tensor, Vectors } from '../tensor/tensor.js'

/** An op of the differentiable set with a place to check its derivatives at. */
export interface DifferentiableOp {
  /** Name of the op, and of the variant in brackets. */
  readonly name: string
  /** The op as a function of tensors. */
  readonly f: (...inputs: readonly Tensor[]) => Tensor
  /** Makes the inputs: away from kinks, so that differences of float32 can be trusted. */
  readonly inputs: () => readonly Tensor[]
}

type Values = (index: number) => number

const random = (name: string, shape: Shape): Tensor =>
  tensor(
    normalArray(foldIn(randomKey(7), name), shape.reduce((product, size) => product * size, 1)),
    shape,
  )

/** Values at least 0.25 from 0 in either direction, no two of them nearly equal: no kink of a rectifier, a maximum or an absolute value is near. */
const spread = (shape: Shape, value: Values = (index) => (index % 2 === 0 ? 1 : -1) * (0.3 + 0.17 * ((index * 7) % 11))): Tensor =>
  tensor(
    Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, index) => value(index)),
    shape,
  )

/** Distinct values in no order, 0.2 apart, so that the maximum of a window is clear. */
const shuffled = (shape: Shape): Tensor => spread(shape, (index) => 0.2 * ((index * 37) % 97) - 5)

const positive = (shape: Shape): Tensor => spread(shape, (index) => 0.5 + 0.13 * ((index * 5) % 9))

const one = (name: string, f: (x: Tensor) => Tensor, inputs: () => Tensor): DifferentiableOp => ({
  name,
  // Called with the one input made below.
  f: (x) => f(x),
  inputs: () => [inputs()],
})

const unaryOps: readonly (readonly [string, (x: Tensor) => Tensor, (shape: Shape) => Tensor])[] = [
  ['negate', negate, spread],
  ['square', square, spread],
  ['exp', exp, spread],
  ['expm1', expm1, spread],
  ['log', log, positive],
  ['log1p', log1p, positive],
  ['sqrt', sqrt, positive],
  ['rsqrt', rsqrt, positive],
  ['abs', abs, spread],
  ['tanh', tanh, spread],
  ['sigmoid', sigmoid, spread],
  ['softplus', softplus, spread],
  ['sin', sin, spread],
  ['cos', cos, spread],
  ['erf', erf, spread],
  ['relu', relu, spread],
  ['relu6', relu6, (shape) => multiply(spread(shape), 5)],
  ['leakyRelu', leakyRelu, spread],
  ['elu', elu, spread],
  ['gelu', gelu, spread],
  ['power', (x) => power(x, 3), positive],
  ['power (fraction)', (x) => power(x, 0.7), positive],
  ['clip', (x) => clip(x, -0.9, 0.9), spread],
  ['identity', identity, spread],
  ['softmax', softmax, spread],
  ['logSoftmax', logSoftmax, spread],
  ['logSumExp', (x) => logSumExp(x, [1]), spread],
  ['max', (x) => max(x, [1]), shuffled],
  ['min', (x) => min(x, [0]), shuffled],
  ['sum', (x) => square(sum(x, [1])), spread],
  ['mean', (x) => square(mean(x, [0])), spread],
  ['moments', (x) => moments(x, [1]).variance, spread],
  ['norm', (x) => norm(x, [1]), spread],
  ['cumulativeSum', (x) => square(cumulativeSum(x, 1)), spread],
  ['reshape', (x) => square(reshape(x, [-1])), spread],
  ['transpose', (x) => square(transpose(x, [1, 0])), spread],
  ['slice', (x) => square(slice(x, [1, 0], [1, 2])), spread],
  ['pad', (x) => square(pad(x, [[1, 0], [0, 2]])), spread],
  ['concat', (x) => square(concat([x, square(x)], 1)), spread],
  ['stack', (x) => square(stack([x, exp(x)])), spread],
  ['unstack', (x) => unstack(x).reduce((product, part) => multiply(product, exp(part))), spread],
  ['split', (x) => split(x, [1, 2], 1).reduce((product, part) => multiply(product, exp(part))), spread],
  ['expandDimensions', (x) => square(expandDimensions(x, 1)), spread],
  ['squeeze', (x) => square(squeeze(expandDimensions(x, 0), [0])), spread],
  ['broadcastTo', (x) => square(broadcastTo(x, [3, 2, 3])), spread],
  ['tile', (x) => square(tile(x, [2, 3])), spread],
  ['reverse', (x) => square(reverse(x, [1])), spread],
  ['gather', (x) => square(gather(x, integerTensor([1, 0, 1], [3]))), spread],
  ['dropout', (x) => square(dropout(x, randomKey(3), { rate: 0.5 })), spread],
]

const binaryOps: readonly (readonly [string, (a: Tensor, b: Tensor) => Tensor, () => readonly [Tensor, Tensor]])[] = [
  ['add', (a, b) => square(add(a, b)), () => [spread([2, 3]), random('add', [3])]],
  ['subtract', (a, b) => square(subtract(a, b)), () => [spread([2, 3]), random('subtract', [2, 1])]],
  ['multiply', multiply, () => [spread([2, 3]), random('multiply', [3])]],
  ['divide', divide, () => [spread([2, 3]), positive([3])]],
  ['maximum', (a, b) => square(maximum(a, b)), () => [spread([2, 3]), shuffled([2, 3])]],
  ['minimum', (a, b) => square(minimum(a, b)), () => [spread([2, 3]), shuffled([2, 3])]],
  ['where', (a, b) => square(where(greater(a, 0), a, b)), () => [spread([2, 3]), random('where', [2, 3])]],
  ['mix', (a, b) => mix(a, square(a), b), () => [positive([2, 3]), random('mix', [3])]],
  ['matMul', matMul, () => [random('left', [2, 3]), random('right', [3, 4])]],
  ['matMul (stacked)', matMul, () => [random('left', [1, 2, 3]), random('right', [5, 3, 4])]],
  ['sigmoidCrossEntropy', sigmoidCrossEntropy, () => [spread([2, 3]), positive([2, 3])]],
  ['batchNormTraining', (x, scale) => batchNormTraining(x, scale, tensor([0.1, 0.2, 0.3], [3])).output, () => [random('batch norm', [6, 3]), positive([3])]],
  [
    'batchNormInference',
    (x, scale) => square(batchNormInference(x, scale, tensor([0.1, 0.2, 0.3], [3]), tensor([0, 1, 2], [3]), tensor([1, 2, 3], [3]))),
    () => [random('batch norm', [6, 3]), positive([3])],
  ],
]

const images = (x: Tensor): Images =>
  // The cases below make tensors of four axes.
  x as Images

const filters = (x: Tensor): Filters =>
  // As images.
  x as Filters

const imageOps: readonly DifferentiableOp[] = [
  ...([
    ['conv2d', { padding: 1 }, [1, 5, 4, 2], [3, 3, 2, 3]],
    ['conv2d (stride 2, even size)', { padding: 1, strides: 2 }, [2, 6, 4, 2], [3, 3, 2, 2]],
    ['conv2d (uneven padding)', { padding: [[0, 1], [2, 0]], strides: [1, 2] }, [1, 5, 4, 2], [2, 3, 2, 2]],
    ['conv2d (1 x 1, stride 2)', { strides: 2 }, [1, 5, 4, 2], [1, 1, 2, 3]],
  ] as const).map(([name, options, input, filter]): DifferentiableOp => ({
    name,
    f: (x, w) => conv2d(images(x), filters(w), options),
    inputs: () => [random('image', input), random('filter', filter)],
  })),
  ...([
    ['depthwiseConv2d', { padding: 1 }, [1, 5, 4, 2], [3, 3, 2, 1]],
    ['depthwiseConv2d (stride 2, multiplier 2)', { padding: 1, strides: 2 }, [2, 6, 4, 2], [3, 3, 2, 2]],
  ] as const).map(([name, options, input, filter]): DifferentiableOp => ({
    name,
    f: (x, w) => depthwiseConv2d(images(x), filters(w), options),
    inputs: () => [random('image', input), random('filter', filter)],
  })),
  {
    name: 'conv2d (with a bias)',
    f: (x, w, bias) => conv2d(images(x), filters(w), { padding: 1, bias }),
    inputs: () => [random('image', [1, 5, 4, 2]), random('filter', [3, 3, 2, 3]), random('bias', [3])],
  },
  {
    name: 'depthwiseConv2d (with a bias)',
    f: (x, w, bias) => depthwiseConv2d(images(x), filters(w), { padding: 1, bias }),
    inputs: () => [random('image', [1, 5, 4, 2]), random('filter', [3, 3, 2, 2]), random('bias', [4])],
  },
  ...([
    ['conv2dWithCentre', { padding: 1 }, [1, 5, 4, 2], [3, 3, 2, 3]],
    ['conv2dWithCentre (stride 2, even size)', { padding: 1, strides: 2 }, [2, 6, 4, 2], [3, 3, 2, 2]],
    ['conv2dWithCentre (uneven padding, stride 2)', { padding: [[0, 1], [2, 0]], strides: 2 }, [1, 6, 5, 2], [3, 3, 2, 2]],
    ['conv2dWithCentre (5 x 5, no padding)', {}, [1, 6, 7, 2], [5, 5, 2, 2]],
  ] as const).map(([name, options, input, filter]): DifferentiableOp => ({
    name,
    f: (x, w, centre) => conv2dWithCentre(images(x), filters(w), filters(centre), options),
    inputs: () => [random('image', input), random('filter', filter), random('centre', [1, 1, filter[2], filter[3]])],
  })),
  {
    name: 'conv2dWithCentre (filter held)',
    f: (x, centre) => conv2dWithCentre(images(x), filters(random('filter', [3, 3, 2, 2])), filters(centre), { padding: [[0, 1], [1, 2]], strides: 2 }),
    inputs: () => [random('image', [2, 6, 5, 2]), random('centre', [1, 1, 2, 2])],
  },
  {
    name: 'depthwiseConv2dWithCentre (stride 2)',
    f: (x, w, centre) => depthwiseConv2dWithCentre(images(x), filters(w), filters(centre), { padding: 1, strides: 2 }),
    inputs: () => [random('image', [2, 6, 4, 2]), random('filter', [3, 3, 2, 1]), random('centre', [1, 1, 2, 1])],
  },
  one('maxPool', (x) => square(maxPool(images(x), { size: 2 })), () => shuffled([1, 4, 6, 2])),
  one('maxPool (overlapping, padded)', (x) => square(maxPool(images(x), { size: 3, strides: 2, padding: 1 })), () => shuffled([1, 5, 6, 2])),
  one('averagePool', (x) => square(averagePool(images(x), { size: 2 })), () => random('pool', [1, 5, 4, 2])),
  one('averagePool (overlapping)', (x) => square(averagePool(images(x), { size: 3, strides: 1 })), () => random('pool', [1, 5, 4, 2])),
  one('globalAveragePool', (x) => square(globalAveragePool(images(x))), () => random('pool', [2, 3, 4, 2])),
  one('resizeBilinear', (x) => square(resizeBilinear(images(x), 3, 7)), () => random('resize', [1, 5, 4, 2])),
]

const vectors = (x: Tensor): Vectors =>
  // The cases below make tensors of two axes.
  x as unknown as Vectors

/** One example with padding behind, one with padding inside. */
const stepMask = (): Tensor => tensor([1, 1, 0, 1, 0, 1], [2, 3])

const recurrentOps: readonly DifferentiableOp[] = [
  {
    name: 'lstmStep',
    f: (x, cell) => {
      const next = lstmStep(x, vectors(cell))
      return concat([next.hidden, next.cell], 1)
    },
    inputs: () => [random('lstm gates', [2, 8]), random('lstm cell', [2, 2])],
  },
  {
    name: 'gruStep',
    f: (x, recurrent, hidden) => gruStep(x, recurrent, vectors(hidden)),
    inputs: () => [random('gru input', [2, 6]), random('gru recurrent', [2, 6]), random('gru hidden', [2, 2])],
  },
  ...[false, true].map((reverse): DifferentiableOp => ({
    name: `lstmSequence${reverse ? ' (in reverse)' : ''}`,
    f: (x, weight, hidden, cell) => {
      const states = lstmSequence(x, weight, stepMask(), { hidden: vectors(hidden), cell: vectors(cell) }, { reverse })
      // In one direction only the hidden states are used, as in most networks.
      return reverse ? states.hidden : concat([states.hidden, states.cell], 2)
    },
    inputs: () => [random('lstm input', [2, 3, 8]), random('lstm weight', [2, 8]), random('lstm hidden', [2, 2]), random('lstm cell', [2, 2])],
  })),
  ...[false, true].map((reverse): DifferentiableOp => ({
    name: `gruSequence${reverse ? ' (in reverse)' : ''}`,
    f: (x, weight, bias, hidden) => gruSequence(x, weight, bias, stepMask(), vectors(hidden), { reverse }),
    inputs: () => [random('gru input', [2, 3, 6]), random('gru weight', [2, 6]), random('gru bias', [6]), random('gru hidden', [2, 2])],
  })),
  ...[1, 2].map((count): DifferentiableOp => ({
    name: `lstmTransferSequence with ${count === 1 ? 'candidates' : 'a clone (in reverse)'}`,
    f: (projected, hiddenWeight, gateProjected, gateWeight, source, hidden, cell, candidate) => {
      const inputs = { projected, hiddenWeight, gateProjected, gateWeight, source, mask: stepMask(), initial: { hidden: vectors(hidden), cell: vectors(cell) } }
      return lstmTransferSequence({ ...inputs, ...(count === 1 ? { candidate } : {}) }, { reverse: count === 2 }).hidden
    },
    inputs: () => [
      ...[random('transfer input', [2, 3, count * 8]), random('transfer weight', [2, count * 8]), random('transfer gates', [2, 3, 4]), random('transfer gate weight', [2, 4])],
      ...[random('transfer source', [2, 3, 2]), random('transfer hidden', [2, 2]), random('transfer cell', [2, count * 2])],
      ...(count === 1 ? [random('transfer candidate', [2, 3, 2])] : []),
    ],
  })),
  {
    name: 'lstmTransferSequence (cell states and openings)',
    f: (projected, gateProjected, source) => {
      const weights = { hiddenWeight: random('transfer weight', [2, 8]), gateWeight: random('transfer gate weight', [2, 4]) }
      const initial = { hidden: vectors(random('transfer hidden', [2, 2])), cell: vectors(random('transfer cell', [2, 2])) }
      const states = lstmTransferSequence({ projected, gateProjected, source, candidate: source, ...weights, mask: stepMask(), initial })
      return concat([states.hidden, states.cell, states.openings], 2)
    },
    inputs: () => [random('transfer input', [2, 3, 8]), random('transfer gates', [2, 3, 4]), random('transfer source', [2, 3, 2])],
  },
]

/**
 * Every op of the differentiable set, for the gradient checker.
 *
 * @example
 * ```ts
 * import { differentiableOps } from '@transferkit/tensor/testing'
 *
 * const names = differentiableOps.map(({ name }) => name)
 * ```
 */
export const differentiableOps: readonly DifferentiableOp[] = [
  ...unaryOps.map(([name, f, inputs]) => one(name, f, () => inputs([2, 3]))),
  ...binaryOps.map(([name, f, inputs]): DifferentiableOp => ({ name, f: (a, b) => f(a, b), inputs })),
  ...imageOps,
  ...recurrentOps,
  // Scores with the two axes that the op asks for.
  one('softmaxCrossEntropy', (x) => softmaxCrossEntropy(x as Logits, integerTensor([2, 0], [2])), () => spread([2, 3])),
  // As above.
  one('softmaxCrossEntropy (probabilities)', (x) => softmaxCrossEntropy(x as Logits, tensor([0.2, 0.3, 0.5, 1, 0, 0], [2, 3])), () => spread([2, 3])),
]
