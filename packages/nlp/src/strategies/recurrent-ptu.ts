import { gateGroups, heldOrLearnedGate, parameterTransferUnit, type ParameterTransferUnit } from '@transferkit/gates'
import {
  argMax,
  type Axes,
  branchAt,
  foldIn,
  type Forward,
  inference,
  type Key,
  layer,
  mergeTrees,
  type Mode,
  type Module,
  network,
  type ProgramVariables,
  readSync,
  runStages,
  scope,
  type Strategy,
  type StrategyDefinition,
  tapShapes,
  type Tensor,
  type TensorTree,
  type TransferContext,
  TransferkitError,
  type TransferProgram,
  type Variables,
  withClasses,
} from '@transferkit/tensor'
import { defineStrategy } from '@transferkit/training'
import { embeddingKind } from '../layers/embedding-layer.js'
import type { StatesOverTime } from '../recurrent/cell.js'
import { isRecurrentLayer, type RecurrentModule } from '../recurrent/recurrent-layer.js'
import { unroll } from '../recurrent/unroll.js'
import { eachSequence } from '../sequence.js'
import { gateInspections, type UnitRecord } from './gate-inspection.js'
import { mixedEmbedding, mixedLayer, type PlacedUnits, type SourceRun, type Streams } from './mixed-layers.js'
import { type FullRecurrentPtuOptions, type RecurrentPtuOptions, recurrentPtuOptions } from './recurrent-ptu-options.js'
import { startOfTarget } from './recurrent-ptu-start.js'
import { checkOutput } from './treatment.js'
import { checkLayers, type UnitPlace, unitPlaces, withModulesAt } from './unit-places.js'

const unitAt = (stage: string, options: FullRecurrentPtuOptions): ParameterTransferUnit =>
  parameterTransferUnit({
    candidate: options.candidate,
    perturbation: options.perturbation,
    transferGate: heldOrLearnedGate(stage, options.gateOverride.transfer, { kind: options.gate, bias: options.transferGateBias }),
    fineTuneGate: heldOrLearnedGate(stage, options.gateOverride.fineTune, { kind: options.gate, bias: options.fineTuneGateBias }),
  })

const checkMixCell = ({ path }: UnitPlace, { cell }: RecurrentModule): void => {
  if (cell.kind === 'lstm') return
  throw new TransferkitError('recurrent-ptu/mix-cell', `Strategy 'recurrent-ptu': option 'mixCell' needs cell states, but '${path}' is a GRU, which has none. Leave the option out, or name LSTM layers in 'layers'.`)
}

/** The units of all places, with names in the options checked. */
const placeUnits = (places: readonly UnitPlace[], shapes: ReturnType<typeof tapShapes>, options: FullRecurrentPtuOptions): readonly PlacedUnits[] => {
  for (const [name, override] of Object.entries(options.gateOverride)) {
    if (typeof override === 'object') checkLayers(Object.keys(override), places, `gateOverride.${name}`)
  }
  return places.map((place) => {
    const { module, stage } = place
    const hidden = unitAt(stage, options)
    // The last channel of a sequence is its mask.
    if (!isRecurrentLayer(module)) return { ...place, hidden, width: (shapes[stage]?.at(-1) ?? 1) - 1 }
    const { hiddenSize: width } = module.cell
    if (!options.mixCell) return { ...place, hidden, width }
    checkMixCell(place, module)
    return { ...place, hidden, width, cell: unitAt(stage, options) }
  })
}

/**
 * The target model. Its parameters: the target branch and the head under the paths of a plain network, the units under `units.<layer>`, and with the
 * candidate `threeState` the trainable clones of the source's layers under `clones`. The source is frozen.
 */
