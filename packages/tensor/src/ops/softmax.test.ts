import { describe, expect, test } from 'vitest'
import { grad } from '../autodiff/grad.js'
import { scope } from '../memory/scope.js'
import type { Logits } from '../tensor/tensor.js'
import { expectClose } from '../testing/close.js'
import { integerTensor, tensor } from './creation.js'
import { mean } from './reduction.js'
import { logSoftmax, sigmoidCrossEntropy, softmax, softmaxCrossEntropy } from './softmax.js'

describe('large scores do not overflow', () => {
  test('softmax and its logarithm', () => {
    scope(() => {
      expectClose(softmax(tensor([1000, 1000, -1000, 0], [2, 2])), [0.5, 0.5, 0, 1])
      expectClose(logSoftmax(tensor([1000, 0], [1, 2])), [0, -1000])
    })
  })

  test('losses and their gradients', () => {
    scope(() => {
      const labels = integerTensor([1, 0], [2])
      const logits = tensor([1000, 0, 1000, 0], [2, 2])
      expectClose(softmaxCrossEntropy(logits, labels), [1000, 0])
      // (softmax - one-hot) / 2
      expectClose(grad((scores: Logits) => mean(softmaxCrossEntropy(scores, labels)))(logits), [0.5, -0.5, 0, 0])
      expectClose(sigmoidCrossEntropy(tensor([1000, -1000, 1000], [3]), tensor([1, 0, 0], [3])), [0, 0, 1000])
    })
  })
})

test.each([
  { name: 'too few labels', labels: () => integerTensor([1], [1]), found: '[1]' },
  { name: 'probabilities of other classes', labels: () => tensor([1, 0, 0, 1, 0, 0], [2, 3]), found: '[2,3]' },
])('$name are refused', ({ labels, found }) => {
  scope(() => {
    // One of the two kinds of labels.
    expect(() => softmaxCrossEntropy(tensor([1, 2, 3, 4], [2, 2]), labels() as Logits)).toThrow(
      `softmaxCrossEntropy: labels of shape ${found} do not fit logits of shape [2,2]; expected [2] integers or [2,2] probabilities.`,
    )
  })
})
