import {
  add,
  branchAt,
  concat,
  fanInUniform,
  foldIn,
  identity,
  identityMatrix,
  type Key,
  mix,
  multiply,
  randomNormal,
  scope,
  type Shape,
  type Tensor,
  type TensorTree,
  TransferkitError,
  type UnaryOp,
  variable,
  zeros,
} from '@transferkit/tensor'
import type { CandidateKind } from './candidate.js'
import type { Gate } from './gate.js'
import { mixChannels } from './mix-channels.js'

/** Settings of {@link parameterTransferUnit}. */
export interface ParameterTransferUnitOptions {
  /** How the candidate activation is made. */
  readonly candidate: CandidateKind
  /** The gate `z`: how much is transferred at all. */
  readonly transferGate: Gate
  /** The gate `f`: how far what is transferred is adapted. */
  readonly fineTuneGate: Gate
  /** `ψ` of the candidates `light` and `gru`: the layer's own activation where `ψ(ψ(a)) = ψ(a)`, such as the rectifier; the identity unless told, which fits every layer. */
  readonly activation?: UnaryOp
  /**
   * Size of a random term in the start of `W_c`, relative to the identity: `W_c = I + ε N`, with `N` normal of variance 1/C. 0 unless told (our choice: the unit then starts exactly at the source).
   *
   * At `W_c = I` the candidate of `light` equals the source activation, and the fine-tune gate gets no gradient; a small perturbation such as 0.05 frees it.
   */
  readonly perturbation?: number
}

/** Activations that meet in a unit. */
export interface UnitStreams {
  /** Source activation `s`; no gradient needs to flow to where it came from. */
  readonly source: Tensor
  /** Target activation `t`, of the same shape but for the width. */
  readonly target: Tensor
  /** Activation of the trainable clone of the source layer, for the candidate `threeState` only. */
  readonly tuned?: Tensor
}

/** What a unit gives. */
export interface UnitResult {
  /** The mixture `h`, the input of the next layer of the target network. */
  readonly output: Tensor
  /** Opening of the transfer gate `z`; it broadcasts to the output. */
  readonly transfer: Tensor
  /** Opening of the fine-tune gate `f`; it broadcasts to the output. */
  readonly fineTune: Tensor
}

/**
 * Shapes of the activations that meet in a unit, with any size for the batch: `[batch, channel]`, `[batch, step, channel]` or `[batch, height, width, channel]`.
 */
export interface UnitShapes {
  /** Shape of the source activation. */
  readonly source: Shape
  /** Shape of the target activation: that of the source but for the batch and the width, the last axis. */
  readonly target: Shape
}

/** What in a unit depends on the source alone, so that a recurrent layer can compute it for all steps at once, and what is left to be computed from the target. */
export interface SourceShare {
  /** The source activation at the target's width, `[..., C]`. */
  readonly source: Tensor
  /** The source's share of the fine-tune gate, then of the transfer gate, before their activation and with their biases, `[..., 2C]`. */
  readonly gates: Tensor
  /** Weights of the target's share of both gates, `[C, 2C]`. */
  readonly targetWeight: Tensor
  /** The candidate, for `light` only: with `threeState` it is the activation of the trainable clone. */
  readonly candidate?: Tensor
}

/** A Parameter Transfer Unit: pure functions without state. */
export interface ParameterTransferUnit {
  /** How the candidate is made. */
  readonly candidate: CandidateKind
  /**
   * Makes the parameters: those of the gates under `transferGate` and `fineTuneGate`, those of the candidate under `candidate`, and under `projection`
   * the linear map from the source's width to the target's, where these differ.
   *
   * @param key Source of randomness.
   * @param shapes Shapes of both activations.
   * @throws TransferkitError `ptu/shapes` when they differ in anything but the batch and the width.
   */
  init(key: Key, shapes: UnitShapes): TensorTree
  /**
   * Mixes the activations.
   *
   * @param params What {@link ParameterTransferUnit.init} made.
   * @param streams The activations.
   * @throws TransferkitError `ptu/streams` when the candidate is `threeState` and the clone's activation is missing.
   */
  apply(params: TensorTree, streams: UnitStreams): UnitResult
  /**
   * The source's share of a unit whose gates are both `dense`, with the candidate `light` or `threeState`; other units do not have it. With the openings
   * `f, z = σ(gates + t targetWeight)` the mixture is that of {@link ParameterTransferUnit.apply}, up to rounding.
   *
   * @param params What {@link ParameterTransferUnit.init} made.
   * @param source Source activation.
   */
  readonly sourceShare?: (params: TensorTree, source: Tensor) => SourceShare
}

const widthOf = (shape: Shape): number => shape.at(-1) ?? 0

const checkShapes = ({ source, target }: UnitShapes): void => {
  if (source.length === target.length && source.slice(1, -1).every((size, axis) => size === target[axis + 1])) return
  throw new TransferkitError(
    'ptu/shapes',
    `A unit mixes activations that differ in width at most, but the source's has shape [${String(source)}] and the target's [${String(target)}]. Put the unit after layers whose maps have the same size.`,
  )
}

