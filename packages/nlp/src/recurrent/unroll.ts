import { expandDimensions, multiply, slice, squeeze, stack, type Tensor, type TensorTree, throughPadding, TransferkitError, unstack, type Vectors } from '@transferkit/tensor'
import { maskedSequence, maskOf, valuesOf } from '../sequence.js'
import type { CellState, RecurrentCell, StatesOverTime } from './cell.js'

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
  /** States of all steps. */
  readonly states: StatesOverTime
  /** State after the last real step, which is the first one in reverse; the initial state where all is padding. */
  readonly final: CellState
}

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
export const carryOver = (real: Tensor, next: CellState, previous: CellState): CellState => ({
  hidden: throughPadding(real, next.hidden, previous.hidden),
  ...(next.cell === undefined || previous.cell === undefined ? {} : { cell: throughPadding(real, next.cell, previous.cell) }),
})

/** States after each step, by position. */
const stepByStep = (cell: RecurrentCell, params: TensorTree, x: Tensor, mask: Tensor, initial: CellState, reverse: boolean): StatesOverTime => {
  const inputs: readonly Tensor[] = unstack(cell.project(params, x), 1)
  const real: readonly Tensor[] = unstack(expandDimensions(mask, -1), 1)
  const states: CellState[] = []
  let state = initial
  for (let count = 0; count < inputs.length; count++) {
    const step = reverse ? inputs.length - 1 - count : count
    // There is one of each for every step.
    const [input, isReal] = [inputs[step], real[step]] as [Tensor, Tensor]
    state = carryOver(isReal, cell.step(params, input, state), state)
    states[step] = state
  }
  // One state a step, and there is one step at least.
  const together = (all: readonly Vectors[]): Tensor => stack(all as readonly Tensor[] as [Tensor, ...Tensor[]], 1)
  const cells = states.flatMap((each) => (each.cell === undefined ? [] : [each.cell]))
  return { hidden: together(states.map(({ hidden }) => hidden)), ...(cells.length === 0 ? {} : { cell: together(cells) }) }
}

/** The states at one position. */
const stateAt = ({ hidden, cell }: StatesOverTime, step: number): CellState => {
  // One vector an example.
  const at = (states: Tensor): Vectors => squeeze(slice(states, [0, step, 0], [-1, 1, -1]), [1]) as unknown as Vectors
  return { hidden: at(hidden), ...(cell === undefined ? {} : { cell: at(cell) }) }
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
  const given = [params, valuesOf(sequence), mask, initial ?? cell.initialState(batch), reverse] as const
  const states = cell.sequence?.(...given) ?? stepByStep(cell, ...given)
  const output = multiply(states.hidden, expandDimensions(mask, -1))
  return { sequence: maskedSequence(output, mask), states, final: stateAt(states, reverse ? 0 : steps - 1) }
}
