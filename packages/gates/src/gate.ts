import {
  add,
  concat,
  depthwiseConv2d,
  fill,
  type Filters,
  type Images,
  type Key,
  multiply,
  ones,
  pad,
  scope,
  type Shape,
  sigmoid,
  type Tensor,
  type TensorTree,
  TransferkitError,
  variable,
  zeros,
} from '@transferkit/tensor'
import { mixChannels } from './mix-channels.js'
import { meanOverPositions, overPositions } from './positions.js'

/** The ways to compute a gate from a source and a target activation, from one neuron a channel and position down to one neuron an example. */
export const gateKinds = ['dense', 'pointwise', 'separable', 'diagonal', 'channel', 'scalar'] as const

/**
 * One of {@link gateKinds}. With source activation `s`, target activation `t`, `C` channels and kernel size `k`, the pre-activation of one gate is:
 *
 * | kind | pre-activation | shape of the opening | parameters |
 * | --- | --- | --- | --- |
 * | `dense` | `s W_s + t W_t + b` on vectors | as `s` | `2C² + C` |
 * | `pointwise` | the same at every position of images: two 1×1 convolutions | as `s` | `2C² + C` |
 * | `separable` | depthwise k×k on `[s ; t]`, then 1×1 from `2C` to `C` | as `s` | `2Ck² + 2C² + C` |
 * | `diagonal` | `w_s ⊙ s + w_t ⊙ t + b` | as `s` | `3C` |
 * | `channel` | dense on the means of `s` and `t` over all positions | `[batch, 1, 1, C]` | `2C² + C` |
 * | `scalar` | dense to one number on the same means | `[batch, 1, 1, 1]` | `2C + 1` |
 */
export type GateKind = (typeof gateKinds)[number]

/**
 * An artificial neuron between two networks: how far it opens is computed from a source and a target activation.
 *
 * It is a pair of pure functions like a module, but of two inputs and without state.
 */
export interface Gate {
  /** Kind, for reports: one of {@link gateKinds}, or `constant`. */
  readonly kind: GateKind | 'constant'
  /**
   * Makes the parameters.
   *
   * @param key Source of randomness, for gates that start at random.
   * @param shape Shape of both activations, with any size for the batch.
   * @throws TransferkitError `gate/shape` when the kind does not fit activations of that shape.
   */
  init(key: Key, shape: Shape): TensorTree
  /**
   * How far the gate is open, in a shape that broadcasts to the activations.
   *
   * @param params What {@link Gate.init} made.
   * @param source Source activation `s`.
   * @param target Target activation `t`, of the same shape.
   * @returns The opening, from 0 (closed) to 1 (open).
   */
  apply(params: TensorTree, source: Tensor, target: Tensor): Tensor
}

/** Settings of {@link gate}. */
export interface GateOptions {
  /** How the gate is computed. */
  readonly kind: GateKind
  /** Start of the bias; weights start at 0, so the gate starts open by `σ(bias)`. 0 unless told, half open (our choice; strategies give their own). */
  readonly bias?: number
  /** Height and width of the filters of a `separable` gate, an odd number; 3 unless told, our choice. */
  readonly kernelSize?: number
}

/** Number of axes that activations may have: `[batch, channel]`, `[batch, time, channel]`, `[batch, height, width, channel]`. */
const ranks: Readonly<Record<GateKind, readonly number[]>> = {
  dense: [2, 3],
  pointwise: [2, 4],
  separable: [4],
  diagonal: [2, 3, 4],
  channel: [4],
  scalar: [2, 4],
}

const checkShape = (kind: GateKind, shape: Shape): void => {
  if (ranks[kind].includes(shape.length)) return
  const fitting = gateKinds.filter((other) => ranks[other].includes(shape.length)).map((other) => `'${other}'`)
  throw new TransferkitError(
    'gate/shape',
    `A '${kind}' gate does not fit activations of shape [${String(shape)}]: it takes ${ranks[kind].join(' or ')} axes. Kinds that fit: ${fitting.join(', ') || 'none'}.`,
  )
}

/**
 * Both filters start as the identity (1 in the centre), so that the gate starts as a `pointwise` one. With filters and weights all at 0 neither would
 * ever get a gradient: the derivative of a product with respect to one factor is the other.
 */
