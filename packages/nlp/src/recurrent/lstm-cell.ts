import { add, lstmSequence, lstmStep, TransferkitError, type LstmState } from '@transferkit/tensor'
import type { CellOptions, CellState, RecurrentCell } from './cell.js'
import { cellInit, productOf, productWith, projectSteps, zeroState } from './gated-cell.js'

/** The state of an LSTM, which has a cell state. @internal */
export const withCell = ({ hidden, cell }: CellState): LstmState => {
  if (cell === undefined) throw new TransferkitError('nlp/cell-state', 'The state of an LSTM has a hidden and a cell state, but this one has no cell state. Is it that of a GRU?')
  return { hidden, cell }
}

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000), equal to PyTorch's `nn.LSTM`. The gates stand in the
 * order input, forget, cell, output:
 *
 * ```text
 * i, f, o = σ(x W_i + h U_i + b_i), ...      g = tanh(x W_g + h U_g + b_g)
 * c' = f ⊙ c + i ⊙ g                         h' = o ⊙ tanh(c')
 * ```
 *
 * @param options Size of the hidden state, and how the weights start.
 *
 * @example
 * ```ts
 * import { lstmCell } from '@transferkit/nlp'
 * import { randomKey } from '@transferkit/tensor'
 *
 * const cell = lstmCell({ hiddenSize: 128 })
 * const params = cell.init(randomKey(1), 300)
 * ```
 */
export const lstmCell = (options: CellOptions): RecurrentCell => {
  const { hiddenSize } = options
  const project: RecurrentCell['project'] = (params, x) => {
    const input = productOf(params, 'input')
    // Both biases are added to the same sum, so that one addition for all steps does.
    return projectSteps(x, input.weight, add(input.bias, productOf(params, 'hidden').bias))
  }
  return {
    kind: 'lstm',
    hiddenSize,
    init: cellInit(4, options),
    project,
    step: (params, projected, state) => {
      const { hidden, cell } = withCell(state)
      return lstmStep(add(projected, productWith(hidden, productOf(params, 'hidden').weight)), cell)
    },
    sequence: (params, x, mask, initial, reverse) => lstmSequence(project(params, x), productOf(params, 'hidden').weight, mask, withCell(initial), { reverse }),
    initialState: (batch) => ({ hidden: zeroState(batch, hiddenSize), cell: zeroState(batch, hiddenSize) }),
  }
}
