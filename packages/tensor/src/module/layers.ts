import { TransferkitError } from '../error.js'
import { batchNormInference, batchNormTraining } from '../ops/batch-normalisation.js'
import { add, multiply } from '../ops/arithmetic.js'
import { conv2d, depthwiseConv2d, type Filters } from '../ops/convolution.js'
import { fill, ones, randomUniform, zeros } from '../ops/creation.js'
import { relu, relu6 } from '../ops/elementwise.js'
import { dropout } from '../ops/indexing.js'
import { matMul } from '../ops/matrix-product.js'
import { averagePool, globalAveragePool, maxPool, type PoolingOptions } from '../ops/pooling.js'
import { identity, reshape, stopGradient } from '../ops/shape.js'
import type { Padding } from '../kernels/accelerated.js'
import { foldIn, type Key } from '../random/key.js'
import type { Images, Shape, Tensor, Vectors } from '../tensor/tensor.js'
import { fanInUniform, type Initialiser } from './initialisation.js'
import { layer, variable } from './layer.js'
import type { Module, ModuleDescription } from './module.js'

/** Settings of {@link denseLayer}. */
export interface DenseOptions {
  /** Number of outputs. */
  readonly units: number
  /** Whether a bias is added; true unless told, as in PyTorch; it starts uniform in ±1/√(fan in). */
  readonly bias?: boolean
  /** Start of the weight; uniform in ±1/√(fan in) unless told, as in PyTorch. */
  readonly initialiser?: Initialiser
}

/** The start of PyTorch for a bias: uniform in ±1/√(fan in) of the weight beside it. */
const biasFor = (key: Key, inputs: number, units: number): Tensor => {
  const bound = 1 / Math.sqrt(inputs)
  return randomUniform(key, [units], -bound, bound)
}

const lastOf = (shape: Shape): number => shape.at(-1) ?? 0

/**
 * A fully connected layer, `x W + b`, from `[batch, inputs]` to `[batch, units]`. Variables: `weight [inputs, units]` and `bias [units]`.
 *
 * @param options Number of units, bias, start.
 * @throws TransferkitError `shape/mat-mul`, from `apply`, when the input has another width than the weight.
 *
 * @example
 * ```ts
 * import { denseLayer, inference, ones, randomKey } from '@transferkit/tensor'
 *
 * const layer = denseLayer({ units: 10 })
 * const { output } = layer.apply(layer.init(randomKey(1), [1, 64]), ones([8, 64]), inference) // [8, 10]
 * ```
 */
export const denseLayer = ({ units, bias = true, initialiser = fanInUniform }: DenseOptions): Module<Vectors, Vectors> =>
  layer<Vectors, Vectors>({
    description: { kind: 'dense', units, bias },
    init: (key, inputShape) => {
      const inputs = lastOf(inputShape)
      const weight = initialiser(foldIn(key, 'weight'), [inputs, units])
      return { params: bias ? { weight, bias: biasFor(foldIn(key, 'bias'), inputs, units) } : { weight }, state: {} }
    },
    apply: ({ params }, x) => {
      // The number of inputs is that of the weight, which `matMul` checks at run time.
      const scores: Tensor = matMul(x as Tensor, variable(params, 'weight'))
      // Rows of vectors again.
      return { output: (bias ? add(scores, variable(params, 'bias')) : scores) as Vectors }
    },
  })

/** Settings of {@link convolutionLayer}. */
export interface ConvolutionLayerOptions {
  /** Number of output channels. */
  readonly channels: number
  /** Height and width of the filters: one number for both, or `[height, width]`. */
  readonly kernelSize: number | readonly [number, number]
  /** Step between windows, the same in both directions or `[rows, columns]`; 1 unless told. */
  readonly strides?: number | readonly [number, number]
  /** Zeros on all sides, or `[[top, bottom], [left, right]]`; 0 unless told. */
  readonly padding?: number | Padding
  /** Whether a bias is added; false unless told, as before batch norm. */
  readonly bias?: boolean
  /** Start of the filters; uniform in ±1/√(fan in) unless told, as in PyTorch. */
  readonly initialiser?: Initialiser
}

const bothSides = (size: number | readonly [number, number]): readonly [number, number] => (typeof size === 'number' ? [size, size] : size)

/** The settings of both kinds of convolution as plain data. */
const described = ({ kernelSize, strides = 1, padding = 0, bias = false }: Omit<ConvolutionLayerOptions, 'channels'>): Omit<ModuleDescription, 'kind'> => ({
  kernelSize,
  strides,
  padding: typeof padding === 'number' ? padding : padding.flat(),
  bias,
})

/**
 * A convolution, from `[batch, height, width, inputs]` to `[batch, height', width', channels]`, with `height' = ⌊(height + padding - window) / stride⌋ + 1` and the
 * padding of both sides. Variables: `filter [height, width, inputs, channels]` and `bias [channels]`.
 *
 * @param options Channels, filter size, strides, explicit padding, bias, start.
 * @throws TransferkitError `shape/convolution`, from `apply`, when the input has other channels than the filters or is smaller than they are.
 *
 * @example
 * ```ts
 * import { convolutionLayer, randomKey } from '@transferkit/tensor'
 *
 * const { params } = convolutionLayer({ channels: 16, kernelSize: 3, padding: 1 }).init(randomKey(1), [1, 32, 32, 3])
 * ```
 */
