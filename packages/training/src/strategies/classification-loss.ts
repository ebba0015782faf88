import { type LossInputs, type LossOutputs, mean, softmaxCrossEntropy, type Tensor, trainingMode, type TransferProgram } from '@transferkit/tensor'

/**
 * The loss that a program has unless it says otherwise: the mean softmax cross-entropy of its forward pass in training mode.
 *
 * @param program Gives the forward pass.
 *
 * @example
 * ```ts
 * import type { TransferProgram } from '@transferkit/tensor'
 * import { classificationLoss } from '@transferkit/training'
 *
 * const lossOf = (program: TransferProgram) => program.loss ?? classificationLoss(program)
 * ```
 */
export const classificationLoss =
  (program: Pick<TransferProgram, 'forward'>): ((inputs: LossInputs) => LossOutputs) =>
  ({ variables, batch, key }) => {
    const { logits, taps, state } = program.forward(variables, batch.inputs, trainingMode(key))
    const losses: Tensor = softmaxCrossEntropy(logits, batch.labels)
    return { loss: mean(losses), state, logits, taps, metrics: {} }
  }
