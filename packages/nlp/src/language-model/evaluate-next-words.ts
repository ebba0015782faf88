import { type Dataset, inference, type ProgramVariables, readSync, scope, tensor, TransferkitError } from '@transferkit/tensor'
import type { LanguageModel } from './language-model-program.js'
import { labelsOf, nextWordsOf, nextWordSums, type WordClasses } from './next-words.js'

/** How well a language model tells the next words of texts. */
export interface NextWordEvaluation {
  /** `exp(loss)`: as hard as a choice between so many equally likely words. */
  readonly perplexity: number
  /** Mean cross-entropy of a word, in nats. */
  readonly loss: number
  /** Share of the words that have the largest score, 0 to 1. */
  readonly accuracy: number
  /** Number of words that were told. */
  readonly words: number
}

/**
 * Perplexity of a language model over all places of a data set.
 *
 * @param model The language model.
 * @param variables What it has learned.
 * @param dataset Texts as rows.
 * @param words Which tokens are classes.
 * @param batchSize Number of rows at a time.
 * @throws TransferkitError `nlp/language-model` when the loss is not a finite number.
 */
export const evaluateNextWords = async (model: LanguageModel, variables: ProgramVariables, dataset: Dataset, words: WordClasses, batchSize: number): Promise<NextWordEvaluation> => {
  let [loss, right, count] = [0, 0, 0]
  for (let start = 0; start < dataset.size; start += batchSize) {
    const batch = await dataset.read(Int32Array.from({ length: Math.min(batchSize, dataset.size - start) }, (_, offset) => start + offset))
    const sums = scope(() => {
      const ids = tensor(batch.inputs, batch.shape)
      const found = nextWordSums(model.scores(variables, ids, inference), nextWordsOf(ids, labelsOf(batch.labels), words))
      return [found.loss, found.right, found.words].map((value) => readSync(value)[0] ?? Number.NaN)
    })
    loss += sums[0] ?? 0
    right += sums[1] ?? 0
    count += sums[2] ?? 0
  }
  if (!Number.isFinite(loss)) throw new TransferkitError('nlp/language-model', `The loss on '${dataset.name}' is not a finite number. Has the training diverged? Try a lower learning rate.`)
  const mean = loss / Math.max(1, count)
  return { perplexity: Math.exp(mean), loss: mean, accuracy: right / Math.max(1, count), words: count }
}
