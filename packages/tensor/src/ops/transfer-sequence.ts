import { vectorJacobianProducts } from '../autodiff/grad.js'
import { differentiableMany, isRecording } from '../autodiff/tape.js'
import { TransferkitError } from '../error.js'
import { acceleratedKernels } from '../kernels/accelerated.js'
import type { Tensor, Vectors } from '../tensor/tensor.js'
import { hasKernel } from '../tensor/upstream.js'
import { add } from './arithmetic.js'
import { zerosLike } from './creation.js'
import { sigmoid } from './elementwise.js'
import { matMul } from './matrix-product.js'
import { mix } from './mix.js'
import { floats, kernelGradient, lstmStep, type LstmState, overSteps, type SequenceOptions } from './recurrent.js'
import { concat, split } from './shape.js'

/** What {@link lstmTransferSequence} is given. `K` is the number of its LSTMs: 1 where the candidate is given, else 2. */
export interface LstmTransferInputs {
  /** The input's share of the gates of the target, then of the clone, with all biases, `[batch, step, K 4H]`. */
  readonly projected: Tensor
  /** Weights of the hidden state of the target, then of the clone, `[H, K 4H]`. */
  readonly hiddenWeight: Tensor
  /** The source's share of the fine-tune gate, then of the transfer gate, before their activation and with all biases, `[batch, step, 2H]`. */
  readonly gateProjected: Tensor
  /** Weights of the target's share of both gates, `[H, 2H]`. */
  readonly gateWeight: Tensor
  /** Hidden states of the source, `[batch, step, H]`. */
  readonly source: Tensor
  /** The candidates, `[batch, step, H]`; without them the candidate is the hidden state of a second LSTM, the clone. */
  readonly candidate?: Tensor
  /** `[batch, step]`: 1 where a step is real, 0 where it is padding. No gradient flows through it. */
  readonly mask: Tensor
  /** States before the first step: the mixture `[batch, H]`, and the cell states of the target and the clone side by side, `[batch, K H]`. */
  readonly initial: LstmState
}

/** States after every step, by position. */
export interface LstmTransferSequence {
  /** Mixed hidden states, `[batch, step, H]`. */
  readonly hidden: Tensor
  /** Cell states of the target and the clone side by side, `[batch, step, K H]`. */
  readonly cell: Tensor
  /** Openings of the fine-tune gate, then of the transfer gate, `[batch, step, 2H]`. */
  readonly openings: Tensor
}

/** Parts of equal width. */
const halves = (sideBySide: Tensor, count: number): readonly Vectors[] => {
  const width = (sideBySide.shape[1] ?? 0) / count
  // One vector an example.
  return split(sideBySide, Array.from({ length: count }, () => width)) as unknown as readonly Vectors[]
}

/** Inputs in the order in which they are differentiated; the last is left out where there is a clone. */
type Inputs = readonly [projected: Tensor, hiddenWeight: Tensor, gateProjected: Tensor, gateWeight: Tensor, source: Tensor, initialHidden: Tensor, initialCell: Tensor, candidate?: Tensor]

const composed = ([projected, hiddenWeight, gateProjected, gateWeight, source, hidden, cell, candidate]: Inputs, mask: Tensor, reverse: boolean): readonly Tensor[] => {
  const count = candidate === undefined ? 2 : 1
  // One vector an example.
  const initial = [hidden, cell] as unknown as readonly [Vectors, Vectors]
  return overSteps([projected, gateProjected, source, ...(candidate === undefined ? [] : [candidate])], mask, initial, reverse, (given, states) => {
    // Those that were given.
    const [[input, gates, s, prepared], [before, cellBefore]] = [given, states] as unknown as readonly [readonly [Tensor, Tensor, Vectors, Vectors?], readonly [Tensor, Tensor]]
    const preactivations = halves(add(input, matMul(before, hiddenWeight)), count)
    const cells = halves(cellBefore, count)
    // One cell state for each.
    const [target, clone] = preactivations.map((each, branch) => lstmStep(each, cells[branch] as Vectors)) as [LstmState, LstmState?]
    // The product's sizes are checked at run time.
    const openings: Tensor = sigmoid(add(gates, matMul(target.hidden as Tensor, gateWeight)))
    // Two of them.
    const [fineTune, transfer] = halves(openings, 2) as readonly [Vectors, Vectors]
    const mixed = mix(transfer, mix(fineTune, prepared ?? clone?.hidden ?? target.hidden, s), target.hidden)
    const cellsAfter: readonly [Tensor, ...Tensor[]] = [target.cell, ...(clone === undefined ? [] : [clone.cell])]
    const after = clone === undefined ? target.cell : concat(cellsAfter, -1)
    // One vector an example.
    return [mixed, after, openings] as unknown as readonly Vectors[]
  })
}

