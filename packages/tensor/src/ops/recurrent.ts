import { vectorJacobianProducts } from '../autodiff/grad.js'
import { differentiableMany, isRecording } from '../autodiff/tape.js'
import { TransferkitError } from '../error.js'
import { type AcceleratedKernel, acceleratedKernels } from '../kernels/accelerated.js'
import type { Tensor, Vectors } from '../tensor/tensor.js'
import { hasKernel, type KernelInputs, runKernels } from '../tensor/upstream.js'
import { add, multiply, subtract } from './arithmetic.js'
import { zerosLike } from './creation.js'
import { sigmoid, tanh } from './elementwise.js'
import { matMul } from './matrix-product.js'
import { expandDimensions, reshape, stack, stopGradient, unstack } from './shape.js'

/** What an LSTM remembers from one step to the next. */
export interface LstmState {
  /** Hidden state, `[batch, H]`. */
  readonly hidden: Vectors
  /** Cell state, `[batch, H]`. */
  readonly cell: Vectors
}

/** States of an LSTM after every step. */
export interface LstmSequence {
  /** Hidden states by position, `[batch, step, H]`. */
  readonly hidden: Tensor
  /** Cell states by position, `[batch, step, H]`. */
  readonly cell: Tensor
}

/** How {@link lstmSequence} and {@link gruSequence} go through the steps. */
export interface SequenceOptions {
  /** Whether the last step comes first; false unless told. */
  readonly reverse?: boolean
}

/** The gates of a step, one tensor each. */
const gatesOf = (sideBySide: Tensor, count: number): readonly Vectors[] => {
  const [batch = 0, columns = 0] = sideBySide.shape
  // Each gate is one vector an example.
  return unstack(reshape(sideBySide, [batch, count, columns / count]), 1) as unknown as readonly Vectors[]
}

const composedLstmStep = (preactivations: Tensor, cell: Tensor): readonly Tensor[] => {
  // Four gates.
  const [i, f, g, o] = gatesOf(preactivations, 4) as readonly [Vectors, Vectors, Vectors, Vectors]
  // One vector an example.
  const next = add(multiply(sigmoid(f), cell as unknown as Vectors), multiply(sigmoid(i), tanh(g)))
  return [multiply(sigmoid(o), tanh(next)), next]
}

const composedGruStep = (projected: Tensor, recurrent: Tensor, state: Tensor): readonly Tensor[] => {
  // Three gates of each share.
  const three = (share: Tensor): readonly [Vectors, Vectors, Vectors] => gatesOf(share, 3) as readonly [Vectors, Vectors, Vectors]
  const [[inputReset, inputUpdate, inputNew], [hiddenReset, hiddenUpdate, hiddenNew]] = [three(projected), three(recurrent)]
  const update = sigmoid(add(inputUpdate, hiddenUpdate))
  const candidate = tanh(add(inputNew, multiply(sigmoid(add(inputReset, hiddenReset)), hiddenNew)))
  // (1 - z) n + z h, with one product less; one vector an example.
  return [add(candidate, multiply(update, subtract(state as unknown as Vectors, candidate)))]
}

/** What a kernel gives that makes floating-point tensors only. @internal */
export const floats = (kernel: AcceleratedKernel, inputs: KernelInputs, attributes: object): readonly Tensor[] =>
  // These kernels give floating-point tensors only.
  runKernels(kernel, inputs, attributes) as readonly Tensor[]

/**
 * A gradient by its kernel; differentiated in turn, it is that of the composed form.
 *
 * @param gradients Of the results.
 * @param inputs Where it is differentiated.
 * @param kernel Runs the kernel.
 * @param composed What is differentiated, composed.
 * @internal
 */
export const kernelGradient = <I extends readonly Tensor[]>(gradients: readonly (Tensor | undefined)[], inputs: Readonly<NoInfer<I>>, kernel: () => readonly Tensor[], composed: (...inputs: I) => readonly Tensor[]): readonly Tensor[] => {
  const given = gradients.filter((gradient) => gradient !== undefined)
  return differentiableMany([...given, ...inputs], kernel, (outerGradients) =>
    vectorJacobianProducts(
      (...all) => {
        // One a gradient, then one an input.
        const [left, point] = [all.slice(0, given.length), all.slice(given.length) as readonly Tensor[] as I]
        return vectorJacobianProducts(
          // One an input.
          (...inner) => composed(...(inner as readonly Tensor[] as I)),
          point,
          gradients.map((gradient) => gradient && left[given.indexOf(gradient)]),
        )
      },
      [...given, ...inputs],
      outerGradients,
    ),
  )
}

