import { add, gruSequence, gruStep } from '@transferkit/tensor'
import type { CellOptions, RecurrentCell } from './cell.js'
import { cellInit, productOf, productWith, projectSteps, zeroState } from './gated-cell.js'

/**
 * Gated recurrent unit (Cho et al. 2014), equal to PyTorch's `nn.GRU`, where the reset gate acts behind the product. The gates stand in the order reset,
 * update, new:
 *
 * ```text
 * r, z = σ(x W_r + b_r + h U_r + c_r), ...   n = tanh(x W_n + b_n + r ⊙ (h U_n + c_n))
 * h' = (1 - z) ⊙ n + z ⊙ h
 * ```
 *
 * @param options Size of the hidden state, and how the weights start.
 *
 * @example
 * ```ts
 * import { gruCell } from '@transferkit/nlp'
 * import { randomKey } from '@transferkit/tensor'
 *
 * const cell = gruCell({ hiddenSize: 128, orthogonal: true })
 * const params = cell.init(randomKey(1), 300)
 * ```
 */
export const gruCell = (options: CellOptions): RecurrentCell => {
  const { hiddenSize } = options
  const project: RecurrentCell['project'] = (params, x) => {
    const { weight, bias } = productOf(params, 'input')
    return projectSteps(x, weight, bias)
  }
  return {
    kind: 'gru',
    hiddenSize,
    init: cellInit(3, options),
    project,
    step: (params, projected, { hidden }) => {
      const { weight, bias } = productOf(params, 'hidden')
      return { hidden: gruStep(projected, add(productWith(hidden, weight), bias), hidden) }
    },
    sequence: (params, x, mask, { hidden }, reverse) => {
      const { weight, bias } = productOf(params, 'hidden')
      return { hidden: gruSequence(project(params, x), weight, bias, mask, hidden, { reverse }) }
    },
    initialState: (batch) => ({ hidden: zeroState(batch, hiddenSize) }),
  }
}