const checkInputs = ({ projected, hiddenWeight, gateProjected, gateWeight, source, candidate, mask, initial }: LstmTransferInputs): void => {
  const [batch = 0, steps = 0] = mask.shape
  const [hidden = 0] = hiddenWeight.shape
  const count = candidate === undefined ? 2 : 1
  const expected: readonly (readonly [Tensor, readonly number[]])[] = [
    [projected, [batch, steps, count * 4 * hidden]],
    [hiddenWeight, [hidden, count * 4 * hidden]],
    [gateProjected, [batch, steps, 2 * hidden]],
    [gateWeight, [hidden, 2 * hidden]],
    [source, [batch, steps, hidden]],
    ...(candidate === undefined ? [] : [[candidate, [batch, steps, hidden]] as const]),
    [initial.hidden, [batch, hidden]],
    [initial.cell, [batch, count * hidden]],
  ]
  if (steps > 0 && hidden > 0 && expected.every(([{ shape }, sizes]) => String(shape) === String(sizes))) return
  throw new TransferkitError(
    'shape/sequence',
    `lstmTransferSequence takes the shares of the input [batch, step, ${4 * count}H] and of the source [batch, step, 2H], weights [H, ${4 * count}H] and [H, 2H], states of the source and candidates [batch, step, H], a mask [batch, step] of at least one step and states [batch, H] and [batch, ${count}H], but was given [${[...expected.map(([{ shape }]) => String(shape)), String(mask.shape)].join('], [')}].`,
  )
}

/**
 * All steps of an LSTM whose hidden state is mixed, element by element, with that of a source by two gates:
 *
 * ```text
 * t = lstmStep(projected + h U)        c = the candidate, or the clone's lstmStep(projected + h U)
 * f, z = σ(gateProjected + t V)        h' = z ⊙ (f ⊙ c + (1 - f) ⊙ s) + (1 - z) ⊙ t
 * ```
 *
 * The mixture is the recurrent input of both LSTMs, which keep cell states of their own. A padded step copies the states of the step before.
 *
 * @param inputs Shares, weights, states.
 * @param options Direction.
 * @throws TransferkitError `shape/sequence` when the shapes do not fit or there is no step.
 *
 * @example
 * ```ts
 * import { lstmTransferSequence, ones, randomKey, randomNormal, zeros } from '@transferkit/tensor'
 *
 * const [states, weights] = [ones([2, 5, 3]), randomNormal(randomKey(1), [3, 12])]
 * const initial = { hidden: zeros([2, 3]), cell: zeros([2, 3]) } as const
 * const shares = { projected: ones([2, 5, 12]), hiddenWeight: weights, gateProjected: zeros([2, 5, 6]), gateWeight: zeros([3, 6]) }
 * const { hidden } = lstmTransferSequence({ ...shares, source: states, candidate: states, mask: ones([2, 5]), initial }) // [2, 5, 3]
 * ```
 */
export const lstmTransferSequence = (inputs: LstmTransferInputs, { reverse = false }: SequenceOptions = {}): LstmTransferSequence => {
  checkInputs(inputs)
  const { projected, hiddenWeight, gateProjected, gateWeight, source, candidate, mask, initial } = inputs
  const [initialHidden, initialCell]: readonly [Tensor, Tensor] = [initial.hidden, initial.cell]
  const own = [projected, hiddenWeight, gateProjected, gateWeight, source, initialHidden, initialCell, ...(candidate === undefined ? [] : [candidate])] as const
  // As many as there are, in this order.
  const form = (...given: readonly Tensor[]): readonly Tensor[] => composed(given as unknown as Inputs, mask, reverse)
  const kernelInputs = { hiddenWeight, gateWeight, source, ...(candidate && { candidate }), mask, initialHidden, initialCell }
  const outputs: readonly Tensor[] = !hasKernel(acceleratedKernels.lstmTransferSequence)
    ? form(...own)
    : differentiableMany(
        own,
        () => floats(acceleratedKernels.lstmTransferSequence, { projected, gateProjected, ...kernelInputs }, { reverse, keepsGates: isRecording() }),
        ([ofHidden, ofCell, ofOpenings]) => {
          // The kernel knows the gradient of the hidden states alone; nothing else is asked for in training.
          if (ofCell !== undefined || ofOpenings !== undefined) return vectorJacobianProducts(form, own, [ofHidden, ofCell, ofOpenings])
          // The outputs that are recorded here.
          const [hidden, cell, openings, gates] = outputs as readonly [Tensor, Tensor, Tensor, Tensor]
          const hiddenGradient = ofHidden ?? zerosLike(hidden)
          const given = { hiddenGradient, ...kernelInputs, hidden, cell, openings, gates }
          return kernelGradient([hiddenGradient], own, () => floats(acceleratedKernels.lstmTransferSequenceGradient, given, { reverse }), form)
        },
      )
  // One tensor each.
  const [hidden, cell, openings] = outputs as readonly [Tensor, Tensor, Tensor]
  return { hidden, cell, openings }
}
