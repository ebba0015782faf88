import {
  averagePoolLayer,
  batchNormLayer,
  convolutionLayer,
  denseLayer,
  depthwiseConvolutionLayer,
  maxPoolLayer,
  type Module,
  type Padding,
  relu6Layer,
  reluLayer,
  type Shape,
  TransferkitError,
} from '@transferkit/tensor'
import { type ActivationName, activationLayer, activationNames, clipLayer, insideAveragePoolLayer, leakyReluLayer } from './imported-layers.js'
import { samePadding } from './same-padding.js'
import type { Weight } from './weights.js'

/** A module with what it has learned, as an imported model has it. @internal */
export interface Step {
  /** Name inside its layer, where the layer has several steps. */
  readonly name: string
  /** What it computes. */
  readonly module: Module
  /** Parameters by name. */
  readonly params?: Readonly<Record<string, Weight>>
  /** Running statistics by name. */
  readonly state?: Readonly<Record<string, Weight>>
}

/** Height and width, or rows and columns. @internal */
export type Pair = readonly [number, number]

/** One number where both are equal, as our own networks have it. */
const compact = ([first, second]: Pair): number | Pair => (first === second ? first : [first, second])

const compactPadding = (padding: Padding): number | Padding => {
  const [[top]] = padding
  return padding.flat().every((width) => width === top) ? top : padding
}

/** Zeros around maps: as TensorFlow calls them, or told one by one. @internal */
export type GivenPadding = 'same' | 'valid' | Padding

const noPadding: Padding = [
  [0, 0],
  [0, 0],
]

const paddingOf = (given: GivenPadding, [height = 0, width = 0]: Shape, window: Pair, strides: Pair): Padding =>
  given === 'same' ? samePadding([height, width], window, strides) : given === 'valid' ? noPadding : given

const zerosOf = (size: number): Weight => ({ shape: [size], values: new Float32Array(size) })

const onesOf = (size: number): Weight => ({ shape: [size], values: new Float32Array(size).fill(1) })

const optional = (bias: Weight | undefined): Readonly<Record<string, Weight>> => (bias === undefined ? {} : { bias })

/** What a convolution of either kind is made from. @internal */
export interface ConvolutionParts {
  /** `[height, width, inputs, channels]`, or for a depthwise one `[height, width, channels, multiplier]`. */
  readonly filter: Weight
  /** One number a channel. */
  readonly bias?: Weight | undefined
  /** Step by rows and columns. */
  readonly strides: Pair
  /** Zeros around the maps. */
  readonly padding: GivenPadding
  /** Shape of the maps that come in, of one example. */
  readonly inputShape: Shape
}

const settingsOf = ({ filter, bias, strides, padding, inputShape }: ConvolutionParts): { readonly kernelSize: number | Pair; readonly strides: number | Pair; readonly padding: number | Padding; readonly bias: boolean } => {
  const [height = 1, width = 1] = filter.shape
  return {
    kernelSize: compact([height, width]),
    strides: compact(strides),
    padding: compactPadding(paddingOf(padding, inputShape, [height, width], strides)),
    bias: bias !== undefined,
  }
}

/** A convolution. @internal */
export const convolutionStep = (parts: ConvolutionParts): Step => ({
  name: 'convolution',
  module: convolutionLayer({ channels: parts.filter.shape[3] ?? 0, ...settingsOf(parts) }),
  params: { filter: parts.filter, ...optional(parts.bias) },
})

/** A depthwise convolution. @internal */
export const depthwiseStep = (parts: ConvolutionParts): Step => ({
  name: 'depthwise',
  module: depthwiseConvolutionLayer({ multiplier: parts.filter.shape[3] ?? 1, ...settingsOf(parts) }),
  params: { filter: parts.filter, ...optional(parts.bias) },
})

/** A fully connected layer. @internal */
export const denseStep = (weight: Weight, bias: Weight | undefined): Step => ({
  name: 'dense',
  module: denseLayer({ units: weight.shape[1] ?? 0, bias: bias !== undefined }),
  params: { weight, ...optional(bias) },
})