/**
 * One step of an LSTM from its gates before their activation, which stand side by side in the order input, forget, cell, output:
 * `c' = σ(f) ⊙ c + σ(i) ⊙ tanh(g)`, `h' = σ(o) ⊙ tanh(c')`.
 *
 * @param preactivations `x W + h U + b`, `[batch, 4H]`.
 * @param cell Cell state after the step before, `[batch, H]`.
 *
 * @example
 * ```ts
 * import { lstmStep, zeros } from '@transferkit/tensor'
 *
 * const { hidden } = lstmStep(zeros([2, 12]), zeros([2, 3])) // zeros
 * ```
 */
export const lstmStep = (preactivations: Tensor, cell: Vectors): LstmState => {
  const inputs: readonly [Tensor, Tensor] = [preactivations, cell]
  const [hidden, next]: readonly Tensor[] = !hasKernel(acceleratedKernels.lstmStep)
    ? composedLstmStep(...inputs)
    : differentiableMany(
        inputs,
        () => floats(acceleratedKernels.lstmStep, { preactivations, cell }, {}),
        (gradients) => {
          const [hiddenGradient, cellGradient] = gradients
          const given = { ...(hiddenGradient && { hiddenGradient }), ...(cellGradient && { cellGradient }), preactivations, cell }
          return kernelGradient(gradients, inputs, () => floats(acceleratedKernels.lstmStepGradient, given, {}), composedLstmStep)
        },
      )
  // One vector an example.
  return { hidden, cell: next } as unknown as LstmState
}

/**
 * One step of a GRU from both shares of its gates, each side by side in the order reset, update, new:
 * `n = tanh(x_n + σ(x_r + h_r) ⊙ h_n)`, `z = σ(x_z + h_z)`, `h' = (1 - z) ⊙ n + z ⊙ h`.
 *
 * @param projected The input's share, `x W + b`, `[batch, 3H]`.
 * @param recurrent The hidden state's share, `h U + c`, `[batch, 3H]`.
 * @param hidden Hidden state after the step before, `[batch, H]`.
 *
 * @example
 * ```ts
 * import { gruStep, zeros } from '@transferkit/tensor'
 *
 * const hidden = gruStep(zeros([2, 9]), zeros([2, 9]), zeros([2, 3])) // zeros
 * ```
 */
export const gruStep = (projected: Tensor, recurrent: Tensor, hidden: Vectors): Vectors => {
  const inputs: readonly [Tensor, Tensor, Tensor] = [projected, recurrent, hidden]
  const [next]: readonly Tensor[] = !hasKernel(acceleratedKernels.gruStep)
    ? composedGruStep(...inputs)
    : differentiableMany(
        inputs,
        () => floats(acceleratedKernels.gruStep, { projected, recurrent, hidden }, {}),
        ([outputGradient]) =>
          outputGradient === undefined
            ? []
            : kernelGradient([outputGradient], inputs, () => floats(acceleratedKernels.gruStepGradient, { outputGradient, projected, recurrent, hidden }, {}), composedGruStep),
      )
  // One vector an example.
  return next as unknown as Vectors
}

/**
 * The state after a step that is padding for some examples: theirs stays as it was, bit for bit.
 *
 * @param real `[batch, 1]`: 1 where the step is real, 0 where it is padding.
 * @param next State after the step, `[batch, H]`.
 * @param previous State before it, `[batch, H]`.
 *
 * @example
 * ```ts
 * import { ones, tensor, throughPadding, zeros } from '@transferkit/tensor'
 *
 * const state = throughPadding(tensor([1, 0], [2, 1]), ones([2, 3]), zeros([2, 3])) // a row of ones, a row of zeros
 * ```
 */
export const throughPadding = (real: Tensor, next: Vectors, previous: Vectors): Vectors =>
  // The products broadcast along the channels.
  add(multiply(next as Tensor, real), multiply(previous as Tensor, subtract(1, real))) as unknown as Vectors

/**
 * Runs a cell over all steps; states of padded steps are those of the step before, bit for bit.
 *
 * @param sequences What the steps are given, each `[batch, step, ...]`.
 * @param mask `[batch, step]`.
 * @param initial States before the first step.
 * @param reverse Whether the last step comes first.
 * @param step From what a step is given and the states before it to the states after it, and anything else that is kept of it.
 * @returns The states by position, then what else was kept.
 * @internal
 */
