import { divide, exp, type Logits, mean, multiply, type Scalar, subtract, sum, logSoftmax, type Tensor } from '@transferkit/tensor'

/** Settings of {@link distillationLoss}. */
export interface DistillationOptions {
  /** `T`, by which scores are divided before the softmax; 2 unless told, as in Li and Hoiem. */
  readonly temperature?: number
  /** Whether the loss is multiplied by `T²`, as in the papers, so that its gradient does not shrink with the temperature; true unless told. Common PyTorch libraries leave the factor out. */
  readonly temperatureSquared?: boolean
}

/**
 * Knowledge distillation: how far the student's class probabilities are from the teacher's at a temperature,
 * `T² · mean over examples of KL( softmax(teacher/T) ‖ softmax(student/T) )`.
 *
 * @param student Scores that are trained, `[batch, class]`.
 * @param teacher Scores to imitate, of the same shape; make sure that no gradient flows into them.
 * @param options Temperature, and whether its square is a factor.
 *
 * @example
 * ```ts
 * import { distillationLoss } from '@transferkit/meta'
 * import { tensor } from '@transferkit/tensor'
 *
 * const loss = distillationLoss(tensor([1, 0], [1, 2]), tensor([0, 1], [1, 2]), { temperature: 2 })
 * ```
 */
export const distillationLoss = (student: Logits, teacher: Logits, { temperature = 2, temperatureSquared = true }: DistillationOptions = {}): Scalar => {
  const logTeacher: Tensor = logSoftmax(divide(teacher, temperature))
  const logStudent: Tensor = logSoftmax(divide(student, temperature))
  const divergence: Tensor = sum(multiply(exp(logTeacher), subtract(logTeacher, logStudent)), [-1])
  return multiply(mean(divergence), temperatureSquared ? temperature ** 2 : 1)
}
