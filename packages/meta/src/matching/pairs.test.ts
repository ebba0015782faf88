import { describe, expect, test } from 'vitest'
import { matchedPairs, type PairChoice, type TappedSide } from './pairs.js'

const source: TappedSide = {
  which: 'source',
  name: 'resnet',
  shapes: { stem: [32, 32, 16], 'stage1.block1': [32, 32, 16], stage1: [32, 32, 16], 'stage2.block1': [16, 16, 32], stage2: [16, 16, 32], 'stage2b': [16, 16, 32], stage3: [8, 8, 64], pooled: [64], tokens: [4, 4] },
}
const target: TappedSide = { which: 'target', name: 'vgg', shapes: { stage1: [32, 32, 64], stage2: [16, 16, 128], stage3: [8, 8, 256], stage4: [4, 4, 512], pooled: [512] } }

const named = (choice: PairChoice): readonly string[] => matchedPairs(choice, source, target).map(({ name }) => name)

describe('rules', () => {
  test('all-to-all takes the last stage of each size, without the stem', () => {
    expect(named({ pairs: 'all-to-all' })).toHaveLength(12)
    expect(named({ pairs: 'all-to-all' }).slice(4, 6)).toEqual(['stage2b:stage1', 'stage2b:stage2'])
    expect(named({ pairs: 'all-to-all', sourceTaps: ['stage1.block1'], targetTaps: ['stage2', 'stage4'] })).toEqual(['stage1-block1:stage2', 'stage1-block1:stage4'])
  })
  test('one-to-one takes equal sizes, and single the last of them', () => {
    expect(named({ pairs: 'one-to-one' })).toEqual(['stage1:stage1', 'stage2b:stage2', 'stage3:stage3'])
    expect(named({ pairs: 'single' })).toEqual(['stage3:stage3'])
  })
  test('pairs by hand carry the shapes of what they compare', () => {
    expect(matchedPairs({ pairs: [{ source: 'stage2.block1', target: 'pooled' }] }, source, target)).toEqual([
      { source: 'stage2.block1', target: 'pooled', name: 'stage2-block1:pooled', sourceShape: [16, 16, 32], targetShape: [512] },
    ])
  })
})

describe('mistakes are found before anything runs', () => {
  test.each([
    ['a misspelt source tap', { pairs: [{ source: 'stge2', target: 'stage1' }] }, 'matching/unknown-tap', /source network 'resnet'.*Did you mean 'stage2'/],
    ['a misspelt target tap', { pairs: [{ source: 'stage1', target: 'stage44' }] }, 'matching/unknown-tap', /target network 'vgg'.*Did you mean 'stage4'/],
    ['a tap in a rule', { pairs: 'single', sourceTaps: ['stage9'] }, 'matching/unknown-tap', /stage9/],
    ['a tap that is no map', { pairs: [{ source: 'tokens', target: 'stage1' }] }, 'matching/not-a-map', /\[4, 4\]/],
    ['an empty list', { pairs: [] }, 'matching/no-pairs', /empty.*stage3 \(8x8\)/],
    ['a rule that finds nothing', { pairs: 'single', targetTaps: ['stage4'] }, 'matching/no-pairs', /rule 'single'/],
    ['a pair given twice', { pairs: [1, 2].map(() => ({ source: 'stage1', target: 'stage1' })) }, 'matching/repeated-pair', /stage1:stage1/],
  ] satisfies readonly (readonly [string, PairChoice, string, RegExp])[])('%s', (_what, choice, code, message) => {
    const attempt = (): unknown => matchedPairs(choice, source, target)
    expect(attempt).toThrow(expect.objectContaining({ code }))
    expect(attempt).toThrow(message)
  })
})
