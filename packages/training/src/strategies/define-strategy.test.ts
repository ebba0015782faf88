import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { baselineStrategies } from './baselines.js'
import { compose } from './compose.js'
import { defineStrategy } from './define-strategy.js'
import { fineTune } from './fine-tune.js'
import { l2SpPenalty } from './l2-sp.js'
import { partial } from './partial.js'
import { scratch } from './scratch.js'

const messageOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return `${code}: ${message}`
  }
  return 'nothing was thrown'
}

const example = defineStrategy({
  name: 'example',
  summary: 'An example.',
  reference: { citation: 'None.' },
  options: z.strictObject({ mode: z.enum(['soft', 'hard']).default('soft'), weights: z.strictObject({ first: z.number().min(0) }).default({ first: 1 }) }),
  prepare: (context) => fineTune().prepare(context),
})

/** Options as somebody without types would give them. */
const untyped = example as unknown as (options: unknown) => unknown

describe('options', () => {
  test('defaults are filled in and kept as plain data', () => {
    expect(example().options).toEqual({ mode: 'soft', weights: { first: 1 } })
    expect(fineTune({ headLearningRate: 10 }).options).toEqual({ headLearningRate: 10 })
  })

  test.each<readonly [string, unknown]>([
    ['an unknown option', { mdoe: 'soft' }],
    ['an option far from any', { somethingElse: 1 }],
    ['a wrong value', { mode: 'sotf' }],
    ['a wrong type', { mode: 3 }],
    ['a nested value out of range', { weights: { first: -1 } }],
    ['a nested unknown option', { weights: { first: 1, second: 2 } }],
    ['no object', 'soft'],
    ['several mistakes', { mode: 'loud', extra: 1 }],
  ])('%s is named', (_name, options) => {
    expect(messageOf(() => untyped(options))).toMatchSnapshot()
  })

  test('a definition describes itself', () => {
    expect({ name: example.name, kind: example.kind, summary: example.summary, specVersion: example.specVersion }).toEqual({ name: 'example', kind: 'structure', summary: 'An example.', specVersion: 1 })
    expect(baselineStrategies.map(({ name, kind }) => `${name} (${kind})`)).toEqual([
      'scratch (structure)',
      'feature-extraction (structure)',
      'fine-tune (structure)',
      'partial (structure)',
      'bn-adapt (structure)',
      'l2-sp (structure)',
      'l2-sp-penalty (regulariser)',
    ])
  })

  test('an asynchronous schema is refused', () => {
    const asynchronous = defineStrategy({
      name: 'asynchronous',
      summary: 'An example.',
      reference: { citation: 'None.' },
      options: z.strictObject({ value: z.number().refine(async () => true).default(1) }),
      prepare: (context) => fineTune().prepare(context),
    })
    expect(() => asynchronous({ value: 2 })).toThrow('asynchronous')
  })
})

describe('compose', () => {
  test('is named after its parts and records their options', () => {
    const strategy = compose(partial({ freezeFirst: 1 }), l2SpPenalty({ alpha: 0.5 }))
    expect(strategy.name).toBe('partial+l2-sp-penalty')
    expect(strategy.options).toEqual({ freezeFirst: 1, stages: {}, headLearningRate: 1, regularisers: { 'l2-sp-penalty': { alpha: 0.5, beta: 0.01 } } })
    expect(strategy.composition?.structure.name).toBe('partial')
  })

  test('refuses the same regulariser twice', () => {
    expect(() => compose(scratch(), l2SpPenalty(), l2SpPenalty())).toThrow('given twice')
  })
})