export const convolutionLayer = (options: ConvolutionLayerOptions): Module<Images, Images> => {
  const { channels, kernelSize, strides = 1, padding = 0, bias = false, initialiser = fanInUniform } = options
  return layer<Images, Images>({
    description: { kind: 'convolution', channels, ...described(options) },
    init: (key, inputShape) => {
      const [height, width] = bothSides(kernelSize)
      const filter = initialiser(foldIn(key, 'filter'), [height, width, lastOf(inputShape), channels])
      return { params: bias ? { filter, bias: biasFor(foldIn(key, 'bias'), height * width * lastOf(inputShape), channels) } : { filter }, state: {} }
    },
    apply: ({ params }, x) => {
      // A variable of this name has the four axes of filters.
      return { output: conv2d(x, variable(params, 'filter') as Filters, { strides, padding, ...(bias ? { bias: variable(params, 'bias') } : {}) }) }
    },
  })
}

/** Settings of {@link depthwiseConvolutionLayer}. */
export interface DepthwiseConvolutionLayerOptions extends Omit<ConvolutionLayerOptions, 'channels'> {
  /** Number of filters a channel; 1 unless told. */
  readonly multiplier?: number
}

/**
 * A depthwise convolution: every channel has filters of its own. Variables: `filter [height, width, channels, multiplier]` and
 * `bias [channels · multiplier]`.
 *
 * @param options Filter size, filters a channel, strides, explicit padding, bias, start.
 * @throws TransferkitError `shape/convolution`, from `apply`, when the input has other channels than the filters or is smaller than they are.
 *
 * @example
 * ```ts
 * import { depthwiseConvolutionLayer } from '@transferkit/tensor'
 *
 * const layer = depthwiseConvolutionLayer({ kernelSize: 3, padding: 1 })
 * ```
 */
export const depthwiseConvolutionLayer = (options: DepthwiseConvolutionLayerOptions): Module<Images, Images> => {
  const { kernelSize, multiplier = 1, strides = 1, padding = 0, bias = false, initialiser } = options
  return layer<Images, Images>({
    description: { kind: 'depthwise-convolution', ...described(options), ...(multiplier === 1 ? {} : { multiplier }) },
    init: (key, inputShape) => {
      const [height, width] = bothSides(kernelSize)
      const shape = [height, width, lastOf(inputShape), multiplier] as const
      // One channel sees only its own window, so the fan in is the window's size.
      const bound = 1 / Math.sqrt(height * width)
      const filter = initialiser?.(foldIn(key, 'filter'), shape) ?? randomUniform(foldIn(key, 'filter'), shape, -bound, bound)
      return { params: bias ? { filter, bias: biasFor(foldIn(key, 'bias'), height * width, lastOf(inputShape) * multiplier) } : { filter }, state: {} }
    },
    apply: ({ params }, x) => {
      // A variable of this name has the four axes of filters.
      return { output: depthwiseConv2d(x, variable(params, 'filter') as Filters, { strides, padding, ...(bias ? { bias: variable(params, 'bias') } : {}) }) }
    },
  })
}

/** Settings of {@link batchNormLayer}. */
export interface BatchNormOptions {
  /** `ε` under the root, 1e-5 unless told, as in PyTorch. */
  readonly epsilon?: number
  /** Weight of the old value in the running statistics, 0.9 unless told (PyTorch writes it as momentum 0.1). */
  readonly momentum?: number
  /** Start of the scale, 1 unless told; 0 at the end of a residual block makes it start as its shortcut. */
  readonly initialScale?: number
}

/**
 * Batch normalisation over all axes but the last. Variables: `scale`, `offset`; state: `mean`, `variance` (running, unbiased as in PyTorch).
 *
 * In training it normalises by the batch, and the running statistics move on: `running ← m · running + (1 - m) · batch`; no gradient flows through them.
 *
 * @param options Epsilon, momentum, and start of the scale.
 * @throws TransferkitError `batch-norm/one-value`, when it is applied in training to a single value a channel.
 *
 * @example
 * ```ts
 * import { batchNormLayer, randomKey } from '@transferkit/tensor'
 *
 * const { params, state } = batchNormLayer().init(randomKey(1), [1, 8, 8, 16])
 * ```
 */