/** What batch norm is made from. @internal */
export interface BatchNormParts {
  /** Number of channels. */
  readonly channels: number
  /** Scale; ones where there is none. */
  readonly scale: Weight | undefined
  /** Offset; zeros where there is none. */
  readonly offset: Weight | undefined
  /** Running mean. */
  readonly mean: Weight
  /** Running variance. */
  readonly variance: Weight
  /** `ε` under the root. */
  readonly epsilon: number
  /** Weight of the old value in the running statistics. */
  readonly momentum: number
}

/** Batch norm. @internal */
export const batchNormStep = ({ channels, scale, offset, mean, variance, epsilon, momentum }: BatchNormParts): Step => ({
  name: 'norm',
  module: batchNormLayer({ epsilon, momentum }),
  params: { scale: scale ?? onesOf(channels), offset: offset ?? zerosOf(channels) },
  state: { mean, variance },
})

/** What a pooling is made from. @internal */
export interface PoolingParts {
  /** Height and width of the window. */
  readonly size: Pair
  /** Step by rows and columns. */
  readonly strides: Pair
  /** Border. */
  readonly padding: GivenPadding
  /** Shape of the maps that come in, of one example. */
  readonly inputShape: Shape
  /** Name of the layer, for messages. */
  readonly layer: string
}

const square = (pair: Pair, what: string, layer: string): number => {
  if (pair[0] === pair[1]) return pair[0]
  throw new TransferkitError('tfjs/unsupported-setting', `The ${what} of the pooling '${layer}' is ${pair[0]} x ${pair[1]}, but only equal numbers of rows and columns can be imported.`)
}

const windowOf = ({ size, strides, padding, inputShape, layer }: PoolingParts): { readonly size: number; readonly strides: number; readonly padding: Padding } => ({
  size: square(size, 'window', layer),
  strides: square(strides, 'step', layer),
  padding: paddingOf(padding, inputShape, size, strides),
})

const hasBorder = (padding: Padding): boolean => padding.flat().some((width) => width > 0)

/** Maximum pooling. @internal */
export const maxPoolStep = (parts: PoolingParts): Step => {
  const { size, strides, padding } = windowOf(parts)
  return { name: 'pool', module: maxPoolLayer({ size, strides, ...(hasBorder(padding) ? { padding: compactPadding(padding) } : {}) }) }
}

/** Average pooling; positions outside the image do not count. @internal */
export const averagePoolStep = (parts: PoolingParts): Step => {
  const { size, strides, padding } = windowOf(parts)
  return { name: 'pool', module: hasBorder(padding) ? insideAveragePoolLayer({ size, strides, padding }) : averagePoolLayer({ size, strides }) }
}

const isActivationName = (name: string): name is ActivationName => activationNames.some((known) => known === name)

/**
 * An activation function; no step where it is `linear`.
 *
 * @param name Name in Keras.
 * @param layer Name of the layer, for messages.
 * @throws TransferkitError `tfjs/unsupported-activation`.
 * @internal
 */
export const activationSteps = (name: string, layer: string): readonly Step[] => {
  if (name === 'linear') return []
  if (name === 'relu') return [{ name: 'relu', module: reluLayer() }]
  if (name === 'relu6') return [{ name: 'relu6', module: relu6Layer() }]
  const known = name === 'silu' ? 'swish' : name
  if (isActivationName(known)) return [{ name: 'activation', module: activationLayer(known) }]
  throw new TransferkitError('tfjs/unsupported-activation', `The layer '${layer}' has the activation '${name}', which cannot be imported. Supported are: linear, relu, relu6, silu, ${activationNames.join(', ')}.`)
}

/** A rectifier with the settings that Keras gives it. @internal */
export const rectifierStep = (slope: number, highest: number | undefined): Step => {
  if (slope !== 0) return { name: 'relu', module: leakyReluLayer(slope) }
  if (highest === undefined) return { name: 'relu', module: reluLayer() }
  return { name: 'relu', module: highest === 6 ? relu6Layer() : clipLayer(0, highest) }
}
