import type { ParameterTransferUnit, UnitResult } from '@transferkit/gates'
import { branchAt, expandDimensions, inference, layer, type Module, multiply, reshape, type Taps, type Tensor, type TensorTree, type Variables } from '@transferkit/tensor'
import type { StatesOverTime } from '../recurrent/cell.js'
import { dropoutOfValues, type RecurrentModule } from '../recurrent/recurrent-layer.js'
import { unroll } from '../recurrent/unroll.js'
import { eachSequence, maskedSequence, maskOf, valuesOf } from '../sequence.js'
import { recordAtOnce, recordOfOpenings, recordOverTime, type UnitRecord } from './gate-inspection.js'
import { unitCell } from './unit-cell.js'
import type { UnitPlace } from './unit-places.js'

/** A place with the units that stand there. */
export interface PlacedUnits extends UnitPlace {
  /** The unit on the embedding or the hidden state. */
  readonly hidden: ParameterTransferUnit
  /** The unit on the cell state, where there is one. */
  readonly cell?: ParameterTransferUnit
  /** Number of channels that are mixed. */
  readonly width: number
}

/** What the source makes of a batch by itself. */
export interface SourceRun {
  /** Outputs of its stages and modules. */
  readonly taps: Taps
  /** States of the layers where units stand, by path. */
  readonly states: ReadonlyMap<string, StatesOverTime>
}

/** What the modules with units compute with, besides the variables of the target branch. */
export interface Streams {
  /** Parameters of the units, by path. */
  readonly units: TensorTree
  /** The frozen source's variables. */
  readonly fixed: Variables
  /** Variables of the trainable clones, for the candidate `threeState`. */
  readonly clones?: Variables
  /** The source's own run over the batch; without it the source's layers see what the target's see. */
  readonly own?: SourceRun
  /** Is given a way to what the gates of each unit did; to make the record costs something, so it waits until somebody asks. */
  readonly onRecord: (record: () => UnitRecord) => void
}

const variablesAt = ({ params, state }: Variables, path: string): Variables => ({ params: branchAt(params, path), state: branchAt(state, path) })

/**
 * An embedding whose rows are mixed from those of two or three tables.
 *
 * @param placed The unit and the embedding.
 * @param streams What it computes with.
 */
export const mixedEmbedding = ({ path, module, hidden, width }: PlacedUnits, { units, fixed, clones, own, onRecord }: Streams): Module =>
  layer({
    description: module.description,
    apply: (variables, ids: Tensor, mode) => {
      const rows = (sequence: Tensor): Tensor => reshape(valuesOf(sequence), [-1, width])
      const t = module.apply(variables, ids, mode)
      const s = own?.taps[path] ?? module.apply(variablesAt(fixed, path), ids, inference).output
      const c = clones === undefined ? undefined : module.apply(variablesAt(clones, path), ids, mode).output
      const result = hidden.apply(branchAt(units, `${path}.hidden`), { source: rows(s), target: rows(t.output), ...(c === undefined ? {} : { tuned: rows(c) }) })
      const mask = maskOf(t.output)
      onRecord(() => recordAtOnce(path, mask, result))
      const mixed = reshape(result.output, valuesOf(t.output).shape)
      // The candidate of padding need not be 0.
      return { output: maskedSequence(multiply(mixed, expandDimensions(mask, -1)), mask), state: t.state }
    },
  })

/**
 * A recurrent layer whose hidden state is mixed at every step.
 *
 * @param placed The units.
 * @param module The layer.
 * @param streams What it computes with.
 */
export const mixedLayer = ({ path, hidden, cell: cellUnit }: PlacedUnits, module: RecurrentModule, { units, fixed, clones, own, onRecord }: Streams): Module =>
  layer({
    description: module.description,
    apply: ({ params }, sequence: Tensor, mode) => {
      const { cell, reverse, dropout } = module
      const variables = { target: params, clone: clones === undefined ? {} : branchAt(clones.params, path), unit: branchAt(units, path) }
      const mixed = (x: Tensor): Tensor => {
        const source = own?.states.get(path) ?? unroll(cell, branchAt(fixed.params, path), x, { reverse }).states
        const results: Readonly<Record<'hidden' | 'cell', UnitResult[]>> = { hidden: [], cell: [] }
        const all: Tensor[] = []
        const mixing = unitCell({
          ...{ cell, hiddenUnit: hidden, ...(cellUnit === undefined ? {} : { cellUnit }), source },
          onMixture: (part, result) => results[part].push(result),
          onOpenings: (openings) => all.push(openings),
        })
        const output = unroll(mixing, variables, x, { reverse }).sequence
        const record = (label: string, seen: readonly UnitResult[]) => (): UnitRecord => recordOverTime(label, maskOf(x), reverse ? seen.toReversed() : seen)
        const [openings] = all
        onRecord(openings === undefined ? record(path, results.hidden) : () => recordOfOpenings(path, maskOf(x), openings))
        if (cellUnit !== undefined) onRecord(record(`${path} cell`, results.cell))
        return output
      }
      return { output: eachSequence(dropoutOfValues(sequence, mode, dropout), mixed) }
    },
  })
