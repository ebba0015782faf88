import { add, argMax, cast, divide, equal, greaterOrEqual, integerTensor, type Labels, less, logicalAnd, type Logits, maximum, multiply, pad, reshape, type Scalar, slice, softmaxCrossEntropy, subtract, sum, type Tensor } from '@transferkit/tensor'

/** What follows each word of a batch, one place after the other. */
export interface NextWords {
  /** Class of the next word at each place, `[batch · step]`; 0 where nothing is told. */
  readonly classes: Labels
  /** 1 where the next word is told, 0 at padding and in front of words that are no classes, `[batch · step]`. */
  readonly told: Tensor
}

/** How tokens and classes belong together. */
export interface WordClasses {
  /** Id of the token that is class 0. */
  readonly firstClassToken: number
  /** Number of classes. */
  readonly count: number
}

/** What stands one step later; 0 behind the last step. */
const shifted = (x: Tensor): Tensor => slice(pad(x, [[0, 0], [0, 1]]), [0, 1], [x.shape[0] ?? 0, x.shape[1] ?? 0])

/**
 * The word that follows at each place: that of the next step, and behind the last real step the label of the row.
 *
 * @param ids `[batch, step]`, with padding 0 at the end.
 * @param labels Class of the word behind each row.
 * @param words Which tokens are classes.
 */
export const nextWordsOf = (ids: Tensor, labels: Labels, { firstClassToken, count }: WordClasses): NextWords => {
  const real: Tensor = cast(greaterOrEqual(ids, 1), 'float32')
  const last = subtract(real, shifted(real))
  const behind: Tensor = reshape(add(cast(labels, 'float32'), firstClassToken), [-1, 1])
  const next: Tensor = add(shifted(ids), multiply(last, behind))
  const isClass: Tensor = cast(logicalAnd(greaterOrEqual(next, firstClassToken), less(next, firstClassToken + count)), 'float32')
  const told: Tensor = reshape(multiply(real, isClass), [-1])
  const fromZero: Tensor = subtract(next, firstClassToken)
  const classes: Tensor = multiply(reshape(fromZero, [-1]), told)
  // One class a place.
  return { classes: cast(classes, 'int32') as unknown as Labels, told }
}

/** Sums over the places of a batch where the next word is told. */
export interface NextWordSums {
  /** Cross-entropy, in nats. */
  readonly loss: Scalar
  /** Number of places whose next word has the largest score. */
  readonly right: Scalar
  /** Number of places. */
  readonly words: Scalar
}

/**
 * Compares scores with the words that follow.
 *
 * @param logits Scores of the classes, one row a place.
 * @param next What follows.
 */
export const nextWordSums = (logits: Logits, { classes, told }: NextWords): NextWordSums => {
  const losses: Tensor = softmaxCrossEntropy(logits, classes)
  const isRight: Tensor = cast(equal(argMax(logits), classes), 'float32')
  return { loss: sum(multiply(losses, told)), right: sum(multiply(isRight, told)), words: sum(told) }
}

/** The mean of a sum over places; 0 where there is no place. */
export const perWord = (total: Scalar, { words }: NextWordSums): Scalar => divide(total, maximum(words, 1))

/** Labels of a batch on the backend. */
export const labelsOf = (labels: Int32Array): Labels => integerTensor(labels, [labels.length])
