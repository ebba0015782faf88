import { mapTree, randomKey, scope, type TransferContext, zerosLike } from '@transferkit/tensor'
import { fineTune } from '@transferkit/training'
import { tinyNetwork } from '@transferkit/training/tiny'
import { describe, expect, test } from 'vitest'
import { expectVaryingFeatures, sourceFeatureShapes, stageTaps, targetFeatureShapes } from './feature-shapes.js'

const context: TransferContext = scope(() => ({
  source: { network: tinyNetwork(3), variables: tinyNetwork(3).init(randomKey(1), [1, 8, 8, 1]) },
  task: { kind: 'classification', classes: ['a', 'b'] },
  inputShape: [8, 8, 1],
}))

describe('shapes of features', () => {
  test('are those of all taps, inside stages too, of the source and of a structure', () => {
    const expected = { 'stage1': [8, 8, 4], 'stage1.norm': [8, 8, 4], 'pool': [4, 4, 4], 'stage2': [4, 4, 6], 'pooled': [6] }
    expect(sourceFeatureShapes(context)).toMatchObject(expected)
    expect(targetFeatureShapes(fineTune().prepare(context), [8, 8, 1])).toMatchObject(expected)
  })

  test('stages are the taps that are not inside another one', () => {
    expect(stageTaps(sourceFeatureShapes(context))).toEqual(['stage1', 'pool', 'stage2', 'pooled'])
    expect(stageTaps({ 'stage1.block1.relu': [1], 'stage1.block1': [1], 'stage1.block2': [1], 'stage10': [1] })).toEqual(['stage1.block1', 'stage1.block2', 'stage10'])
  })

  test('features of a source without weights are found constant, at the tap where it begins', () => {
    scope(() => {
      const params = mapTree(context.source.variables.params, (leaf, path) => (path.startsWith('stage2.convolution') ? zerosLike(leaf) : leaf))
      const broken = { ...context, source: { ...context.source, variables: { ...context.source.variables, params } } }
      expectVaryingFeatures(broken, 'l2t-w', ['stage1', 'pool'])
      expect(() => {
        expectVaryingFeatures(broken, 'l2t-w', ['stage1', 'stage2'])
      }).toThrow("Strategy 'l2t-w': the source 'tiny' gives the same features at its tap 'stage2' for every example and position")
    })
  })
})
