import { flattenTree, randomKey, readSync, scope, type Tensor, type TransferContext, zeros } from '@transferkit/tensor'
import { compose, scratch } from '@transferkit/training'
import { testStrategy } from '@transferkit/training/testing'
import { tinyNetwork } from '@transferkit/training/tiny'
import { networks, vgg9 } from '@transferkit/vision'
import { describe, expect, test } from 'vitest'
import { attentionTransfer } from '../family/attention-transfer.js'
import { featureMatching } from '../family/feature-matching.js'
import { l2tW } from '../family/l2t-w.js'
import { lwf } from '../family/lwf.js'
import { defineFreshNetwork, freshNetwork } from './fresh-network.js'
import { defineL2tWw } from './l2t-ww.js'

testStrategy({ strategy: freshNetwork })

/** A trained source at the size of a test. */
const contextOf = (network: TransferContext['source']['network']): TransferContext => ({
  source: { network, variables: network.init(randomKey(1), [1, ...network.inputShape]) },
  task: { kind: 'classification', classes: ['a', 'b', 'c'] },
  inputShape: network.inputShape,
})

/** VGG-9 with few channels. */
const small = { small: ({ classes, inputShape }: { readonly classes: number; readonly inputShape: readonly number[] }) => vgg9({ classes, inputShape, widths: [[2], [2], [2, 2], [3, 3], [3, 3]] }) }

describe('a fresh network', () => {
  test('of the architecture of the source is scratch, bit for bit', () => {
    scope(() => {
      const context = contextOf(tinyNetwork(3))
      const [fresh, scratched] = [freshNetwork(), scratch()].map((strategy) => flattenTree<Tensor>(strategy.prepare(context).init(randomKey(7)).params))
      expect(fresh!.map(({ path }) => path)).toEqual(scratched!.map(({ path }) => path))
      fresh!.forEach(({ leaf }, index) => {
        expect(readSync(leaf)).toEqual(readSync(scratched![index]!.leaf))
      })
    })
  })

  test('of another architecture has nothing of the source, and regularisers compare the two', () => {
    scope(() => {
      const context = contextOf(vgg9({ classes: 5, widths: [[3], [3], [3, 3], [2, 2], [4, 4]] }))
      const structure = defineFreshNetwork({ networks: small })({ target: 'small' })
      for (const regularisers of [[], [lwf()], [attentionTransfer()], [lwf(), attentionTransfer()], [featureMatching({ pairs: 'single' })], [featureMatching({ pairs: 'one-to-one' })], [l2tW()]]) {
        const program = compose(structure, ...regularisers).prepare(context)
        const variables = program.init(randomKey(2))
        expect(program.forward(variables, zeros([2, 32, 32, 3]), { training: false }).logits.shape).toEqual([2, 3])
        expect(program.prefix).toBeUndefined()
        expect(Object.keys(program.publish?.(variables).params ?? variables.params)).not.toContain('regularisers')
      }
    })
  })

  test.each([
    ['fresh-network', defineFreshNetwork],
    ['l2t-ww', defineL2tWw],
  ])('%s: an architecture that there is not is told with the nearest name', (name, define) => {
    scope(() => {
      const context = contextOf(tinyNetwork(3))
      expect(() => define({ networks })({ target: 'vgg-9' }).prepare(context)).toThrow(`Strategy '${name}', option 'target': there is no target architecture 'vgg-9'. Did you mean 'vgg9'?`)
      expect(() => define()({ target: 'vgg9' }).prepare(context)).toThrow('No architectures were given')
    })
  })

  test.each([
    ['fresh-network', defineFreshNetwork],
    ['l2t-ww', defineL2tWw],
  ])('%s: settings of the architecture are used, and what it cannot have is told', (name, define) => {
    scope(() => {
      const context = contextOf(vgg9({ classes: 5, widths: [[3], [3], [3, 3], [2, 2], [4, 4]] }))
      const prepare = (options: { readonly target?: string; readonly targetOptions: Readonly<Record<string, unknown>> }): readonly number[] => {
        const { params } = define({ networks })(options).prepare(context).init(randomKey(1))
        return flattenTree<Tensor>(params).find(({ path }) => path === 'head.weight')!.leaf.shape
      }
      const widths = [[2], [2], [2, 2], [3, 3], [6, 6]]
      expect(prepare({ target: 'vgg9', targetOptions: { widths } })).toEqual([6, 3])
      const start = `Strategy '${name}', option 'targetOptions'`
      expect(() => prepare({ target: 'vgg9', targetOptions: { widths, width: 2 } })).toThrow(`${start}: 'width' changes nothing about the architecture 'vgg9'`)
      expect(() => prepare({ target: 'vgg9', targetOptions: { widths: 'wide' } })).toThrow(`${start}: the architecture 'vgg9' cannot be made with {"widths":"wide"}`)
      expect(() => prepare({ targetOptions: { widths } })).toThrow("is for an architecture that the option 'target' names")
    })
  })
})