const identityFilters = (kernelSize: number, channels: number): Tensor => {
  const border = (kernelSize - 1) / 2
  return pad(ones([1, 1, channels, 1]), [
    [border, border],
    [border, border],
    [0, 0],
    [0, 0],
  ])
}

const filtered = (params: TensorTree, source: Tensor, target: Tensor, kernelSize: number): Tensor =>
  // Kinds with filters take images only; a variable of this name has the four axes of filters.
  depthwiseConv2d(concat([source, target], -1) as Images, variable(params, 'filter') as Filters, { padding: (kernelSize - 1) / 2 })

const preActivation = (kind: GateKind, kernelSize: number, params: TensorTree, source: Tensor, target: Tensor): Tensor => {
  const bias = variable(params, 'bias')
  switch (kind) {
    case 'diagonal':
      return add(add(multiply(source, variable(params, 'sourceWeight')), multiply(target, variable(params, 'targetWeight'))), bias)
    case 'separable':
      return add(mixChannels(filtered(params, source, target, kernelSize), variable(params, 'weight')), bias)
    case 'channel':
    case 'scalar': {
      const [s, t] = [meanOverPositions(source), meanOverPositions(target)]
      const scores = add(add(mixChannels(s, variable(params, 'sourceWeight')), mixChannels(t, variable(params, 'targetWeight'))), bias)
      return overPositions(scores, source)
    }
    case 'dense':
    case 'pointwise':
      return add(add(mixChannels(source, variable(params, 'sourceWeight')), mixChannels(target, variable(params, 'targetWeight'))), bias)
  }
}

/**
 * A learned gate: `σ(pre-activation)` as {@link GateKind} defines it.
 *
 * Weights start at 0, so that at first the gate is open by `σ(bias)` everywhere, whatever the activations are.
 *
 * @param options Kind, start of the bias, kernel size.
 * @throws TransferkitError `gate/kernel-size` when the kernel size is even or not a positive whole number; `gate/shape`, from `init` and `apply`, when the kind does not
 * fit the activations.
 *
 * @example
 * ```ts
 * import { gate } from '@transferkit/gates'
 * import { ones, randomKey } from '@transferkit/tensor'
 *
 * const transferGate = gate({ kind: 'pointwise', bias: 2 })
 * const params = transferGate.init(randomKey(1), [1, 8, 8, 16])
 * const opening = transferGate.apply(params, ones([4, 8, 8, 16]), ones([4, 8, 8, 16])) // 0.88 everywhere
 * ```
 */
export const gate = ({ kind, bias = 0, kernelSize = 3 }: GateOptions): Gate => {
  if (!Number.isInteger(kernelSize) || kernelSize < 1 || kernelSize % 2 === 0) {
    throw new TransferkitError('gate/kernel-size', `The kernel size of a gate is an odd whole number, so that it has a centre, but it is ${kernelSize}. Use 3 or 5.`)
  }
  return {
    kind,
    init: (_key, shape) =>
      scope((): TensorTree => {
        checkShape(kind, shape)
        const channels = shape.at(-1) ?? 0
        const units = kind === 'scalar' ? 1 : channels
        const biases = fill([units], bias)
        if (kind === 'separable') return { filter: identityFilters(kernelSize, 2 * channels), weight: zeros([2 * channels, units]), bias: biases }
        const weightShape = kind === 'diagonal' ? [channels] : [channels, units]
        return { sourceWeight: zeros(weightShape), targetWeight: zeros(weightShape), bias: biases }
      }),
    apply: (params, source, target) => {
      checkShape(kind, source.shape)
      return scope(() => sigmoid(preActivation(kind, kernelSize, params, source, target)))
    },
  }
}

/**
 * A gate held open by a given amount: the discrete transfer states are units with gates held at 0 and 1.
 *
 * It has no parameters and ignores those that it is given, so it can stand in for a learned gate in a trained model.
 *
 * @param opening A number, or a tensor that broadcasts to the activations; from 0 to 1.
 *
 * @example
 * ```ts
 * import { constantGate } from '@transferkit/gates'
 *
 * const closed = constantGate(0)
 * ```
 */
export const constantGate = (opening: number | Tensor): Gate => ({
  kind: 'constant',
  init: () => ({}),
  apply: (_params, source) => (typeof opening === 'number' ? fill(source.shape.map(() => 1), opening) : opening),
})
