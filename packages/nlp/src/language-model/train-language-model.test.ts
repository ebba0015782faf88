import { branchAt, type Compile, flattenTree, foldIn, inference, integerTensor, mapTree, type Network, randomKey, randomNormal, readSync, scalar, scope, tensor, type Tensor, type TensorTree, add, trainingMode } from '@transferkit/tensor'
import { checkGradients } from '@transferkit/tensor/testing'
import { adam, constant, fineTune, transfer } from '@transferkit/training'
import { describe, expect, test } from 'vitest'
import { pairClassifier, textClassifier } from '../networks/text-classifier.js'
import { textCnn } from '../networks/text-cnn.js'
import { rowSequence } from '../networks/row-sequence.js'
import type { RecurrentNetworkOptions } from '../networks/text-network-options.js'
import { discreteStates } from '../strategies/discrete-states.js'
import { recurrentPtu } from '../strategies/recurrent-ptu.js'
import { nested } from '../strategies/recurrent-ptu.fixture.js'
import { bigramTexts, crossEntropy, firstClassToken, nextWordRows, transitions } from './bigram-texts.fixture.js'
import { evaluateNextWords } from './evaluate-next-words.js'
import { languageModel } from './language-model-program.js'
import { nextWordsOf } from './next-words.js'
import { type LanguageModelTrainingOptions, type NextWordDataset, trainLanguageModel } from './train-language-model.js'

const words = { firstClassToken, count: 3 }

const small = (options: Partial<RecurrentNetworkOptions> = {}): Network => textClassifier({ vocabulary: 5, classes: 2, maximumLength: 8, embeddingSize: 3, hiddenSize: 6, ...options })

const texts = bigramTexts(1, 240, 9)
const heldOutTexts = bigramTexts(2, 120, 9)

const short: Omit<LanguageModelTrainingOptions, 'network'> = { dataset: nextWordRows(texts), steps: 4, batchSize: 8, optimiser: adam(), schedule: constant(0.02), seed: 3 }

test('what follows is the next word, and behind the last one the label; padding and words that are no classes are not told', () => {
  scope(() => {
    const ids = tensor([2, 4, 3, 2, 1, 0, 4, 0, 0, 2, 9, 2], [4, 3])
    const { classes, told } = nextWordsOf(ids, integerTensor([1, 0, 2, 1], [4]), words)
    expect([...readSync(told)]).toEqual([1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1, 1])
    expect([...readSync(classes)]).toEqual([2, 1, 1, 0, 0, 0, 2, 0, 0, 0, 0, 1])
  })
})

describe('perplexity', () => {
  /** A model whose scores are the decoder's bias alone. */
  const withBias = async (bias: readonly number[], dataset: NextWordDataset): Promise<number> => {
    const model = languageModel({ network: small(), words, tied: false })
    const variables = scope(() => {
      const start = model.program.init(randomKey(1))
      return { ...start, params: mapTree(start.params, (leaf, path) => (path === 'decoder.weight' ? tensor(new Float32Array(leaf.size), leaf.shape) : path === 'decoder.bias' ? tensor([...bias], [3]) : leaf)) }
    })
    const { perplexity, words: count } = await evaluateNextWords(model, variables, dataset, words, 7)
    expect(count).toBe(dataset.size * 8)
    scope(() => undefined, { donate: { ...variables } })
    return perplexity
  }

  test('of equal scores is the number of words', async () => {
    expect(await withBias([0.5, 0.5, 0.5], nextWordRows(texts))).toBeCloseTo(3, 5)
  })

  test('of a unigram model is the exponential of its cross-entropy', async () => {
    const unigram = [0.5, 0.2, 0.3]
    const found = await withBias(unigram.map((probability) => Math.log(probability)), nextWordRows(heldOutTexts))
    expect(found).toBeCloseTo(Math.exp(crossEntropy(heldOutTexts, () => unigram)), 4)
  })
})

