import { describe, expect, test } from 'vitest'
import { decathlonPreprocessing } from './preprocessing.js'
import { decathlonDomains, decathlonReferences, decathlonTable, publishedAccuracies } from './published.js'
import { decathlonScore } from './score.js'

const scoreOf = (method: string): number => decathlonScore(publishedAccuracies(decathlonTable.find((row) => row.method === method)!), decathlonReferences).total

describe('the published table', () => {
  test.each(decathlonTable.map((row) => [row.method, row] as const))('%s: mean and score follow from its accuracies', (_method, row) => {
    expect(row.percentages).toHaveLength(decathlonDomains.length)
    const { total, meanAccuracy } = decathlonScore(publishedAccuracies(row), decathlonReferences)
    // Two decimals of an accuracy near 1 weigh much: 2.2 points, to one decimal, are what rounding explains.
    expect(Math.abs(total - row.score)).toBeLessThan(2.25)
    expect(Math.abs(100 * meanAccuracy - row.mean)).toBeLessThan(0.011)
  })

  // Computed from the rounded rows outside of this project.
  test.each([
    ['Series adapters (2017), tuned decay', 2621.3],
    ['Parallel adapters (2018)', 3412.3],
    ['Scratch', 1626.7],
    ['Fine-tune', 2500],
  ])('%s scores %d', (method, score) => {
    expect(scoreOf(method)).toBeCloseTo(score, 1)
  })

  test('the references are its fine-tuned row', () => {
    expect(publishedAccuracies(decathlonTable.find(({ method }) => method === 'Fine-tune')!)).toEqual(decathlonReferences)
  })
})

describe('the score', () => {
  const references = { digits: 0.9, signs: 0.6, textures: 0.25 }

  test('the references score 250 a domain, exactly', () => {
    expect(decathlonScore(references, references)).toEqual({ total: 750, domains: { digits: 250, signs: 250, textures: 250 }, meanAccuracy: (0.9 + 0.6 + 0.25) / 3 })
    expect(scoreOf('Fine-tune')).toBe(2500)
  })

  test('no errors score 1000 a domain', () => {
    const perfect = Object.fromEntries(decathlonDomains.map(({ name }) => [name, 1]))
    expect(decathlonScore(perfect, decathlonReferences).total).toBe(10_000)
  })

  test.each([0.8, 0.79, 0])('an error of at least twice that of the reference scores nothing: accuracy %d', (digits) => {
    expect(decathlonScore({ ...references, digits }, references).domains['digits']).toBeCloseTo(0, 12)
  })

  test('a better domain never lowers the score', () => {
    const totals = Array.from({ length: 101 }, (_, per) => decathlonScore({ ...references, signs: per / 100 }, references).total)
    totals.forEach((total, index) => expect(total).toBeGreaterThanOrEqual(totals[index - 1] ?? 0))
    expect(totals.at(-1)).toBeGreaterThan(totals[30]!)
  })

  test.each([
    ['an accuracy in per cent', { ...references, digits: 97 }, references, /accuracy of 'digits' is 97.*per cent\? Then give 0\.97/],
    ['no number', { ...references, digits: Number.NaN }, references, /accuracy of 'digits' is NaN/],
    ['a negative reference', references, { ...references, digits: -0.1 }, /reference accuracy of 'digits' is -0\.1/],
    ['a misspelt domain', { digits: 0.9, sings: 0.6, textures: 0.2 }, references, /no accuracy for 'signs' \(is 'sings' meant\?\).*no reference for 'sings'.*for: 'digits', 'signs', 'textures'/],
    ['a domain left out', { digits: 0.9, signs: 0.6 }, references, /no accuracy for 'textures'\./],
    ['no domain at all', {}, {}, /for: no domain/],
    ['a reference without error', references, { ...references, digits: 1 }, /no error on 'digits'.*Leave the domain out/],
  ])('%s is refused', (_case, accuracies, given, message) => {
    expect(() => decathlonScore(accuracies, given)).toThrow(message)
  })
})

describe('the preparation of images', () => {
  test('three domains are taken whole, the others are cut at random', () => {
    const plain = Object.entries(decathlonPreprocessing).flatMap(([name, { augment }]) => (augment.length === 0 ? [name] : []))
    expect(plain).toEqual(['gtsrb', 'omniglot', 'svhn'])
    expect(decathlonPreprocessing.cifar100).toEqual({
      images: { size: [72, 72], fit: 'cover' },
      transforms: [],
      augment: [{ padCrop: 4 }, { horizontalFlip: true }, { centreCrop: [64, 64] }],
    })
  })
})