/**
 * The Parameter Transfer Unit of Zhang, Zhang and Yang (2018), for the output of one layer.
 *
 * With source activation `s`, target activation `t` and candidate `c` (see {@link CandidateKind}):
 *
 * ```text
 * f = σ(G_f([s ; t]))               fine-tune gate
 * z = σ(G_z([s ; t]))               transfer gate
 * u = (1 - f) ⊙ s + f ⊙ c           how far the transferred activation is adapted
 * h = z ⊙ u + (1 - z) ⊙ t           how much is transferred at all
 * ```
 *
 * Corners of the gates are the discrete states: `z = 0` gives `t` ("random": the target's own layer), `z = 1, f = 0` gives `s` ("frozen") and
 * `z = 1, f = 1` gives `c` ("fine-tuned"), all exactly. With the candidate `gru`, `f` gates the source inside the candidate and `h = z ⊙ c + (1 - z) ⊙ t`.
 *
 * The unit works on vectors, on images and on one time step of a recurrent layer: the gates decide what shapes it takes. Where the source is
 * narrower or wider than the target, a trainable linear map brings `s` to the target's width first; "frozen" then means the projected source.
 * The paper's equations were not available; this is a reconstruction from its abstract.
 *
 * @param options Candidate, gates, activation of the layer, perturbation.
 * @throws TransferkitError from `init`, `ptu/shapes` and `gate/shape`, and from `apply`, `ptu/streams`, when the activations do not fit the unit.
 *
 * @example
 * ```ts
 * import { gate, parameterTransferUnit } from '@transferkit/gates'
 * import { ones, randomKey, relu } from '@transferkit/tensor'
 *
 * const unit = parameterTransferUnit({
 *   candidate: 'light',
 *   transferGate: gate({ kind: 'pointwise' }),
 *   fineTuneGate: gate({ kind: 'pointwise', bias: -2 }),
 *   activation: relu,
 * })
 * const params = unit.init(randomKey(1), { source: [1, 8, 8, 16], target: [1, 8, 8, 16] })
 * const { output, transfer } = unit.apply(params, { source: ones([4, 8, 8, 16]), target: ones([4, 8, 8, 16]) })
 * ```
 */
export const parameterTransferUnit = (options: ParameterTransferUnitOptions): ParameterTransferUnit => {
  const { candidate, transferGate, fineTuneGate, activation = identity, perturbation = 0 } = options

  /** `W_c`, which starts as the identity, give or take the perturbation. */
  const candidateWeight = (key: Key, width: number): Tensor => {
    const start: Tensor = identityMatrix(width)
    return perturbation === 0 ? start : add(start, randomNormal(key, [width, width], 0, perturbation / Math.sqrt(width)))
  }

  const candidateParams = (key: Key, width: number): TensorTree => {
    if (candidate === 'threeState') return {}
    const light = { sourceWeight: candidateWeight(foldIn(key, 'sourceWeight'), width), bias: zeros([width]) }
    return candidate === 'light' ? light : { ...light, targetWeight: zeros([width, width]) }
  }

  const lightCandidate = (params: TensorTree, source: Tensor): Tensor =>
    scope(() => activation(add(mixChannels(source, variable(params, 'sourceWeight')), variable(params, 'bias'))))

  const candidateOf = (params: TensorTree, source: Tensor, { target, tuned }: UnitStreams, fineTune: Tensor): Tensor => {
    switch (candidate) {
      case 'threeState':
        if (tuned === undefined) throw new TransferkitError('ptu/streams', "A unit with the candidate 'threeState' needs the activation of the trainable clone, `tuned`.")
        return tuned
      case 'light':
        return lightCandidate(params, source)
      case 'gru': {
        const fromSource = mixChannels(multiply(fineTune, source), variable(params, 'sourceWeight'))
        const fromTarget = mixChannels(target, variable(params, 'targetWeight'))
        return activation(add(add(fromSource, fromTarget), variable(params, 'bias')))
      }
    }
  }

  /** The source activation at the target's width. */
  const atWidth = (params: TensorTree, source: Tensor, width: number): Tensor =>
    widthOf(source.shape) === width ? source : mixChannels(source, variable(branchAt(params, 'projection'), 'weight'))

  const sourceShare = (params: TensorTree, given: Tensor): SourceShare => {
    const sideBySide = (name: string): Tensor => concat([variable(branchAt(params, 'fineTuneGate'), name), variable(branchAt(params, 'transferGate'), name)], -1)
    const targetWeight = sideBySide('targetWeight')
    const source = atWidth(params, given, targetWeight.shape[0] ?? 0)
    return {
      source,
      gates: add(mixChannels(source, sideBySide('sourceWeight')), sideBySide('bias')),
      targetWeight,
      ...(candidate === 'light' ? { candidate: lightCandidate(branchAt(params, 'candidate'), source) } : {}),
    }
  }

  return {
    candidate,
    ...(candidate !== 'gru' && transferGate.kind === 'dense' && fineTuneGate.kind === 'dense' ? { sourceShare } : {}),
    init: (key, shapes) =>
      scope(() => {
        checkShapes(shapes)
        const [sourceWidth, width] = [widthOf(shapes.source), widthOf(shapes.target)]
        const params: Record<string, TensorTree> = {
          transferGate: transferGate.init(foldIn(key, 'transferGate'), shapes.target),
          fineTuneGate: fineTuneGate.init(foldIn(key, 'fineTuneGate'), shapes.target),
          candidate: candidateParams(foldIn(key, 'candidate'), width),
        }
        if (sourceWidth !== width) params['projection'] = { weight: fanInUniform(foldIn(key, 'projection'), [sourceWidth, width]) }
        return params
      }),
    apply: (params, streams) => {
      checkShapes({ source: streams.source.shape, target: streams.target.shape })
      const { target } = streams
      const source = atWidth(params, streams.source, widthOf(target.shape))
      const fineTune = fineTuneGate.apply(branchAt(params, 'fineTuneGate'), source, target)
      const transfer = transferGate.apply(branchAt(params, 'transferGate'), source, target)
      const tuned = candidateOf(branchAt(params, 'candidate'), source, streams, fineTune)
      const transferred = candidate === 'gru' ? tuned : mix(fineTune, tuned, source)
      return { output: mix(transfer, transferred, target), transfer, fineTune }
    },
  }
}
