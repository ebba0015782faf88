import { dropout, layer, type Mode, type Module, type Tensor } from '@transferkit/tensor'
import { eachSequence, maskedSequence, maskOf, valuesOf } from '../sequence.js'
import type { RecurrentCell } from './cell.js'
import { unroll } from './unroll.js'

/** Settings of {@link recurrentLayer}. */
export interface RecurrentLayerOptions {
  /** The cell that runs over the sequence. */
  readonly cell: RecurrentCell
  /** Whether the last real step comes first; false unless told. */
  readonly reverse?: boolean
  /** Probability that a value of the input is dropped in training, from 0 to below 1; 0 unless told, as in PyTorch. */
  readonly dropout?: number
}

/** A module that runs one cell over a sequence. */
export interface RecurrentModule extends Module {
  /** The cell. */
  readonly cell: RecurrentCell
  /** Whether the last real step comes first. */
  readonly reverse: boolean
  /** Probability that a value of the input is dropped in training. */
  readonly dropout: number
}

const kind = 'recurrent'

/**
 * Dropout of the values of a sequence in training; the mask stays.
 *
 * @param sequence `[batch, step, channel + 1]`.
 * @param mode Mode of the layer.
 * @param rate Probability that a value is dropped.
 * @returns `[batch, step, channel + 1]`; the sequence itself in inference.
 * @throws TransferkitError, in training, `dropout/rate` with a rate of 1 or more, `nlp/sequence` when the sequence has other axes.
 *
 * @example
 * ```ts
 * import { dropoutOfValues, maskedSequence } from '@transferkit/nlp'
 * import { ones, randomKey, trainingMode } from '@transferkit/tensor'
 *
 * const thinned = dropoutOfValues(maskedSequence(ones([1, 3, 4]), ones([1, 3])), trainingMode(randomKey(1)), 0.5)
 * ```
 */
export const dropoutOfValues = (sequence: Tensor, mode: Mode, rate: number): Tensor =>
  mode.training && rate > 0 ? maskedSequence(dropout(valuesOf(sequence), mode.key, { rate }), maskOf(sequence)) : sequence

/**
 * A recurrent layer in one direction: `[batch, step, channel + mask]` to `[batch, step, hiddenSize + mask]`. Padded steps copy the state forward; their
 * output is 0. Variables: `input.weight`, `input.bias`, `hidden.weight`, `hidden.bias`, as the cell makes them.
 *
 * @param options Cell, direction, dropout of the input.
 * @throws TransferkitError from `apply`: `nlp/sequence` when the input has other axes, `nlp/no-steps` when it has no step, `dropout/rate` in training with a rate of 1 or more.
 *
 * @example
 * ```ts
 * import { lstmCell, recurrentLayer } from '@transferkit/nlp'
 * import { randomKey } from '@transferkit/tensor'
 *
 * const layer = recurrentLayer({ cell: lstmCell({ hiddenSize: 128 }) })
 * const variables = layer.init(randomKey(1), [1, 40, 301])
 * ```
 */
export const recurrentLayer = ({ cell, reverse = false, dropout: rate = 0 }: RecurrentLayerOptions): RecurrentModule => {
  const made: RecurrentModule = {
    ...layer({
      description: { kind, cell: cell.kind, hiddenSize: cell.hiddenSize, reverse, dropout: rate },
      init: (key, inputShape) => ({ params: cell.init(key, (inputShape.at(-1) ?? 1) - 1), state: {} }),
      apply: ({ params }, sequence: Tensor, mode) => ({
        output: eachSequence(dropoutOfValues(sequence, mode, rate), (rows) => unroll(cell, params, rows, { reverse }).sequence),
      }),
    }),
    withChildren: () => made,
    cell,
    reverse,
    dropout: rate,
  }
  return made
}

/**
 * Whether a module is a {@link recurrentLayer}, so that its cell can be read.
 *
 * @param module Any module.
 *
 * @example
 * ```ts
 * import { gruCell, isRecurrentLayer, recurrentLayer } from '@transferkit/nlp'
 *
 * isRecurrentLayer(recurrentLayer({ cell: gruCell({ hiddenSize: 4 }) })) // true
 * ```
 */
export const isRecurrentLayer = (module: Module): module is RecurrentModule => module.description.kind === kind
