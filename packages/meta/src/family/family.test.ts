import { foldIn, item, randomKey, randomNormal, integerTensor, type Regulariser, type Strategy, scalar, scope, type TransferContext } from '@transferkit/tensor'
import { compose, featureExtraction, fineTune, scratch } from '@transferkit/training'
import { tinyNetwork } from '@transferkit/training/tiny'
import { describe, expect, test } from 'vitest'
import { defineFreshNetwork } from '../strategies/fresh-network.js'
import { attentionTransfer } from './attention-transfer.js'
import { dan } from './dan.js'
import { dann } from './dann.js'
import { featureMatching } from './feature-matching.js'
import { l2tW } from './l2t-w.js'
import { lwf } from './lwf.js'

test('defaults are those of the papers', () => {
  expect(lwf().options).toMatchObject({ weight: 1, temperature: 2, temperatureSquared: true })
  expect(attentionTransfer().options).toMatchObject({ beta: 1000, pairs: 'one-to-one' })
  expect(featureMatching().options).toMatchObject({ beta: 0.5, pairs: 'one-to-one' })
  expect(l2tW().options).toMatchObject({ beta: 0.5, pairs: 'one-to-one', weights: 'learned' })
  expect(dan().options).toMatchObject({ weight: 1, bandwidths: [0.5, 1, 2], estimate: 'biased' })
  expect(dann().options).toMatchObject({ weight: 1, hiddenUnits: 100 })
})

const freshNetwork = defineFreshNetwork({ networks: { other: ({ classes }) => tinyNetwork(classes) } })
const structures: readonly Strategy[] = [scratch(), fineTune(), featureExtraction(), freshNetwork({ target: 'other' })]
const added: readonly (readonly [string, readonly Regulariser[]])[] = [
  ['lwf', [lwf()]],
  ['attention-transfer', [attentionTransfer()]],
  ['feature-matching', [featureMatching()]],
  ['l2t-w', [l2tW()]],
  ['lwf+attention-transfer', [lwf(), attentionTransfer()]],
  ['dan+dann', [dan(), dann()]],
]

describe.each(structures.map((structure) => [structure.name, structure] as const))('on %s', (_structure, structure) => {
  test.each(added)('%s adds its terms, and leaves nothing behind', (_name, regularisers) => {
    scope(() => {
      const key = randomKey(1)
      const network = tinyNetwork(3)
      const context: TransferContext = { source: { network, variables: network.init(key, [1, 8, 8, 1]) }, task: { kind: 'classification', classes: ['a', 'b'] }, inputShape: [8, 8, 1] }
      const program = compose(structure, ...regularisers).prepare(context)
      const variables = program.init(foldIn(key, 'start'))
      const images = (name: string): ReturnType<typeof randomNormal> => randomNormal(foldIn(key, name), [4, 8, 8, 1])
      const batch = { inputs: images('target'), labels: integerTensor([0, 1, 0, 1], [4]), source: { inputs: images('source'), labels: integerTensor([0, 1, 2, 0], [4]) } }
      const { metrics, loss } = program.loss!({ variables, batch, key, progress: scalar(0.5) })
      expect(Object.keys(metrics)).toEqual(regularisers.map(({ name }) => name))
      for (const value of [loss, ...Object.values(metrics)]) expect(Number.isFinite(item(value))).toBe(true)
      const published = program.publish!(variables)
      expect(Object.keys(published.params)).toEqual(Object.keys(structure.prepare(context).init(key).params))
    })
  })
})
