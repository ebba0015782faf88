import { differentiable, isRecording } from '../autodiff/tape.js'
import { TransferkitError } from '../error.js'
import { acceleratedKernels } from '../kernels/accelerated.js'
import type { Axes } from '../tensor/axes.js'
import type { Labels, Logits, Tensor } from '../tensor/tensor.js'
import { hasKernel, runKernels } from '../tensor/upstream.js'
import { add, divide, multiply, negate, subtract } from './arithmetic.js'
import { abs, exp, log1p, relu } from './elementwise.js'
import { oneHot } from './indexing.js'
import { logSumExp, max, sum } from './reduction.js'
import { expandDimensions, stopGradient } from './shape.js'

/**
 * Softmax over the last axis, `exp(x_i) / Σ_j exp(x_j)`.
 *
 * @param x Scores.
 *
 * @example
 * ```ts
 * import { softmax, tensor } from '@transferkit/tensor'
 *
 * const probabilities = softmax(tensor([0, 0], [1, 2])) // [[0.5, 0.5]]
 * ```
 */
export const softmax = <A extends Axes>(x: Tensor<A>): Tensor<A> => {
  const shifted = subtract<Axes, Axes>(x, expandDimensions(stopGradient(max(x, [-1])), -1))
  const powers = exp(shifted)
  // Elementwise in the axes of `x`.
  return divide(powers, expandDimensions(sum(powers, [-1]), -1)) as unknown as Tensor<A>
}

/**
 * Logarithm of the softmax over the last axis, without overflow.
 *
 * @param x Scores.
 *
 * @example
 * ```ts
 * import { logSoftmax, tensor } from '@transferkit/tensor'
 *
 * const logProbabilities = logSoftmax(tensor([0, 0], [1, 2]))
 * ```
 */
export const logSoftmax = <A extends Axes>(x: Tensor<A>): Tensor<A> =>
  // Elementwise in the axes of `x`.
  subtract(x as Tensor, expandDimensions(logSumExp(x, [-1]), -1)) as unknown as Tensor<A>

const crossEntropyWithProbabilities = (logits: Tensor, labels: Tensor): Tensor => negate(sum(multiply(labels, logSoftmax(logits)), [-1]))

/**
 * Softmax cross-entropy of each example, `-Σ_k labels_k log softmax(logits)_k`.
 *
 * @param logits Scores, `[batch, class]`.
 * @param labels One class an example, `[batch]` of integers, or one distribution an example, `[batch, class]`, each summing to 1.
 * @returns One loss an example, `[batch]`; take its mean for the loss of a batch. No gradient flows to the labels.
 * @throws TransferkitError `shape/labels` when the shapes do not fit.
 *
 * @example
 * ```ts
 * import { integerTensor, softmaxCrossEntropy, tensor } from '@transferkit/tensor'
 *
 * const losses = softmaxCrossEntropy(tensor([2, 0, 0, 2], [2, 2]), integerTensor([0, 1], [2]))
 * ```
 */
export const softmaxCrossEntropy = (logits: Logits, labels: Labels | Logits): Tensor<readonly ['batch']> => {
  const [batch, classes] = logits.shape
  const [labelled] = labels.shape
  if (labelled !== batch || (labels.rank === 2 && labels.shape[1] !== classes)) {
    throw new TransferkitError('shape/labels', `softmaxCrossEntropy: labels of shape [${String(labels.shape)}] do not fit logits of shape [${String(logits.shape)}]; expected [${batch}] integers or [${batch},${classes}] probabilities.`)
  }
  // Integers stand in one axis, probabilities in two; both were checked above.
  const probabilities: Tensor = labels.rank === 1 ? oneHot(labels as Labels, classes) : (labels as Tensor)
  const scores: Tensor = logits
  if (!hasKernel(acceleratedKernels.softmaxCrossEntropy)) {
    // One loss an example is left.
    return crossEntropyWithProbabilities(scores, stopGradient(probabilities)) as Tensor<readonly ['batch']>
  }
  // The kernel gives two floating-point tensors.
  const [loss, logitsGradient] = runKernels(acceleratedKernels.softmaxCrossEntropy, { logits: scores, labels: probabilities }) as readonly [Tensor<readonly ['batch']>, Tensor]
  return differentiable([scores], () => loss, (gradient) => {
    // The saved gradient is a constant; one that is differentiated in turn has to be computed from the scores.
    const perLogit = isRecording() ? subtract(softmax(scores), probabilities) : logitsGradient
    return [multiply(perLogit, expandDimensions(gradient, -1))]
  })
}

/**
 * Cross-entropy of independent yes-or-no scores, `-[y log σ(x) + (1 - y) log(1 - σ(x))]` element by element, without overflow.
 *
 * @param logits Scores.
 * @param labels 0, 1, or a probability, in the shape of `logits`.
 *
 * @example
 * ```ts
 * import { sigmoidCrossEntropy, tensor } from '@transferkit/tensor'
 *
 * const losses = sigmoidCrossEntropy(tensor([2, -2], [2]), tensor([1, 0], [2]))
 * ```
 */
export const sigmoidCrossEntropy = <A extends Axes>(logits: Tensor<A>, labels: Tensor<A>): Tensor<A> => {
  const x: Tensor = logits
  const smooth = log1p(exp(negate(abs(x))))
  // Elementwise in the axes of `logits`.
  return add(subtract(relu(x), multiply(x, labels as Tensor)), smooth) as unknown as Tensor<A>
}