test.each([false, true])('tied %s: training reaches the entropy of a bigram source, on texts it has not seen', async (tied) => {
  const trained = await trainLanguageModel({ ...short, network: small(), tied, steps: 260, batchSize: 16, heldOut: nextWordRows(heldOutTexts, 'others') })
  const possible = Math.exp(crossEntropy(heldOutTexts, (previous) => transitions[previous] ?? []))
  const { perplexity, words: count, accuracy } = trained.heldOut!
  // Nothing can be better than the source itself, but for the chance in 960 words.
  expect(perplexity).toBeGreaterThan(0.97 * possible)
  expect(perplexity).toBeLessThan(1.04 * possible)
  expect(count).toBe(120 * 8)
  // The likeliest word is right as often as the source gives it.
  expect(accuracy).toBeGreaterThan(0.6)
  expect(await trained.evaluate(nextWordRows(heldOutTexts))).toEqual(trained.heldOut)
  trained.release()
})

test.each([
  ['lstm', false],
  ['gru', true],
] as const)('gradients match central differences, %s, tied %s', (cell, tied) => {
  scope(() => {
    const model = languageModel({ network: small({ cell, layers: 2 }), words, tied })
    const start = model.program.init(randomKey(1))
    const leaves = flattenTree<Tensor>(start.params)
    const rows = [[2, 3, 4, 2], [3, 1, 0, 0], [4, 4, 2, 0]]
    const batch = { inputs: tensor(rows.flat(), [3, 4]), labels: integerTensor([0, 1, 2], [3]) }
    const { params: _, ...others } = start
    const report = checkGradients({
      f: (...tensors) => {
        const params = leaves.map(({ path }, index) => nested(path, tensors[index]!)).reduce<TensorTree>((tree, part) => merged(tree, part), {})
        return model.program.loss!({ variables: { ...others, params }, batch, key: randomKey(1), progress: scalar(0) }).loss
      },
      inputs: leaves.map(({ path, leaf }) => (path === 'embedding.table' ? leaf : add(leaf, randomNormal(foldIn(randomKey(5), path), leaf.shape, 0, 0.3)))),
      orders: [1],
    })
    for (const error of report.first!) expect(error).toBeLessThan(1e-2)
  })
})

/** Two trees in one. */
const merged = (left: TensorTree, right: TensorTree): TensorTree => {
  // Both are branches where they meet.
  const [a, b] = [left, right] as readonly [Record<string, TensorTree>, Record<string, TensorTree>]
  return Object.entries(b).reduce<Record<string, TensorTree>>((tree, [name, branch]) => ({ ...tree, [name]: name in a ? merged(a[name]!, branch) : branch }), { ...a })
}

const valuesIn = (tree: TensorTree): Readonly<Record<string, readonly number[]>> => Object.fromEntries(flattenTree<Tensor>(tree).map(({ path, leaf }) => [path, [...readSync(leaf)]]))

test('a training that is resumed gives the same numbers as one that was never stopped', async () => {
  const network = small({ dropout: 0.2 })
  const straight = await trainLanguageModel({ ...short, network })
  let saved: Uint8Array | undefined
  const first = await trainLanguageModel({ ...short, network, checkpointEvery: 2, saveCheckpoint: (bytes, step) => {
    if (step === 2) saved = bytes
  } })
  const resumed = await trainLanguageModel({ ...short, network, resumeFrom: saved! })
  expect(valuesIn(resumed.variables.params)).toEqual(valuesIn(straight.variables.params))
  expect(resumed.steps).toBe(4)
  for (const model of [straight, first, resumed]) model.release()
})

test('the step goes through compile, and reports perplexity', async () => {
  let calls = 0
  const compile: Compile = (f) => (input) => {
    calls++
    return f(input)
  }
  const run = trainLanguageModel({ ...short, network: small(), compile })
  const perplexities: number[] = []
  for await (const event of run) {
    if (event.type !== 'step-end') continue
    expect(event.metrics['perplexity']).toBeCloseTo(Math.exp(event.loss), 4)
    perplexities.push(event.metrics['perplexity']!)
  }
  ;(await run).release()
  expect(calls).toBe(4)
  expect(perplexities).toHaveLength(4)
})