export const overSteps = (sequences: readonly Tensor[], mask: Tensor, initial: readonly Vectors[], reverse: boolean, step: (given: readonly Tensor[], states: readonly Vectors[]) => readonly Vectors[]): readonly Tensor[] => {
  const inputs = sequences.map((sequence): readonly Tensor[] => unstack(sequence, 1))
  const real: readonly Tensor[] = unstack(expandDimensions(stopGradient(mask), -1), 1)
  const kept: (readonly Vectors[])[] = []
  let states = initial
  for (let count = 0; count < real.length; count++) {
    const position = reverse ? real.length - 1 - count : count
    // There is one for every step.
    const isReal = real[position] as Tensor
    const next = step(inputs.flatMap((all) => all.slice(position, position + 1)), states)
    states = states.map((before, index) => throughPadding(isReal, next[index] ?? before, before))
    kept[position] = [...states, ...next.slice(states.length)]
  }
  const [first = []] = kept
  // At least one step was made sure of.
  return first.map((_, index) => stack(kept.flatMap((all): readonly Tensor[] => all.slice(index, index + 1)) as [Tensor, ...Tensor[]], 1))
}

const composedLstm = (projected: Tensor, weight: Tensor, mask: Tensor, { hidden, cell }: LstmState, reverse: boolean): readonly Tensor[] =>
  overSteps([projected], mask, [hidden, cell], reverse, (given, states) => {
    // Those that were given; the product's sizes are checked at run time.
    const [[input], [before, cellBefore]] = [given as readonly [Tensor], states as readonly [Tensor, Vectors]]
    const next = lstmStep(add(input, matMul(before, weight)), cellBefore)
    return [next.hidden, next.cell]
  })

const composedGru = (projected: Tensor, weight: Tensor, bias: Tensor, mask: Tensor, hidden: Vectors, reverse: boolean): readonly Tensor[] =>
  overSteps([projected], mask, [hidden], reverse, (given, states) => {
    // Those that were given.
    const [[input], [before]] = [given as readonly [Tensor], states as readonly [Vectors]]
    // The product's sizes are checked at run time.
    return [gruStep(input, add(matMul(before as Tensor, weight), bias), before)]
  })

const checkSequence = (op: string, gates: number, projected: Tensor, weight: Tensor, mask: Tensor, states: readonly Tensor[]): void => {
  const [batch = 0, steps = 0] = mask.shape
  const [hidden = 0] = weight.shape
  const expected = [
    [projected, [batch, steps, gates * hidden]],
    [weight, [hidden, gates * hidden]],
    [mask, [batch, steps]],
    ...states.map((state) => [state, [batch, hidden]] as const),
  ] as const
  if (steps > 0 && hidden > 0 && expected.every(([{ shape }, sizes]) => String(shape) === String(sizes))) return
  throw new TransferkitError(
    'shape/sequence',
    `${op} takes the input's share [batch, step, ${gates}H], weights [H, ${gates}H], a mask [batch, step] of at least one step and states [batch, H], but was given [${expected.map(([{ shape }]) => String(shape)).join('], [')}].`,
  )
}

/**
 * All steps of an LSTM, whose gates stand side by side in PyTorch's order: input, forget, cell, output. Each step is {@link lstmStep} of
 * `projected + h U`; a padded step copies the states of the step before.
 *
 * @param projected The input's share of the gates with all biases, `x W + b`, `[batch, step, 4H]`.
 * @param hiddenWeight `U`, `[H, 4H]`.
 * @param mask `[batch, step]`: 1 where a step is real, 0 where it is padding. No gradient flows through it.
 * @param initial States before the first step.
 * @param options Direction.
 * @throws TransferkitError `shape/sequence` when the shapes do not fit or there is no step.
 *
 * @example
 * ```ts
 * import { lstmSequence, ones, randomKey, randomNormal, zeros } from '@transferkit/tensor'
 *
 * const initial = { hidden: zeros([2, 3]), cell: zeros([2, 3]) } as const
 * const { hidden } = lstmSequence(ones([2, 5, 12]), randomNormal(randomKey(1), [3, 12]), ones([2, 5]), initial) // hidden: [2, 5, 3]
 * ```
 */
