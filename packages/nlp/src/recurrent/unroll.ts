import { add, expandDimensions, multiply, stack, subtract, type Tensor, type TensorTree, TransferkitError, unstack, type Vectors } from '@transferkit/tensor'
import { maskedSequence, maskOf, valuesOf } from '../sequence.js'
import type { CellState, RecurrentCell } from './cell.js'

/** How a cell runs over a sequence. */
export interface UnrollOptions {
  /** Whether the last step comes first; false unless told. Padding at the end is passed over, so that it starts at the last real step. */
  readonly reverse?: boolean
  /** State before the first step; zeros unless told. */
  readonly initial?: CellState
}

/** What a cell makes of a sequence. */
export interface Unrolled {
  /** Hidden states of all steps, with the mask: `[batch, step, hiddenSize + 1]`; zeros at padded steps. */
  readonly sequence: Tensor
  /** State after the last real step, which is the first one in reverse; the initial state where all is padding. */
  readonly final: CellState
}

const carried = (real: Tensor, padded: Tensor, next: Vectors, previous: Vectors): Vectors =>
  // The products broadcast along the channels.
  add(multiply(next as Tensor, real), multiply(previous as Tensor, padded)) as unknown as Vectors

/**
 * The state after a step that is padding for some examples: theirs stays as it was, bit for bit.
 *
 * @param real `[batch, 1]`: 1 where the step is real, 0 where it is padding.
 * @param next State after the step.
 * @param previous State before it.
 *
 * @example
 * ```ts
 * import { carryOver, gruCell } from '@transferkit/nlp'
 * import { tensor } from '@transferkit/tensor'
 *
 * const cell = gruCell({ hiddenSize: 4 })
 * const state = carryOver(tensor([1, 0], [2, 1]), cell.initialState(2), cell.initialState(2))
 * ```
 */
export const carryOver = (real: Tensor, next: CellState, previous: CellState): CellState => {
  const padded: Tensor = subtract(1, real)
  return {
    hidden: carried(real, padded, next.hidden, previous.hidden),
    ...(next.cell === undefined || previous.cell === undefined ? {} : { cell: carried(real, padded, next.cell, previous.cell) }),
  }
}

/**
 * Runs a cell over a sequence, step by step. Padded steps copy the state forward and give zeros.
 *
 * @param cell The cell.
 * @param params Its parameters.
 * @param sequence Input with the mask, `[batch, step, channel + 1]`, of at least one step.
 * @param options Direction and initial state.
 * @throws TransferkitError `nlp/no-steps` when the sequence has no step; `nlp/sequence` when it has other axes.
 *
 * @example
 * ```ts
 * import { lstmCell, maskedSequence, unroll } from '@transferkit/nlp'
 * import { ones, randomKey } from '@transferkit/tensor'
 *
 * const cell = lstmCell({ hiddenSize: 8 })
 * const { final } = unroll(cell, cell.init(randomKey(1), 3), maskedSequence(ones([2, 5, 3]), ones([2, 5])))
 * ```
 */
export const unroll = (cell: RecurrentCell, params: TensorTree, sequence: Tensor, { reverse = false, initial }: UnrollOptions = {}): Unrolled => {
  const mask = maskOf(sequence)
  const [batch = 0, steps = 0] = mask.shape
  if (steps === 0) throw new TransferkitError('nlp/no-steps', `A recurrent layer needs at least one step, but the sequence has shape [${String(sequence.shape)}]. Pad empty texts to one step.`)
  const projected: readonly Tensor[] = unstack(cell.project(params, valuesOf(sequence)), 1)
  const column = expandDimensions(mask, -1)
  const real: readonly Tensor[] = unstack(column, 1)
  const outputs: Tensor[] = []
  let state = initial ?? cell.initialState(batch)
  for (let count = 0; count < steps; count++) {
    const step = reverse ? steps - 1 - count : count
    // There is one of each for every step.
    const [input, isReal] = [projected[step], real[step]] as [Tensor, Tensor]
    state = carryOver(isReal, cell.step(params, input, state), state)
    outputs[step] = state.hidden
  }
  // At least one step was made sure of above.
  const hidden = stack(outputs as [Tensor, ...Tensor[]], 1)
  return { sequence: maskedSequence(multiply(hidden, column), mask), final: state }
}
