import { type Gate, gateGroups, heldOrLearnedGate, openness, type Openness, parameterTransferUnit, type UnitResult } from '@transferkit/gates'
import {
  branchAt,
  foldIn,
  type Forward,
  inference,
  type Key,
  mergeTrees,
  type Mode,
  modulesInside,
  type Network,
  network,
  partitionTree,
  partMode,
  type ProgramVariables,
  runStages,
  scope,
  type Strategy,
  type StrategyDefinition,
  type Taps,
  type Tensor,
  type TensorTree,
  type TransferContext,
  TransferkitError,
  type TransferProgram,
  type Variables,
  type Vectors,
} from '@transferkit/tensor'
import { defineStrategy } from '@transferkit/training'
import { type FullPtuOptions, type PtuOptions, ptuOptions } from './ptu-options.js'
import { checkOverrides, heldInTarget, ptuTarget, startOfTarget } from './ptu-target.js'
import { cutNetwork } from './transfer-units.js'

/** A mode of the same kind with randomness of its own. */
const apart = (mode: Mode, name: string): Mode => partMode(mode, (key) => foldIn(key, name))

/** The gates of the unit at a tap. */
const gatesAt = (tap: string, { gate: kind, kernelSize, transferGateBias, fineTuneGateBias, gateOverride }: FullPtuOptions): { readonly transferGate: Gate; readonly fineTuneGate: Gate } => ({
  transferGate: heldOrLearnedGate(tap, gateOverride.transfer, { kind, kernelSize, bias: transferGateBias }),
  fineTuneGate: heldOrLearnedGate(tap, gateOverride.fineTune, { kind, kernelSize, bias: fineTuneGateBias }),
})

/** Kinds of modules whose activations are sequences, not images. */
const sequenceKinds: readonly string[] = ['embedding', 'recurrent', 'bidirectional']

/** Refuses networks that read texts or sequences. */
const checkReadsImages = ({ name, stages }: Network): void => {
  const reader = stages.find(({ module }) => [module, ...modulesInside(module).map(([, inner]) => inner)].some(({ description }) => sequenceKinds.includes(description.kind)))
  if (reader === undefined) return
  throw new TransferkitError('ptu/sequences', `Strategy 'ptu' mixes images, but the stage '${reader.name}' of '${name}' gives sequences. For recurrent networks use the strategy 'recurrent-ptu' of @transferkit/nlp, which mixes at every step.`)
}

/**
 * The target model. Its parameters: the target branch and the head under the paths of a plain network, the units under `units.<tap>`, and with the
 * candidate `threeState` the trainable clone of the source under `clones`. The source and what the target branch shares with it are frozen.
 */
