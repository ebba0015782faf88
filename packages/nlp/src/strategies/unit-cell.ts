import type { ParameterTransferUnit, UnitResult } from '@transferkit/gates'
import { add, branchAt, concat, lstmTransferSequence, split, type Tensor, type TensorTree, type Vectors } from '@transferkit/tensor'
import type { CellState, RecurrentCell, StatesOverTime } from '../recurrent/cell.js'
import { productOf, projectSteps } from '../recurrent/gated-cell.js'
import { withCell } from '../recurrent/lstm-cell.js'

/** What a unit over time is made of. */
export interface UnitCellParts {
  /** The cell of the layer. */
  readonly cell: RecurrentCell
  /** The unit on the hidden state. */
  readonly hiddenUnit: ParameterTransferUnit
  /** The unit on the cell state of an LSTM; without it the target cell and the clone keep cell states of their own. */
  readonly cellUnit?: ParameterTransferUnit
  /** States of the frozen source layer. */
  readonly source: StatesOverTime
  /** Is told of every mixture, in the order of the steps: which state was mixed, the mixture and its gates. Not of those of all steps at once. */
  readonly onMixture?: (part: 'hidden' | 'cell', result: UnitResult) => void
  /** Is told of the openings of the fine-tune gate and the transfer gate side by side, `[batch, step, 2H]`, when the hidden states of all steps are mixed at once. */
  readonly onOpenings?: (openings: Tensor) => void
}

/** Tensors side by side along the last axis. */
const sideBySide = (parts: readonly Tensor[]): Tensor =>
  // There is one part at least.
  parts.length === 1 ? (parts[0] as Tensor) : concat(parts as unknown as readonly [Tensor, ...Tensor[]], -1)

/**
 * The recurrent Parameter Transfer Unit as a cell, so that it runs like one: with padding, and in both directions.
 *
 * At each step the target cell and, with the candidate `threeState`, the trainable clone of the source cell take the mixture `h` of the step before as their
 * hidden state; the frozen source has run before with a state of its own:
 *
 * ```text
 * t_τ = cell_T(x_τ, h_{τ-1})    c_τ = cell_C(x_τ, h_{τ-1})
 * h_τ = z_τ ⊙ ((1 - f_τ) ⊙ s_τ + f_τ ⊙ c_τ) + (1 - z_τ) ⊙ t_τ
 * ```
 *
 * With an LSTM, `dense` gates, and without a unit on the cell state, all steps are one operation; the source's share of the gates comes before.
 *
 * Its parameters are `{ target, clone, unit: { hidden, cell } }`. Its state is the mixture, and as cell state the cell states of target and clone side by
 * side, or their mixture.
 *
 * @param parts Cell, units, states of the source.
 */
export const unitCell = ({ cell, hiddenUnit, cellUnit, source, onMixture, onOpenings }: UnitCellParts): RecurrentCell => {
  const { hiddenSize } = cell
  const branches = hiddenUnit.candidate === 'threeState' ? ['target', 'clone'] : ['target']
  const sourceStates = [source.hidden, ...(cellUnit === undefined || source.cell === undefined ? [] : [source.cell])]

  /** Mixes one kind of state of the source, the target and the clone. */
  const mixture = (part: 'hidden' | 'cell', params: TensorTree, unit: ParameterTransferUnit, states: readonly Tensor[]): Tensor => {
    // The source and the target are always there.
    const [s, t, c] = states as readonly [Tensor, Tensor, Tensor?]
    const result = unit.apply(branchAt(params, `unit.${part}`), { source: s, target: t, ...(c === undefined ? {} : { tuned: c }) })
    onMixture?.(part, result)
    return result.output
  }

  /** The cell state of each branch in the state of this cell: its own, or the mixture for all. */
  const cellStates = (state: Tensor | undefined): readonly (Tensor | undefined)[] =>
    state === undefined || cellUnit !== undefined || branches.length === 1 ? branches.map(() => state) : split(state, branches.map(() => hiddenSize))

  const made = (hidden: Tensor, cellState: Tensor | undefined): CellState =>
    // All states are `[batch, channel]`.
    ({ hidden: hidden as unknown as Vectors, ...(cellState === undefined ? {} : { cell: cellState as unknown as Vectors }) })

  const { sourceShare } = hiddenUnit

  /** All steps of the mixture of an LSTM at once. */
  const sequenceWith =
    (shareOf: NonNullable<typeof sourceShare>): NonNullable<RecurrentCell['sequence']> =>
    (params, x, mask, initial, reverse) => {
      const ofBranches = (product: 'input' | 'hidden', leaf: 'weight' | 'bias'): Tensor => sideBySide(branches.map((name) => productOf(branchAt(params, name), product)[leaf]))
      const share = shareOf(branchAt(params, 'unit.hidden'), source.hidden)
      const { hidden, cell: cells, openings } = lstmTransferSequence(
        {
          projected: projectSteps(x, ofBranches('input', 'weight'), add(ofBranches('input', 'bias'), ofBranches('hidden', 'bias'))),
          hiddenWeight: ofBranches('hidden', 'weight'),
          gateProjected: share.gates,
          gateWeight: share.targetWeight,
          source: share.source,
          ...(share.candidate === undefined ? {} : { candidate: share.candidate }),
          mask,
          initial: withCell(initial),
        },
        { reverse },
      )
      onOpenings?.(openings)
      return { hidden, cell: cells }
    }

  return {
    kind: cell.kind,
    ...(cell.kind === 'lstm' && cellUnit === undefined && sourceShare !== undefined ? { sequence: sequenceWith(sourceShare) } : {}),
    hiddenSize,
    init: cell.init.bind(cell),
    project: (params, x) => sideBySide([...branches.map((name) => cell.project(branchAt(params, name), x)), ...sourceStates]),
    step: (params, projected, state) => {
      const columns = (projected.shape[1] ?? 0) - sourceStates.length * hiddenSize
      const parts = split(projected, [...branches.map(() => columns / branches.length), ...sourceStates.map(() => hiddenSize)])
      // There is one part for each branch, then one for each state of the source.
      const [inputs, [s, sourceCell]] = [parts.slice(0, branches.length), parts.slice(branches.length) as [Tensor, Tensor?]]
      const before = cellStates(state.cell)
      const next = inputs.map((input, index) => cell.step(branchAt(params, branches[index] ?? ''), input, made(state.hidden, before[index])))
      const hidden = mixture('hidden', params, hiddenUnit, [s, ...next.map((branch) => branch.hidden)])
      const cells = next.flatMap((branch) => (branch.cell === undefined ? [] : [branch.cell]))
      if (cells.length === 0) return made(hidden, undefined)
      return made(hidden, cellUnit === undefined || sourceCell === undefined ? sideBySide(cells) : mixture('cell', params, cellUnit, [sourceCell, ...cells]))
    },
    initialState: (batch) => {
      const start = cell.initialState(batch)
      if (start.cell === undefined) return start
      // Zeros of each branch, or of the mixture.
      const zeros = start.cell
      return made(start.hidden, cellUnit === undefined ? sideBySide(branches.map(() => zeros)) : zeros)
    },
  }
}
