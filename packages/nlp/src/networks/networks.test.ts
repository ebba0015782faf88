import { inference, leavesOf, type Network, randomKey, randomNormal, readSync, runStages, scope, slice, softmaxCrossEntropy, sum, tapShapes, type Tensor, tensor, type TensorTree, trainingMode, valueAndGrad, integerTensor, withClasses } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { describe, expect, test } from 'vitest'
import { rowSequence } from './row-sequence.js'
import { pairClassifier, textClassifier } from './text-classifier.js'
import { textNetworks } from './text-networks.js'

const key = randomKey(11)
const small = { classes: 3, vocabulary: 12, embeddingSize: 4, hiddenSize: 4 }

const made = Object.entries(textNetworks).map(([name, make]): [string, Network] => [name, make({ ...small, inputShape: name.endsWith('-pair') ? [2, 6] : [6] })])

/** Two examples, the second one empty, of a number of steps. */
const batchFor = (network: Network, steps: number): Tensor => {
  const sentence = [3, 7, 1, 4].concat(new Array<number>(steps - 4).fill(0))
  const example = network.inputShape.length === 2 ? [...sentence, ...sentence.map((id) => (id === 0 ? 0 : id + 1))] : sentence
  return tensor([...example, ...example.map(() => 0)], [2, ...network.inputShape.slice(0, -1), steps])
}

describe.each(made)('%s', (name, network) => {
  test('is called by its name and gives finite scores, for empty texts too, in both modes', () => {
    scope(() => {
      expect(network.name).toBe(name)
      const variables = network.init(key, [1, ...network.inputShape])
      for (const mode of [inference, trainingMode(key)]) {
        const { output } = network.apply(variables, batchFor(network, 6), mode)
        expect(output.shape).toEqual([2, 3])
        expect([...readSync(output)].every(Number.isFinite)).toBe(true)
      }
    })
  })

  test('takes batches shorter or longer than its texts, with the same result', () => {
    scope(() => {
      const variables = network.init(key, [1, ...network.inputShape])
      const [short, long] = [4, 9].map((steps) => network.apply(variables, batchFor(network, steps), inference).output)
      expectClose(short!, long!, { absolute: 1e-6, relative: 1e-6 })
    })
  })

  test('has finite gradients everywhere, even where a text is empty', () => {
    scope(() => {
      const { params, state } = network.init(key, [1, ...network.inputShape])
      const { gradient } = valueAndGrad((tree: TensorTree) => sum(softmaxCrossEntropy(network.apply({ params: tree, state }, batchFor(network, 6), inference).output, integerTensor([0, 2], [2]))))(params)
      expect(leavesOf<Tensor>(gradient).every((leaf) => readSync(leaf).every(Number.isFinite))).toBe(true)
    })
  })
})

test('taps are named as the stages, and shapes are those of one example', () => {
  expect(tapShapes(textClassifier({ ...small, maximumLength: 6, layers: 2, bidirectional: true }))).toEqual({ embedding: [6, 5], recurrent1: [6, 9], recurrent2: [6, 9], pooled: [8] })
  expect(tapShapes(pairClassifier({ ...small, maximumLength: 6 }))).toEqual({ embedding: [2, 6, 5], recurrent1: [2, 6, 5], pooled: [16] })
  expect(tapShapes(textNetworks['text-cnn']!({ ...small, inputShape: [6] }))).toEqual({ embedding: [6, 5], convolution: [6, 301], pooled: [300] })
  expect(tapShapes(rowSequence({ hiddenSize: 5, inputShape: [8, 6, 2] }))).toEqual({ rows: [8, 13], recurrent1: [8, 6], pooled: [5] })
})

test('a pair classifier has the encoder of the sentence classifier', () => {
  scope(() => {
    const [sentence, pairs] = [textClassifier({ ...small, maximumLength: 5 }), pairClassifier({ ...small, maximumLength: 5 })]
    const variables = sentence.init(key, [1, 5])
    const ids = [3, 4, 0, 0, 0, 5, 6, 7, 0, 0]
    const [alone, paired] = [
      runStages(sentence, variables, tensor(ids, [2, 5]), inference).output,
      runStages(pairs, variables, tensor(ids, [1, 2, 5]), inference).output,
    ]
    expectClose(slice(paired, [0, 0], [1, 8]), readSync(alone), { absolute: 1e-6 })
  })
})

test('a row network reads the rows of an image in their order', () => {
  scope(() => {
    const network = rowSequence({ hiddenSize: 4, inputShape: [3, 2, 1], classes: 2 })
    const images = randomNormal(key, [2, 3, 2, 1])
    const { taps } = runStages(network, network.init(key, [1, 3, 2, 1]), images, inference)
    expectClose(slice(taps['rows']!, [0, 1, 0], [1, 1, 2]), slice(images, [0, 1, 0, 0], [1, 1, 2, 1]), { absolute: 0 })
  })
})

test('another head leaves the stages', () => {
  const network = withClasses(textClassifier(small), 7)
  expect([network.classes, network.inputShape, network.stages.map(({ name }) => name)]).toEqual([7, [64], ['embedding', 'recurrent1', 'pooled']])
})

test('wrong sizes and shapes are refused with what to do', () => {
  expect(() => textClassifier({ ...small, hiddenSize: 0 })).toThrow(/'hiddenSize' is a whole number of at least 1, not 0/)
  expect(() => textClassifier({ ...small, vocabulary: 1.5 })).toThrow(/lstm: 'vocabulary' .* not 1\.5/)
  expect(() => textNetworks['lstm']!({ ...small, inputShape: [2, 6] })).toThrow(/of shape \[maximumLength\], not \[2,6\]\. For pairs, use a network whose name ends in -pair/)
  expect(() => textNetworks['lstm-pair']!({ ...small, inputShape: [6] })).toThrow(/of shape \[2, maximumLength\], not \[6\]/)
})