export const batchNormLayer = ({ epsilon = 1e-5, momentum = 0.9, initialScale = 1 }: BatchNormOptions = {}): Module =>
  layer({
    description: { kind: 'batch-norm', epsilon, momentum },
    init: (_key, inputShape) => {
      const shape = [lastOf(inputShape)] as const
      return { params: { scale: fill(shape, initialScale), offset: zeros(shape) }, state: { mean: zeros(shape), variance: ones(shape) } }
    },
    apply: ({ params, state }, x: Tensor, mode) => {
      const [scale, offset] = [variable(params, 'scale'), variable(params, 'offset')]
      const [mean, variance] = [variable(state, 'mean'), variable(state, 'variance')]
      if (!mode.training) return { output: batchNormInference(x, scale, offset, mean, variance, epsilon) }
      const count = x.size / lastOf(x.shape)
      if (count < 2) {
        throw new TransferkitError('batch-norm/one-value', `Batch norm needs more than one value a channel in training, but the batch has shape [${String(x.shape)}]. Use a larger batch, or drop the last one.`)
      }
      const normalised = batchNormTraining(x, scale, offset, epsilon)
      const average = (running: Tensor, ofBatch: Tensor, factor: number): Tensor =>
        add(multiply(stopGradient(running), momentum), multiply(stopGradient(ofBatch), (1 - momentum) * factor))
      return {
        output: normalised.output,
        state: { mean: average(mean, normalised.mean, 1), variance: average(variance, normalised.variance, count / (count - 1)) },
      }
    },
  })

/**
 * The rectifier as a layer.
 *
 * @example
 * ```ts
 * import { reluLayer } from '@transferkit/tensor'
 *
 * const layer = reluLayer()
 * ```
 */
export const reluLayer = (): Module => layer({ description: { kind: 'relu' }, apply: (_variables, x: Tensor) => ({ output: relu(x) }) })

/**
 * The rectifier cut off at 6 as a layer.
 *
 * @example
 * ```ts
 * import { relu6Layer } from '@transferkit/tensor'
 *
 * const layer = relu6Layer()
 * ```
 */
export const relu6Layer = (): Module => layer({ description: { kind: 'relu6' }, apply: (_variables, x: Tensor) => ({ output: relu6(x) }) })

/**
 * A layer that passes its input on.
 *
 * @example
 * ```ts
 * import { identityLayer } from '@transferkit/tensor'
 *
 * const layer = identityLayer()
 * ```
 */
export const identityLayer = (): Module => layer({ description: { kind: 'identity' }, apply: (_variables, x: Tensor) => ({ output: identity(x) }) })

/**
 * Maximum pooling as a layer.
 *
 * @param options Window, step and border.
 * @throws TransferkitError `shape/pooling`, from `apply`, when the window is larger than the image.
 *
 * @example
 * ```ts
 * import { maxPoolLayer } from '@transferkit/tensor'
 *
 * const layer = maxPoolLayer({ size: 2 })
 * ```
 */
export const maxPoolLayer = (options: PoolingOptions): Module<Images, Images> =>
  layer<Images, Images>({ description: { kind: 'max-pool', size: options.size, strides: options.strides, padding: typeof options.padding === 'object' ? options.padding.flat() : options.padding }, apply: (_variables, x) => ({ output: maxPool(x, options) }) })

/**
 * Average pooling as a layer.
 *
 * @param options Window and step.
 * @throws TransferkitError `shape/pooling`, from `apply`, when the window is larger than the image.
 *
 * @example
 * ```ts
 * import { averagePoolLayer } from '@transferkit/tensor'
 *
 * const layer = averagePoolLayer({ size: 2 })
 * ```
 */
export const averagePoolLayer = (options: Omit<PoolingOptions, 'padding'>): Module<Images, Images> =>
  layer<Images, Images>({ description: { kind: 'average-pool', size: options.size, strides: options.strides }, apply: (_variables, x) => ({ output: averagePool(x, options) }) })

/**
 * Mean over all positions as a layer: images to vectors.
 *
 * @example
 * ```ts
 * import { globalAveragePoolLayer } from '@transferkit/tensor'
 *
 * const layer = globalAveragePoolLayer()
 * ```
 */
export const globalAveragePoolLayer = (): Module<Images, Vectors> =>
  layer<Images, Vectors>({ description: { kind: 'global-average-pool' }, apply: (_variables, x) => ({ output: globalAveragePool(x) }) })

/**
 * All values of an example in one row.
 *
 * @example
 * ```ts
 * import { flattenLayer } from '@transferkit/tensor'
 *
 * const layer = flattenLayer()
 * ```
 */
export const flattenLayer = (): Module<Tensor, Vectors> =>
  // One row an example.
  layer<Tensor, Vectors>({ description: { kind: 'flatten' }, apply: (_variables, x) => ({ output: reshape(x, [x.shape[0] ?? 1, -1]) }) })

/**
 * Dropout as a layer: active in training only.
 *
 * @param rate Probability that an element is dropped.
 * @throws TransferkitError `dropout/rate`, when it is applied in training with a rate of 1 or more.
 *
 * @example
 * ```ts
 * import { dropoutLayer } from '@transferkit/tensor'
 *
 * const layer = dropoutLayer(0.5)
 * ```
 */
export const dropoutLayer = (rate: number): Module =>
  layer({ description: { kind: 'dropout', rate }, apply: (_variables, x: Tensor, mode) => ({ output: mode.training && rate > 0 ? dropout(x, mode.key, { rate }) : identity(x) }) })
