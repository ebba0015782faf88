import { openRuntime } from '@transferkit/runtime/node'
import { grad, item, ones, scope, type Taps, type Tensor, zeros } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { checkedWays, testStrategy } from '@transferkit/training/testing'
import { describe, expect, test } from 'vitest'
import { attentionDistance, attentionMap } from './attention-map.js'
import { attentionTransfer } from './attention-transfer.js'
import { between, official, penaltyInputs } from './official.fixture.js'
import { resizedTo } from '../matching/feature-distance.js'
import { featureMaps } from '../matching/feature-distance.js'

testStrategy({ strategy: attentionTransfer, options: { beta: 1 } })

describe('attention transfer', () => {
  test.for(checkedWays(() => openRuntime({ backend: 'native' })))('agrees with the official formula: maps, loss of every pair, sum and gradients, $way', ({ run }, { skip }) =>
    run(skip, (compile) => {
      scope(() => {
        const { hyperparameters, scalars, tolerance, ours, indices, taps } = official<{ beta: number }>('attention-transfer')
        const [source, target] = [taps('source/'), taps('target/')]
        for (const index of indices('target/')) {
          const [from, to] = [featureMaps(ours(`source/${index}`)), featureMaps(ours(`target/${index}`))]
          expectClose(
            compile(({ a, b }: { readonly a: typeof from; readonly b: typeof to }) => attentionMap(resizedTo(a, b)))({ a: from, b: to }),
            ours(`source_map/${index}`),
            tolerance(`source_map/${index}`),
          )
          expectClose(attentionMap(to), ours(`target_map/${index}`), tolerance(`target_map/${index}`))
          expectClose(compile(({ a, b }: { readonly a: typeof from; readonly b: typeof to }) => attentionDistance(a, b))({ a: from, b: to }), ours(`loss/${index}`), tolerance(`loss/${index}`))
        }
        const { context, structure } = between(source, target)
        const pairs = Object.keys(target).map((tap) => ({ source: tap, target: tap }))
        const term = attentionTransfer({ pairs, beta: hyperparameters.beta }).prepare(context, structure)
        const penalty = (learned: Taps): ReturnType<typeof term.penalty> => term.penalty(penaltyInputs(source, learned))
        const [loss = 0, relative, absolute] = scalars['loss'] ?? []
        expectClose([item(compile(penalty)(target))], [loss], { relative: relative ?? 0, absolute: absolute ?? 0 })
        const gradients = compile(grad(penalty))(target)
        for (const index of indices('target/')) expectClose(gradients[`tap${index}`] as Tensor, ours(`grad/target/${index}`), tolerance(`grad/target/${index}`))
      })
    }),
  )

  test('a map of zeros looks nowhere, with a gradient of 0', () => {
    scope(() => {
      const gradient = grad(({ maps }: { maps: Tensor }) => attentionDistance(ones([2, 2, 2, 3]), featureMaps(maps)))({ maps: zeros([2, 2, 2, 3]) })
      expectClose(attentionMap(zeros([1, 2, 2, 3])), [0, 0, 0, 0])
      expectClose(gradient.maps, new Float32Array(24))
    })
  })

  test('vectors have nowhere else to look', () => {
    scope(() => {
      const { context, structure } = between({ pooled: ones([1, 4]) }, { pooled: ones([1, 4]) })
      expect(() => attentionTransfer({ pairs: [{ source: 'pooled', target: 'pooled' }] }).prepare(context, structure)).toThrow("the target tap 'pooled' has one position only")
    })
  })
})
