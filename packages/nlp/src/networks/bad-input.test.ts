import { arrayTextDataset, embeddingMatrix, encodedDataset, encodeTexts, languageModelDataset, readTextVectors, vocabulary } from '@transferkit/datasets'
import { type Dataset, randomKey, scope, type TrainedNetwork } from '@transferkit/tensor'
import { fineTune, transfer } from '@transferkit/training'
import { expect, test } from 'vitest'
import { trainLanguageModel } from '../language-model/train-language-model.js'
import { recurrentPtu } from '../strategies/recurrent-ptu.js'
import { pairClassifier, textClassifier } from './text-classifier.js'

const words = vocabulary(['a fine film', 'a dull film'])
const classes = ['bad', 'good']
const maximumLength = 6
const sizes = { vocabulary: words.size, classes: 2, maximumLength, embeddingSize: 3, hiddenSize: 4 }

/** What real files hold: no words, only unknown words, far too many words, characters of all kinds. */
const odd = ['', ' \t ', 'qwertz asdf', 'fine '.repeat(100_000), 'film \ud800 \u0000 👩‍👩‍👧 film', 'a fine film']
const labels = [0, 1, 0, 1, 0, 1]

const startOf = (network: TrainedNetwork['network']): TrainedNetwork => ({ network, variables: network.init(randomKey(1), [1, ...network.inputShape]) })

/** Trains on a data set with each kind of strategy, and classifies all of it. */
const trains = async (source: TrainedNetwork, target: Dataset): Promise<void> => {
  for (const strategy of [fineTune(), recurrentPtu({ layers: 'all' })]) {
    const model = await transfer({ source, target, strategy, steps: 2, batchSize: target.size })
    const evaluation = await model.evaluate(target)
    expect(evaluation.examples).toBe(target.size)
    expect(evaluation.loss).toBeLessThan(5)
    model.release()
  }
  scope(() => undefined, { donate: { ...source.variables } })
}

test('sentences that are empty, unknown, or of 100,000 words train and are classified; nothing is left out', async () => {
  const target = await encodedDataset(arrayTextDataset({ name: 'odd', classes, texts: odd, labels }), { vocabulary: words, maximumLength })
  expect(target.report).toMatchObject({ texts: 6, longest: 100_000, cut: 1, empty: 2, allUnknown: 1 })
  // The rest of a long text is not kept: a batch has at most the length that the network takes.
  expect((await target.read([3])).inputs.length).toBe(maximumLength)
  await trains(startOf(textClassifier({ ...sizes, bidirectional: true })), target)
})

test('so do pairs', async () => {
  const pairs = arrayTextDataset({ name: 'odd pairs', classes, texts: odd, secondTexts: odd.toReversed(), labels })
  await trains(startOf(pairClassifier(sizes)), await encodedDataset(pairs, { vocabulary: words, maximumLength }))
})

test('a batch without any word has finite scores', async () => {
  const target = await encodedDataset(arrayTextDataset({ name: 'nothing', classes, texts: ['', ''], labels: [0, 1] }), { vocabulary: words, maximumLength })
  await trains(startOf(textClassifier({ ...sizes, pooling: 'attention' })), target)
})

test('a model takes such sentences to predict', async () => {
  const source = startOf(textClassifier(sizes))
  const target = await encodedDataset(arrayTextDataset({ name: 'odd', classes, texts: odd, labels }), { vocabulary: words, maximumLength })
  const model = await transfer({ source, target, strategy: fineTune(), steps: 1, batchSize: 6 })
  const { inputs, shape, report } = encodeTexts(['', 'fine '.repeat(100_000)], { vocabulary: words, maximumLength })
  expect(shape).toEqual([2, maximumLength])
  expect(report).toMatchObject({ empty: 1, cut: 1 })
  const predictions = await model.predict({ inputs, shape })
  expect(predictions).toHaveLength(2)
  expect(predictions.every(({ probability }) => probability >= 0.5)).toBe(true)
  model.release()
  scope(() => undefined, { donate: { ...source.variables } })
})

test('a language model learns from the whole of a text of 100,000 words, row by row, and says which texts have nothing to learn', async () => {
  const dataset = languageModelDataset(odd, { vocabulary: words, maximumLength: 50 })
  expect(dataset.report).toMatchObject({ texts: 6, tooShort: 2 })
  expect(dataset.report.places).toBe(99_999 + 1 + 2)
  const trained = await trainLanguageModel({ network: textClassifier({ ...sizes, maximumLength: 50 }), dataset, steps: 1, batchSize: 4 })
  expect(Number.isFinite(trained.history[0]?.trainingLoss)).toBe(true)
  trained.release()
})

test('vectors of another width than the embedding are refused, with both numbers', async () => {
  const vectors = await readTextVectors(new TextEncoder().encode('film 0.5 -1\nfine 1 2\n'))
  const { values } = embeddingMatrix(words, vectors, randomKey(1))
  expect(() => textClassifier({ ...sizes, vectors: values })).toThrow(/have 12 values, but 6 tokens of 3 channels need 18/)
})

test('labels that are no classes are refused before the training', async () => {
  const source = startOf(textClassifier(sizes))
  const target = await encodedDataset(arrayTextDataset({ name: 'reviews', classes, texts: ['a film', 'fine'], labels: [0, 1] }), { vocabulary: words, maximumLength })
  const wrong: Dataset = { ...target, labels: Int32Array.of(0, 2) }
  await expect(transfer({ source, target: wrong, strategy: fineTune(), steps: 1 }).result()).rejects.toThrow(/Example 1 of 'reviews' has the label 2, but the task has 2 classes/)
  scope(() => undefined, { donate: { ...source.variables } })
})

test('single sentences for a network of pairs, and pairs for one of sentences, are refused', async () => {
  const single = await encodedDataset(arrayTextDataset({ name: 'reviews', classes, texts: ['a film'], labels: [0] }), { vocabulary: words, maximumLength })
  const pairs = await encodedDataset(arrayTextDataset({ name: 'pairs', classes, texts: ['a'], secondTexts: ['b'], labels: [1] }), { vocabulary: words, maximumLength })
  for (const [network, target] of [[pairClassifier(sizes), single], [textClassifier(sizes), pairs]] as const) {
    const source = startOf(network)
    await expect(transfer({ source, target, strategy: recurrentPtu(), steps: 1 }).result()).rejects.toMatchObject({ code: 'transfer/input-shape' })
    scope(() => undefined, { donate: { ...source.variables } })
  }
})