const prepare = (context: TransferContext, options: FullRecurrentPtuOptions): TransferProgram => {
  const { network: sourceNetwork, variables: trained } = context.source
  const atSize = network({ ...sourceNetwork, inputShape: context.inputShape })
  const target = withClasses(atSize, context.task.classes.length)
  checkOutput('recurrent-ptu', options.output, sourceNetwork, target.classes)
  const units = placeUnits(unitPlaces(atSize, options.layers), tapShapes(atSize), options)
  const unitOf = new Map(units.map((unit) => [unit.path, unit]))
  const lastStage = atSize.stages.findLastIndex(({ name }) => units.some(({ stage }) => stage === name))
  const sourceStages = atSize.stages.slice(0, lastStage + 1)
  const hasClones = options.candidate === 'threeState'
  const readsTokens = atSize.stages[0]?.module.description.kind === embeddingKind

  const initUnits = (key: Key): TensorTree =>
    mergeTrees(
      ...units.map(({ path, hidden, cell, width }) => {
        const shapes = { source: [1, width], target: [1, width] }
        const init = (unit: ParameterTransferUnit, part: string): TensorTree => unit.init(foldIn(foldIn(key, path), part), shapes)
        return { units: { [path]: { hidden: init(hidden, 'hidden'), ...(cell === undefined ? {} : { cell: init(cell, 'cell') }) } } }
      }),
    )

  /** Runs the source by itself and keeps the states of the layers where units stand. No gradient flows here. */
  const runSource = (fixed: Variables, inputs: Tensor): SourceRun => {
    const states = new Map<string, StatesOverTime>()
    const keeping = (path: string): Module | undefined => {
      const module = unitOf.get(path)?.module
      if (module === undefined || !isRecurrentLayer(module)) return undefined
      return layer({
        description: module.description,
        apply: ({ params }, sequence: Tensor) => {
          const kept = (rows: Tensor): Tensor => {
            const run = unroll(module.cell, params, rows, { reverse: module.reverse })
            states.set(path, run.states)
            return run.sequence
          }
          return { output: eachSequence(sequence, kept) }
        },
      })
    }
    return { taps: runStages({ stages: withModulesAt(sourceStages, keeping) }, fixed, inputs, inference).taps, states }
  }

  const run = ({ params, state, frozen }: ProgramVariables, inputs: Tensor, mode: Mode): Forward & { readonly records: readonly (() => UnitRecord)[] } => {
    const fixed: Variables = { params: branchAt(frozen, 'source.params'), state: branchAt(frozen, 'source.state') }
    const clones: Variables = { params: branchAt(params, 'clones'), state: branchAt(state, 'clones') }
    const records: (() => UnitRecord)[] = []
    const streams: Streams = {
      units: branchAt(params, 'units'),
      fixed,
      ...(hasClones ? { clones } : {}),
      ...(options.sourceInput === 'own' ? { own: runSource(fixed, inputs) } : {}),
      onRecord: (record) => records.push(record),
    }
    const replacement = (path: string): Module | undefined => {
      const unit = unitOf.get(path)
      if (unit === undefined) return undefined
      return isRecurrentLayer(unit.module) ? mixedLayer(unit, unit.module, streams) : mixedEmbedding(unit, streams)
    }
    const mixing = network({ ...target, stages: withModulesAt(target.stages, replacement) })
    const { output, taps, state: after } = mixing.apply({ params: mergeTrees(params, branchAt(frozen, 'target')), state }, inputs, mode)
    return { logits: output, taps, state: mergeTrees(after, { clones: clones.state }), records }
  }

  return {
    init: (key) => scope(() => startOfTarget({ network: target, trained, places: units, sourceStages, initUnits }, options, key)),
    forward: (variables, inputs, mode) => {
      const { logits, taps, state } = run(variables, inputs, mode)
      return { logits, taps, state }
    },
    parameterGroup: gateGroups(options.gateLearningRate),
    inspect: (variables, inputs, labels) =>
      scope(() => {
        const { records, logits } = run(variables, inputs, inference)
        const { classes } = context.task
        const namesOf = (positions: Tensor<Axes, 'int32'>): readonly (string | undefined)[] => Array.from(readSync(positions), (position) => classes[position])
        return gateInspections(
          records.map((record) => record()),
          {
            ...(readsTokens ? { ids: readSync(inputs) } : {}),
            sequencesPerExample: readsTokens && inputs.rank === 3 ? 2 : 1,
            predicted: namesOf(argMax(logits)),
            actual: namesOf(labels),
          },
        )
      }),
  }
}

/**
 * The Parameter Transfer Unit for recurrent networks: at every step of every recurrent layer, two learned gates mix the hidden state `s` of the frozen
 * source network, its fine-tuned version `c`, and the hidden state `t` of the target's own network, element by element. The mixture is the recurrent input
 * of `t` and of a `threeState` `c`:
 *
 * ```text
 * s_τ = cell_S(x_τ, s_{τ-1})    t_τ = cell_T(x_τ, h_{τ-1})    c_τ = W_c s_τ + b_c, or cell_C(x_τ, h_{τ-1})
 * f_τ = σ(G_f([s_τ ; t_τ]))     z_τ = σ(G_z([s_τ ; t_τ]))
 * h_τ = z_τ ⊙ ((1 - f_τ) ⊙ s_τ + f_τ ⊙ c_τ) + (1 - z_τ) ⊙ t_τ
 * ```
 *
 * The gates share their parameters over time; the directions of a bidirectional layer have units of their own. Padded steps copy `h` forward. Each cell of an
 * LSTM keeps its own cell state, unless `mixCell` mixes these too. With `layers: 'all'` the rows of the embedding tables are mixed as well. The source's
 * table has the rows of the target's: align the vocabularies before.
 *
 * Held gates (`gateOverride`) give the discrete states of each layer: `z = 0` a layer trained by itself, `z = 1, f = 0` the frozen source, and with
 * `threeState` `z = 1, f = 1` fine-tuning; with `sourceInput: 'shared'` in every combination. With the default `light`, `c = s` at the start leaves the
 * fine-tune gate without a gradient: do not read its openness as learned, or set `perturbation`.
 * The paper's equations were not available; this is a reconstruction.
 *
 * @throws TransferkitError, from preparing it, `recurrent-ptu/no-recurrent-layers`, `recurrent-ptu/unknown-layer` with the nearest name, `recurrent-ptu/mix-cell` for
 * a GRU with `mixCell`, `nlp/output-classes`.
 *
 * @example
 * ```ts
 * import { recurrentPtu } from '@transferkit/nlp'
 *
 * const strategy = recurrentPtu({ candidate: 'threeState', layers: 'all' })
 * ```
 */
export const recurrentPtu: StrategyDefinition<RecurrentPtuOptions, Strategy> = defineStrategy({
  name: 'recurrent-ptu',
  summary: 'Mixes frozen, fine-tuned and new hidden states by two learned gates at each step of recurrent layers.',
  reference: {
    citation: 'Zhang, Zhang and Yang, Parameter Transfer Unit for Deep Neural Networks, PAKDD 2019.',
    url: 'https://arxiv.org/abs/1804.08613',
  },
  options: recurrentPtuOptions,
  prepare,
})
