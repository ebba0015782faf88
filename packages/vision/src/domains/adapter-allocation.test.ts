import { expect, test } from 'vitest'
import { convolutionsOf, selectConvolutions } from '../adapters/convolutions.js'
import { resnet26 } from '../networks/resnet26.js'
import { adapterAllocation } from './adapter-allocation.js'

// The size of the images changes no parameter.
const network = resnet26({ classes: 10, inputShape: [8, 8, 3] })
const all = selectConvolutions(network, () => true)

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

// Totals of the method's specification, computed from the architecture alone.
test.each([
  ['parallel', 645_216, 652_960],
  ['series', 689_152, 704_128],
] as const)('ResNet-26, %s: the stages add up to the published sizes', (kind, adapters, total) => {
  const rows = adapterAllocation(network, { kind, convolutions: all })
  expect(rows.map(({ stage, convolutions }) => [stage, convolutions])).toEqual([
    ['stem', 1],
    ['stage1', 8],
    ['stage2', 8],
    ['stage3', 8],
    ['pooled', 0],
  ])
  expect(sum(rows.map(({ adapterParameters }) => adapterParameters))).toBe(adapters)
  expect(sum(rows.map(({ privateParameters }) => privateParameters))).toBe(total)
})

test('stages without adapters keep their private batch norms; a rank moves a part to what is shared', () => {
  const late = convolutionsOf(network).flatMap(({ path, stage }) => (stage === 'stage3' ? [path] : []))
  const rows = adapterAllocation(network, { kind: 'parallel', convolutions: late, rank: 8 })
  const [stem, , , last] = rows
  expect(stem).toEqual({ stage: 'stem', convolutions: 0, adapterParameters: 0, sharedParameters: 0, batchNormParameters: 64, privateParameters: 64 })
  expect(last).toMatchObject({ convolutions: 8, adapterParameters: 8 * 8 * 256, sharedParameters: 8 * (128 + 7 * 256) })
})
