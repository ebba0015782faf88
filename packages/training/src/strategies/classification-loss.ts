import { type LossInputs, type LossOutputs, mean, softmaxCrossEntropy, type Tensor, trainingMode, type TransferProgram } from '@transferkit/tensor'

/**
 * The loss that a program has unless it says otherwise: the mean softmax cross-entropy of its forward pass in training mode,
 * `L = -1/B Σ_b log softmax(logits_b)[y_b]`.
 *
 * @param program Gives the forward pass, with `logits` of shape `[batch, class]`.
 * @returns The loss of a batch as one number, with the logits, taps and new state of the forward pass.
 * @throws TransferkitError `shape/labels`, from the loss, when the labels do not fit the logits.
 *
 * @example
 * ```ts
 * import { add, type LossInputs, type LossOutputs, multiply, type Scalar, type TransferProgram } from '@transferkit/tensor'
 * import { classificationLoss } from '@transferkit/training'
 *
 * // The usual loss with a term of one's own.
 * const withTerm = (program: TransferProgram, term: (inputs: LossInputs) => Scalar) => (inputs: LossInputs): LossOutputs => {
 *   const usual = classificationLoss(program)(inputs)
 *   return { ...usual, loss: add(usual.loss, multiply(term(inputs), 0.1)) }
 * }
 * ```
 */
export const classificationLoss =
  (program: Pick<TransferProgram, 'forward'>): ((inputs: LossInputs) => LossOutputs) =>
  ({ variables, batch, key }) => {
    const { logits, taps, state } = program.forward(variables, batch.inputs, trainingMode(key))
    const losses: Tensor = softmaxCrossEntropy(logits, batch.labels)
    return { loss: mean(losses), state, logits, taps, metrics: {} }
  }
