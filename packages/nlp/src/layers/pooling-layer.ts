import {
  add,
  concat,
  divide,
  expandDimensions,
  fanInUniform,
  foldIn,
  layer,
  matMul,
  max,
  maximum,
  minimum,
  type Module,
  multiply,
  pad,
  reshape,
  slice,
  softmax,
  split,
  subtract,
  sum,
  tanh,
  type Tensor,
  variable,
  zeros,
} from '@transferkit/tensor'
import { maskOf, valuesOf } from '../sequence.js'

/** How a sequence becomes one vector. */
export type SequencePooling = 'last' | 'mean' | 'max' | 'attention'

/** All kinds of pooling. */
export const sequencePoolings: readonly SequencePooling[] = ['last', 'mean', 'max', 'attention']

/** Settings of {@link sequencePoolingLayer}. */
export interface SequencePoolingOptions {
  /** How the steps are summarised. */
  readonly pooling: SequencePooling
  /** Whether the second half of the channels runs backwards, so that its last state is that of the first step; false unless told. */
  readonly bidirectional?: boolean
}

/** Below every activation, and finite, so that a product with 0 is 0. */
const lowest = -1e30

/** Adds a large negative number to padded steps, and exactly 0 to real ones. */
const lowered = (x: Tensor, mask: Tensor): Tensor => add(x, multiply(subtract(1, mask), lowest))

/** Sum over the steps with one weight a step. */
const weightedSum = (values: Tensor, weights: Tensor): Tensor => sum(multiply(values, expandDimensions(weights, -1)), [values.rank - 2])

/** 1 at real steps whose neighbour on one side is padding or outside. */
const borderOf = (mask: Tensor, side: 'first' | 'last'): Tensor => {
  const none = mask.shape.slice(0, -1).map(() => [0, 0] as const)
  const longer = pad(mask, [...none, side === 'first' ? [1, 0] : [0, 1]])
  const neighbour = slice(longer, [...none.map(() => 0), side === 'first' ? 0 : 1], mask.shape)
  return multiply(mask, subtract(1, neighbour))
}

const lastState = (values: Tensor, mask: Tensor, bidirectional: boolean): Tensor => {
  if (!bidirectional) return weightedSum(values, borderOf(mask, 'last'))
  const half = (values.shape.at(-1) ?? 0) / 2
  // Two halves of the channels.
  const [forward, backward] = split(values, [half, half]) as readonly [Tensor, Tensor]
  return concat([weightedSum(forward, borderOf(mask, 'last')), weightedSum(backward, borderOf(mask, 'first'))], -1)
}

/** How many steps are real, with an axis for the channels. */
const countOf = (mask: Tensor): Tensor => expandDimensions(sum(mask, [mask.rank - 1]), -1)

const poolings: Readonly<Record<Exclude<SequencePooling, 'attention'>, (values: Tensor, mask: Tensor, bidirectional: boolean) => Tensor>> = {
  last: lastState,
  mean: (values, mask) => divide(weightedSum(values, mask), maximum(countOf(mask), 1)),
  // A text without words has no maximum: it gives 0.
  max: (values, mask) => multiply(max(lowered(values, expandDimensions(mask, -1)), [values.rank - 2]), minimum(countOf(mask), 1)),
}

const attention = (): Module =>
  layer({
    description: { kind: 'sequence-pooling', pooling: 'attention' },
    init: (key, inputShape) => {
      const channels = (inputShape.at(-1) ?? 1) - 1
      return {
        params: { weight: fanInUniform(foldIn(key, 'weight'), [channels, channels]), bias: zeros([channels]), query: fanInUniform(foldIn(key, 'query'), [channels, 1]) },
        state: {},
      }
    },
    apply: ({ params }, sequence: Tensor) => {
      const [values, mask] = [valuesOf(sequence), maskOf(sequence)]
      const rows: Tensor = reshape(values, [-1, values.shape.at(-1) ?? 0])
      const keys: Tensor = tanh(add(matMul(rows, variable(params, 'weight')), variable(params, 'bias')))
      const scores: Tensor = reshape(matMul(keys, variable(params, 'query')), mask.shape)
      return { output: weightedSum(values, multiply(softmax(lowered(scores, mask)), mask)) }
    },
  })

/**
 * A sequence to one vector an example, `[batch, step, channel + mask]` to `[batch, channel]`; padding takes no part, and a text without any real step gives 0.
 * The real steps stand side by side.
 *
 * - `last`: the state after the last real step;
 * - `mean`: mean over the real steps;
 * - `max`: maximum over the real steps, channel by channel;
 * - `attention`: `Σ aₜ vₜ` with `a = softmax(tanh(v W + b) q)` (Yang et al. 2016). Variables: `weight`, `bias`, `query`.
 *
 * @param options Kind, and whether the second half of the channels runs backwards.
 *
 * @example
 * ```ts
 * import { maskedSequence, sequencePoolingLayer } from '@transferkit/nlp'
 * import { inference, ones } from '@transferkit/tensor'
 *
 * const { output } = sequencePoolingLayer({ pooling: 'mean' }).apply({ params: {}, state: {} }, maskedSequence(ones([2, 5, 3]), ones([2, 5])), inference)
 * ```
 */
export const sequencePoolingLayer = ({ pooling, bidirectional = false }: SequencePoolingOptions): Module =>
  pooling === 'attention'
    ? attention()
    : layer({
        description: { kind: 'sequence-pooling', pooling, bidirectional },
        apply: (_variables, sequence: Tensor) => ({ output: poolings[pooling](valuesOf(sequence), maskOf(sequence), bidirectional) }),
      })