test('what is learned are embedding and recurrent layers; the rest of the network is new and takes any transfer', async () => {
  const network = small({ layers: 2, pooling: 'attention', bidirectional: false })
  const start = scope(() => valuesIn(languageModel({ network, words, tied: false }).program.init(foldIn(randomKey(3), 'init')).params))
  const source = await trainLanguageModel({ ...short, network })
  const after = valuesIn(source.variables.params)
  expect(Object.keys(after)).toEqual(Object.keys(scope(() => valuesIn(network.init(randomKey(1), [1, 8]).params))))
  for (const path of ['embedding.table', 'recurrent1.hidden.weight', 'recurrent2.input.bias']) expect(after[path]).not.toEqual(start[path])
  // The row of the padding has no gradient.
  expect(after['embedding.table']!.slice(0, 3)).toEqual([0, 0, 0])

  const target = { ...nextWordRows(texts.slice(0, 24)), task: { kind: 'classification' as const, classes: ['x', 'y', 'z'] } }
  for (const strategy of [fineTune(), recurrentPtu({ layers: 'all' }), discreteStates({ embedding: 'frozen', hidden: 'frozen' })]) {
    const model = await transfer({ source, target, strategy, steps: 2, batchSize: 8 })
    expect(model.steps).toBe(2)
    model.release()
  }
  source.release()
})

test('a pair network learns with single texts', async () => {
  const network = pairClassifier({ vocabulary: 5, classes: 2, maximumLength: 8, embeddingSize: 3, hiddenSize: 4 })
  const trained = await trainLanguageModel({ ...short, network, steps: 1 })
  scope(() => {
    expect(network.apply(trained.variables, tensor([2, 3, 2, 0], [1, 2, 2]), inference).output.shape).toEqual([1, 2])
    expect(network.apply(trained.variables, tensor([2, 3, 2, 0], [1, 2, 2]), trainingMode(randomKey(1))).output.shape).toEqual([1, 2])
    expect(branchAt(trained.variables.params, 'embedding.table')).toBeDefined()
  })
  trained.release()
})

describe('mistakes', () => {
  const other = (dataset: NextWordDataset, classes: readonly string[]): NextWordDataset => ({ ...dataset, name: 'others', task: { kind: 'classification', classes } })

  test.each<[string, Partial<LanguageModelTrainingOptions>, RegExp]>([
    ['both directions', { network: small({ bidirectional: true }) }, /'bilstm'.*also reads from the end.*lstm or gru/],
    ['no recurrent layer', { network: textCnn({ vocabulary: 9, classes: 3, maximumLength: 8 }) }, /'text-cnn'.*no recurrent layer/],
    ['images', { network: rowSequence() }, /'row-lstm'.*no embedding/],
    ['too small an embedding', { network: small({ vocabulary: 4 }) }, /embedding of 4 tokens, but 'bigrams' has 3 words from token 2 on.*one vocabulary/],
    ['labels that are no words', { dataset: { ...short.dataset, firstClassToken: undefined as never } }, /'bigrams' does not say which tokens.*use pretrain/],
    ['other words held out', { heldOut: other(short.dataset, ['word 0', 'word 2', 'word 1']) }, /'others' has 3.*Word 1 is 'word 1' in the one and 'word 2' in the other/],
  ])('%s', async (_name, options, message) => {
    await expect(trainLanguageModel({ ...short, network: small(), ...options }).result()).rejects.toThrow(message)
  })

  test('other words to evaluate', async () => {
    const trained = await trainLanguageModel({ ...short, network: small(), steps: 1 })
    await expect(trained.evaluate(other(short.dataset, ['word 0']))).rejects.toMatchObject({ code: 'nlp/language-model' })
    trained.release()
  })
})