const prepare = (context: TransferContext, options: FullPtuOptions): TransferProgram => {
  const { variables: trained, network: sourceNetwork } = context.source
  checkReadsImages(sourceNetwork)
  const atSize = network({ ...sourceNetwork, inputShape: context.inputShape })
  const source = cutNetwork(atSize, trained.params, options.unitsAfter)
  checkOverrides(source, options)
  const target = ptuTarget(source, context, options)
  const sourceStages = source.segments.flatMap(({ stages }) => stages)
  const hasClones = options.candidate === 'threeState'
  const units = target.segments.map(({ tap, stages, shape, activation }, index) => {
    const { stages: sourceStages = [], shape: sourceShape = [] } = source.segments[index] ?? {}
    const unit = parameterTransferUnit({ candidate: options.candidate, perturbation: options.perturbation, activation, ...gatesAt(tap, options) })
    return { tap, stages, sourceStages, unit, shapes: { source: [1, ...sourceShape], target: [1, ...shape] } }
  })

  const isHeld = heldInTarget(target.network, options)

  /** The variables of the source's stages in front of the last unit. */
  const inFront = (tree: TensorTree): TensorTree => partitionTree(tree, (path) => sourceStages.some(({ name }) => path.startsWith(`${name}.`))).selected

  const init = (key: Key): ProgramVariables =>
    scope(() => {
      const { params, state } = startOfTarget(target, trained, options, foldIn(key, 'target'))
      const { selected: held, rest: own } = partitionTree(params, isHeld)
      const frozen = { params: inFront(trained.params), state: inFront(trained.state) }
      const clones = (tree: TensorTree): TensorTree => ({ clones: hasClones ? tree : {} })
      const unitParams = units.map(({ tap, unit, shapes }) => ({ units: { [tap]: unit.init(foldIn(key, tap), shapes) } }))
      return { params: mergeTrees(own, clones(frozen.params), ...unitParams), state: mergeTrees(state, clones(frozen.state)), frozen: { source: frozen, target: held } }
    })

  const run = ({ params, state, frozen }: ProgramVariables, inputs: Tensor, mode: Mode): Forward & { readonly mixtures: readonly (readonly [tap: string, UnitResult])[] } => {
    const fixed: Variables = { params: branchAt(frozen, 'source.params'), state: branchAt(frozen, 'source.state') }
    const branch: Variables = { params: mergeTrees(params, branchAt(frozen, 'target')), state }
    const clones: Variables = { params: branchAt(params, 'clones'), state: branchAt(state, 'clones') }
    // No gradient flows here: neither the source's variables nor the inputs are differentiated.
    const own =
      options.sourceInput === 'own'
        ? scope((): Taps => {
            const { taps } = runStages({ stages: sourceStages }, fixed, inputs, inference)
            return Object.fromEntries(units.flatMap(({ tap }) => (taps[tap] === undefined ? [] : [[tap, taps[tap]]])))
          })
        : {}
    const taps: Record<string, Tensor> = {}
    const states: TensorTree[] = []
    const mixtures: (readonly [string, UnitResult])[] = []
    let h = inputs
    for (const { tap, stages, sourceStages, unit } of units) {
      const t = runStages({ stages }, branch, h, mode)
      const c = hasClones ? runStages({ stages: sourceStages }, clones, h, apart(mode, 'clones')) : undefined
      const s = own[tap] ?? runStages({ stages: sourceStages }, fixed, h, inference).output
      const mixture = unit.apply(branchAt(params, `units.${tap}`), { source: s, target: t.output, ...(c === undefined ? {} : { tuned: c.output }) })
      h = mixture.output
      Object.assign(taps, t.taps, { [tap]: h })
      states.push(t.state, ...(c === undefined ? [] : [{ clones: c.state }]))
      mixtures.push([tap, mixture])
    }
    const rest = runStages({ stages: target.rest }, branch, h, mode)
    Object.assign(taps, rest.taps)
    for (const [coarse, tap] of Object.entries(target.tapAfter)) taps[coarse] ??= taps[tap] ?? h
    // The last stage of a network gives one vector an example.
    const head = target.network.head.apply({ params: branchAt(params, 'head'), state: branchAt(state, 'head') }, rest.output as unknown as Vectors, apart(mode, 'head'))
    return { logits: head.output, taps, state: mergeTrees(...states, rest.state, { head: head.state }), mixtures }
  }

  return {
    init,
    forward: (variables, inputs, mode) => {
      const { logits, taps, state } = run(variables, inputs, mode)
      return { logits, taps, state }
    },
    parameterGroup: gateGroups(options.gateLearningRate),
    inspect: (variables, inputs) =>
      scope(() => {
        const { mixtures } = run(variables, inputs, inference)
        const found = mixtures.map(([tap, { transfer, fineTune }]) => [tap, { transfer: openness(transfer), fineTune: openness(fineTune) }] as const)
        const series = (number: keyof Openness): Record<string, Record<string, number>> => ({
          'transfer gate': Object.fromEntries(found.map(([tap, { transfer }]) => [tap, transfer[number]])),
          'fine-tune gate': Object.fromEntries(found.map(([tap, { fineTune }]) => [tap, fineTune[number]])),
        })
        return [
          { name: 'gate-openness', title: 'How far the gates are open', rowAxis: 'stage', valueAxis: 'mean opening, 0 to 1', series: series('mean') },
          { name: 'gate-spread', title: 'How differently the gates open', rowAxis: 'stage', valueAxis: 'standard deviation of the opening', series: series('spread') },
        ]
      }),
  }
}

/**
 * The Parameter Transfer Unit for image networks: after each stage, two learned gates mix the activation `s` of the frozen source network, its
 * fine-tuned version `c`, and the activation `t` of the target's own network, element by element:
 *
 * ```text
 * f = σ(G_f([s ; t]))        fine-tune gate
 * z = σ(G_z([s ; t]))        transfer gate
 * h = z ⊙ ((1 - f) ⊙ s + f ⊙ c) + (1 - z) ⊙ t
 * ```
 *
 * `h` goes on through the target network; the head is new. Trained are the target network, the gates and what makes `c`; the source stays as it is, with
 * batch norm in inference mode, and no gradient is computed for it. Held gates (`gateOverride`) give the discrete states: `z = 0` a network trained by
 * itself, `z = 1, f = 0` the frozen source, and with `threeState` `z = 1, f = 1` fine-tuning.
 *
 * The defaults are those that a trial on real data supports, with SGD, momentum 0.9, a learning rate of 0.05 to 0.1 and a weight decay of 5e-4:
 * `light` candidate, target branch copied from the source, `own` input, `pointwise` gates after each stage, biases 0 and -2. With them the fine-tune gate
 * hardly moves, because `c = s` at the start leaves it without a gradient: do not read its openness as learned, or set `perturbation`.
 * With `targetAdapters` the target branch keeps the source's filters and has residual adapters, so that much less of the model is private to the target.
 * The paper's equations were not available; this is a reconstruction.
 *
 * @throws TransferkitError, from preparing it, `ptu/unknown-tap` with the taps that there are, `ptu/no-units`, `ptu/sequences` for networks of text,
 * `ptu/target-network` and `ptu/target-adapters` for options that exclude each other; `ptu/shapes`, when its parameters are made, for maps of different sizes.
 *
 * @example
 * ```ts
 * import { ptu } from '@transferkit/vision'
 *
 * const strategy = ptu({ candidate: 'threeState', unitsAfter: ['stage2', 'stage3'] })
 * ```
 */
export const ptu: StrategyDefinition<PtuOptions, Strategy> = defineStrategy({
  name: 'ptu',
  summary: 'Mixes frozen, fine-tuned and new activations by two learned gates after each stage.',
  reference: {
    citation: 'Zhang, Zhang and Yang, Parameter Transfer Unit for Deep Neural Networks, PAKDD 2019.',
    url: 'https://arxiv.org/abs/1804.08613',
  },
  options: ptuOptions,
  prepare,
})