export const lstmSequence = (projected: Tensor, hiddenWeight: Tensor, mask: Tensor, initial: LstmState, { reverse = false }: SequenceOptions = {}): LstmSequence => {
  const [initialHidden, initialCell]: readonly [Tensor, Tensor] = [initial.hidden, initial.cell]
  checkSequence('lstmSequence', 4, projected, hiddenWeight, mask, [initialHidden, initialCell])
  const inputs = [projected, hiddenWeight, initialHidden, initialCell] as const
  const form = (...[x, u, hidden, cell]: readonly [Tensor, Tensor, Tensor, Tensor]): readonly Tensor[] =>
    // One vector an example.
    composedLstm(x, u, mask, { hidden, cell } as unknown as LstmState, reverse)
  const given = { hiddenWeight, mask, initialHidden, initialCell }
  const outputs: readonly Tensor[] = !hasKernel(acceleratedKernels.lstmSequence)
    ? form(...inputs)
    : differentiableMany(
        inputs,
        () => floats(acceleratedKernels.lstmSequence, { projected, ...given }, { reverse, keepsGates: isRecording() }),
        ([hiddenGradient, cellGradient]) => {
          // The outputs that are recorded here.
          const [hidden, cell, gates] = outputs as readonly [Tensor, Tensor, Tensor]
          const gradients = [hiddenGradient ?? zerosLike(hidden), cellGradient] as const
          const kernelInputs = { hiddenGradient: gradients[0], ...(cellGradient && { cellGradient }), ...given, hidden, cell, gates }
          return kernelGradient(gradients, inputs, () => floats(acceleratedKernels.lstmSequenceGradient, kernelInputs, { reverse }), form)
        },
      )
  // One tensor a state.
  const [hidden, cell] = outputs as readonly [Tensor, Tensor]
  return { hidden, cell }
}

/**
 * All steps of a GRU, whose gates stand side by side in PyTorch's order: reset, update, new. Each step is {@link gruStep} of `projected` and `h U + c`; a
 * padded step copies the state of the step before.
 *
 * @param projected The input's share of the gates, `x W + b`, `[batch, step, 3H]`.
 * @param hiddenWeight `U`, `[H, 3H]`.
 * @param hiddenBias `c`, `[3H]`.
 * @param mask `[batch, step]`: 1 where a step is real, 0 where it is padding. No gradient flows through it.
 * @param initial State before the first step, `[batch, H]`.
 * @param options Direction.
 * @returns Hidden states by position, `[batch, step, H]`.
 * @throws TransferkitError `shape/sequence` when the shapes do not fit or there is no step.
 *
 * @example
 * ```ts
 * import { gruSequence, ones, randomKey, randomNormal, zeros } from '@transferkit/tensor'
 *
 * const hidden = gruSequence(ones([2, 5, 9]), randomNormal(randomKey(1), [3, 9]), zeros([9]), ones([2, 5]), zeros([2, 3])) // [2, 5, 3]
 * ```
 */
export const gruSequence = (projected: Tensor, hiddenWeight: Tensor, hiddenBias: Tensor, mask: Tensor, initial: Vectors, { reverse = false }: SequenceOptions = {}): Tensor => {
  const initialHidden: Tensor = initial
  checkSequence('gruSequence', 3, projected, hiddenWeight, mask, [initialHidden])
  const inputs = [projected, hiddenWeight, hiddenBias, initialHidden] as const
  const form = (...[x, u, bias, hidden]: readonly [Tensor, Tensor, Tensor, Tensor]): readonly Tensor[] =>
    // One vector an example.
    composedGru(x, u, bias, mask, hidden as unknown as Vectors, reverse)
  const outputs: readonly Tensor[] = !hasKernel(acceleratedKernels.gruSequence)
    ? form(...inputs)
    : differentiableMany(
        inputs,
        () => floats(acceleratedKernels.gruSequence, { projected, hiddenWeight, hiddenBias, mask, initialHidden }, { reverse, keepsGates: isRecording() }),
        ([hiddenGradient]) => {
          if (hiddenGradient === undefined) return []
          // The outputs that are recorded here.
          const [hidden, gates] = outputs as readonly [Tensor, Tensor]
          const kernelInputs = { hiddenGradient, hiddenWeight, mask, initialHidden, hidden, gates }
          return kernelGradient([hiddenGradient], inputs, () => floats(acceleratedKernels.gruSequenceGradient, kernelInputs, { reverse }), form)
        },
      )
  // One tensor a state.
  const [hidden] = outputs as readonly [Tensor]
  return hidden
}
