import type { Network } from '@transferkit/tensor'
import { expectTypeOf, test } from 'vitest'
import { trainLanguageModel } from '../language-model/train-language-model.js'
import { sequencePoolingLayer } from '../layers/pooling-layer.js'
import { lstmCell } from '../recurrent/lstm-cell.js'
import { textClassifier } from './text-classifier.js'

// Only types are looked at: nothing here runs.
declare const network: Network

test('what does not fit does not compile', () => {
  expectTypeOf(textClassifier({ vocabulary: 5000, classes: 2, pooling: 'max', cell: 'gru' })).toEqualTypeOf<Network>()
  // @ts-expect-error A network without a vocabulary reads nothing.
  textClassifier({ classes: 2 })
  // @ts-expect-error There is no such cell.
  textClassifier({ vocabulary: 5000, classes: 2, cell: 'rnn' })
  // @ts-expect-error There is no such option.
  textClassifier({ vocabulary: 5000, classes: 2, hidden: 64 })
  // @ts-expect-error There is no such pooling.
  sequencePoolingLayer({ kind: 'sum' })
  // @ts-expect-error A cell has a size.
  lstmCell()
  // @ts-expect-error Texts are encoded first.
  trainLanguageModel({ network, dataset: ['a fine film'], steps: 1 })
})
