import { concat, expandDimensions, reshape, type Shape, slice, squeeze, stopGradient, type Tensor, TransferkitError } from '@transferkit/tensor'

const checked = (sequence: Tensor): Shape => {
  const { shape } = sequence
  if (shape.length < 3 || (shape.at(-1) ?? 0) < 2) {
    throw new TransferkitError('nlp/sequence', `A sequence has the axes [batch, step, channel + mask], with at least one channel beside the mask, but the shape is [${String(shape)}]. Is there an embedding in front?`)
  }
  return shape
}

/**
 * A sequence as it travels between the stages of a text network: values with the mask as the last channel. Pairs of sequences have one more axis behind the
 * batch, in all functions of sequences.
 *
 * @param values `[batch, step, channel]`.
 * @param mask `[batch, step]`: 1 where a step is real, 0 where it is padding.
 * @returns `[batch, step, channel + 1]`.
 *
 * @example
 * ```ts
 * import { maskedSequence } from '@transferkit/nlp'
 * import { ones, tensor } from '@transferkit/tensor'
 *
 * const sequence = maskedSequence(ones([1, 3, 4]), tensor([1, 1, 0], [1, 3])) // two real steps
 * ```
 */
export const maskedSequence = (values: Tensor, mask: Tensor): Tensor => concat([values, expandDimensions(mask, -1)], -1)

/**
 * The values of a sequence.
 *
 * @param sequence `[batch, step, channel + 1]`.
 * @returns `[batch, step, channel]`.
 * @throws TransferkitError `nlp/sequence` when it has other axes.
 *
 * @example
 * ```ts
 * import { maskedSequence, valuesOf } from '@transferkit/nlp'
 * import { ones } from '@transferkit/tensor'
 *
 * const values = valuesOf(maskedSequence(ones([1, 3, 4]), ones([1, 3]))) // shape [1, 3, 4]
 * ```
 */
export const valuesOf = (sequence: Tensor): Tensor => {
  const shape = checked(sequence)
  return slice(sequence, [], [...shape.slice(0, -1), (shape.at(-1) ?? 1) - 1])
}

/**
 * The mask of a sequence.
 *
 * @param sequence `[batch, step, channel + 1]`.
 * @returns `[batch, step]`: 1 where a step is real, 0 where it is padding. No gradient flows through it.
 * @throws TransferkitError `nlp/sequence` when it has other axes.
 *
 * @example
 * ```ts
 * import { maskedSequence, maskOf } from '@transferkit/nlp'
 * import { ones } from '@transferkit/tensor'
 *
 * const mask = maskOf(maskedSequence(ones([1, 3, 4]), ones([1, 3]))) // shape [1, 3]
 * ```
 */
export const maskOf = (sequence: Tensor): Tensor => {
  const outer = checked(sequence).slice(0, -1)
  return squeeze(slice(stopGradient(sequence), [...outer.map(() => 0), (sequence.shape.at(-1) ?? 1) - 1], [...outer, 1]), [-1])
}

/**
 * Applies a function of single sequences also to pairs of them: the examples of a batch of pairs are taken one after the other.
 *
 * @param sequence `[batch, step, channel + 1]`, or `[batch, 2, step, channel + 1]`.
 * @param f Takes `[rows, step, channel + 1]` and gives as many rows.
 * @returns What `f` gives, with the axes of `sequence` in front of the step.
 *
 * @example
 * ```ts
 * import { eachSequence, maskedSequence } from '@transferkit/nlp'
 * import { identity, ones } from '@transferkit/tensor'
 *
 * const pairs = eachSequence(maskedSequence(ones([3, 2, 5, 4]), ones([3, 2, 5])), (rows) => identity(rows)) // rows: [6, 5, 5]
 * ```
 */
export const eachSequence = (sequence: Tensor, f: (rows: Tensor) => Tensor): Tensor => {
  const outer = sequence.shape.slice(0, -2)
  if (outer.length < 2) return f(sequence)
  const output = f(reshape(sequence, [-1, ...sequence.shape.slice(-2)]))
  return reshape(output, [...outer, ...output.shape.slice(1)])
}
