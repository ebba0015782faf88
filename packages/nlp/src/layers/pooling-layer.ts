import {
  add,
  argMax,
  cast,
  concat,
  divide,
  expandDimensions,
  fanInUniform,
  foldIn,
  gather,
  layer,
  matMul,
  max,
  maximum,
  minimum,
  type Module,
  multiply,
  reshape,
  softmax,
  split,
  subtract,
  sum,
  tanh,
  tensor,
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

/** How many steps are real, with an axis for the channels. */
const countOf = (mask: Tensor): Tensor => expandDimensions(sum(mask, [mask.rank - 1]), -1)

/** The values of the first or the last real step; 0 where there is none. */
const stateAt = (side: 'first' | 'last', values: Tensor, mask: Tensor): Tensor => {
  const channels = values.shape.at(-1) ?? 0
  const steps = mask.shape.at(-1) ?? 0
  const preference = Array.from({ length: steps }, (_, step) => (side === 'last' ? step + 1 : steps - step))
  const found: Tensor = cast(argMax(multiply(mask, tensor(preference, [steps]))), 'float32')
  const start = tensor(Array.from({ length: found.size }, (_, example) => example * steps), found.shape)
  const states = gather(reshape(values, [-1, channels]), cast(add(found, start), 'int32'))
  return multiply(states, minimum(countOf(mask), 1))
}

const lastState = (values: Tensor, mask: Tensor, bidirectional: boolean): Tensor => {
  if (!bidirectional) return stateAt('last', values, mask)
  const half = (values.shape.at(-1) ?? 0) / 2
  // Two halves of the channels.
  const [forward, backward] = split(values, [half, half]) as readonly [Tensor, Tensor]
  return concat([stateAt('last', forward, mask), stateAt('first', backward, mask)], -1)
}

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
 * @throws TransferkitError `nlp/sequence`, from `apply`, when the input has other axes.
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
