import { arrayTextDataset } from '@transferkit/datasets'
import { describe, expect, test } from 'vitest'
import type { TargetSettings } from '../recipe/target-schema.js'
import { heldOut, textParts, trainingPart, trainingPartAndRest } from './training-part.js'

const classSizes = [100, 30, 4]
const labels = classSizes.flatMap((size, label) => Array.from({ length: size }, () => label))
const all = arrayTextDataset({ name: 'all', classes: ['a', 'b', 'c'], texts: labels.map((_, index) => `text ${index}`), labels })
const settings: TargetSettings = { dataset: 'all', test: 'rest', transforms: [], augment: [] }

const textsIn = async (dataset: typeof all): Promise<readonly string[]> => (await dataset.read(Int32Array.from(dataset.labels.keys()))).texts
const sizes = ({ labels: found }: { readonly labels: Int32Array }): readonly number[] => classSizes.map((_, label) => found.filter((other) => other === label).length)

describe('the training part of a target', () => {
  test.each([
    [0.01, [1, 1, 1]],
    [0.1, [10, 3, 1]],
    [0.5, [50, 15, 2]],
    [1, [100, 30, 4]],
  ])('of %d has that share of each class, and at least one example', (trainShare, expected) => {
    expect(sizes(trainingPart(all, { ...settings, trainShare }, 1, textParts))).toEqual(expected)
  })

  test('grows by examples when the share grows, and is another one for another seed', async () => {
    const [small, large, other] = await Promise.all([0.1, 0.5, 0.1].map((trainShare, index) => textsIn(trainingPart(all, { ...settings, trainShare }, index === 2 ? 2 : 1, textParts))))
    expect(large).toEqual(expect.arrayContaining([...(small ?? [])]))
    expect(other).not.toEqual(small)
  })

  test('and the rest are everything', async () => {
    const { train, test: rest } = trainingPartAndRest(all, { ...settings, trainShare: 0.1 }, 1, textParts)
    expect([...(await textsIn(train)), ...(await textsIn(rest))].sort()).toEqual([...(await textsIn(all))].sort())
  })

  test('knows a held-out share, which has its part of each class', async () => {
    const { train, test: held } = heldOut(all, 0.5, textParts)
    expect(sizes(held)).toEqual([50, 15, 2])
    expect(sizes(train)).toEqual([50, 15, 2])
    expect(await textsIn(heldOut(all, 0.5, textParts).test)).toEqual(await textsIn(held))
  })
})
