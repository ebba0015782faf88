import { type Key, randomKey, TransferkitError } from '@transferkit/tensor'
import type { TextDataset } from '../data/text-dataset.js'
import { fitLogisticRegression } from './logistic-regression.js'
import { type ExampleTexts, fitTfidf } from './tfidf-rows.js'
import type { Tokeniser } from './tokeniser.js'
import { wordTokeniser } from './word-tokeniser.js'

/** What {@link tfidfBaseline} may be told. */
export interface TfidfBaselineOptions {
  /** How texts are cut into tokens, {@link wordTokeniser} with its defaults unless told. */
  readonly tokeniser?: Tokeniser
  /** Weight of the losses against half the squared length of the weights (the `C` of scikit-learn), 10 unless told, our choice. */
  readonly inverseRegularisation?: number
  /** Number of passes over the training texts, 20 unless told, our choice. */
  readonly epochs?: number
  /** Source of randomness, for the order of the training texts only; the key of seed 1 unless told. */
  readonly key?: Key
}

/** How well a simple classifier does. */
export interface TfidfBaseline {
  /** Share of the test texts whose class was told right, from 0 to 1. */
  readonly accuracy: number
  /** The class told for each test text. */
  readonly predictions: Int32Array
  /** Number of different tokens and pairs of tokens in the training texts. */
  readonly features: number
}

/**
 * The classifier that a text network should beat: logistic regression on TF-IDF weights of tokens and pairs of neighbouring tokens.
 *
 * It runs in plain JavaScript and gives the same numbers for the same key. Of pairs of texts, the tokens of both are told apart.
 *
 * @param train Texts to learn from.
 * @param test Texts to judge it on, of the same classes.
 * @param options Tokeniser, regularisation, length and key.
 * @throws TransferkitError `dataset/parts-differ` when the two sets do not have the same classes, `dataset/empty` when one has no examples.
 *
 * @example
 * ```ts
 * import { arrayTextDataset, tfidfBaseline } from '@transferkit/datasets'
 *
 * const task = { classes: ['bad', 'good'], labels: [0, 1] }
 * const train = arrayTextDataset({ name: 'train', ...task, texts: ['a dull film', 'a fine film'] })
 * const test = arrayTextDataset({ name: 'test', ...task, texts: ['so dull', 'so fine'] })
 * const { accuracy } = await tfidfBaseline(train, test) // 1
 * ```
 */
export const tfidfBaseline = async (train: TextDataset, test: TextDataset, options: TfidfBaselineOptions = {}): Promise<TfidfBaseline> => {
  const { tokeniser = wordTokeniser(), inverseRegularisation = 10, epochs = 20, key = randomKey(1) } = options
  const { classes } = train.task
  if (String(classes) !== String(test.task.classes) || train.paired !== test.paired) {
    throw new TransferkitError('dataset/parts-differ', `tfidfBaseline: ${train.name} and ${test.name} do not have the same classes in the same order, or one has pairs of texts and the other has not.`)
  }
  for (const { name, size } of [train, test]) if (size === 0) throw new TransferkitError('dataset/empty', `tfidfBaseline: ${name} has no examples.`)
  const examples = await examplesOf(train)
  const { columns, rowsOf } = fitTfidf(examples, tokeniser)
  const predict = fitLogisticRegression(rowsOf(examples), train.labels, { columns, classes: classes.length, inverseRegularisation, epochs, key })
  const predictions = predict(rowsOf(await examplesOf(test)))
  const right = predictions.reduce((count, label, index) => count + (label === test.labels[index] ? 1 : 0), 0)
  return { accuracy: right / test.size, predictions, features: columns }
}

const examplesOf = async (dataset: TextDataset): Promise<readonly ExampleTexts[]> => {
  const { texts, secondTexts } = await dataset.read(Int32Array.from({ length: dataset.size }, (_, position) => position))
  return texts.map((text, index) => (secondTexts === undefined ? [text] : [text, secondTexts[index] ?? '']))
}
