import { median, rounded } from './rows.mjs'
import { contestant, here } from './turns.mjs'

/**
 * @typedef {object} ScalingRow How long a step takes at one value of what is varied.
 * @property {string} axis What is varied.
 * @property {string} step What is timed.
 * @property {number} value
 * @property {number} minimumMilliseconds
 * @property {number} medianMilliseconds
 * @property {number} peakMegabytes Largest resident set during the steps.
 * @property {string} [commit] What the row was measured at.
 */

/**
 * @typedef {object} Axis Something that is varied.
 * @property {string} step What is timed.
 * @property {readonly number[]} values
 * @property {(value: number) => readonly string[]} run The script and its arguments.
 */

/** @type {(step: import('./steps.mjs').Step) => readonly string[]} */
const image = (step) => ['transferkit-step.mjs', JSON.stringify(step), 'native', 'compiled']

/** @type {(step: import('./steps.mjs').MetaStep) => readonly string[]} */
const meta = (step) => ['transferkit-l2t-ww.mjs', JSON.stringify(step), 'native', 'compiled']

/** @type {Readonly<Record<string, Axis>>} */
const axes = {
  batch: { step: 'ResNet-32, 32×32, all trained', values: [8, 16, 32, 64, 128, 256], run: (batch) => image({ strategy: 'scratch', network: 'cifar-resnet32', batch, size: 32 }) },
  depth: { step: 'CIFAR ResNet, 32×32, batch 64, all trained', values: [20, 32, 44, 56], run: (depth) => image({ strategy: 'scratch', network: `cifar-resnet${depth}`, batch: 64, size: 32 }) },
  domains: { step: 'a round of joint adapters, ResNet-26 of half the width, 32×32, batch 16 a domain', values: [1, 2, 4, 8], run: (count) => ['transferkit-domains.mjs', String(count)] },
  pairs: { step: 'L2T-ww, exact, batch 32, two inner steps', values: [1, 3, 6, 9, 12, 15], run: (pairs) => meta({ form: 'exact', batch: 32, pairs }) },
  'inner steps': { step: 'L2T-ww, exact, batch 32, 15 pairs', values: [1, 2, 4, 8], run: (innerSteps) => meta({ form: 'exact', batch: 32, innerSteps }) },
  'sequence length': {
    step: 'LSTM of 128, batch 32, all trained',
    values: [10, 20, 40, 80, 160],
    run: (length) => {
      /** @type {import('./steps.mjs').RecurrentStep} */
      const step = { cell: 'lstm', hiddenSize: 128, optimiser: 'sgd', batch: 32, length, embeddingSize: 128, vocabulary: 10_000 }
      return ['transferkit-recurrent.mjs', JSON.stringify(step), 'native', 'compiled']
    },
  },
}

/** Names of what is varied. */
export const axisNames = Object.keys(axes)

/**
 * Times a step at several values of what is varied; the values take turns.
 *
 * @param {string} name What is varied.
 * @param {number} rounds
 * @returns {Promise<readonly ScalingRow[]>}
 */
export const scalingRows = async (name, rounds) => {
  const axis = axes[name]
  if (axis === undefined) return []
  const sides = []
  try {
    for (const value of axis.values) {
      const [script = '', ...args] = axis.run(value)
      sides.push({ value, side: await contestant(`${name} ${value}`, [process.execPath, here(script), ...args]) })
    }
    for (const { side } of sides) await side.round(2, false)
    for (let round = 0; round < rounds; round++) for (const { side } of sides) await side.round(2, true)
  } finally {
    for (const { side } of sides) side.end()
  }
  return sides.map(({ value, side }) => ({
    axis: name,
    step: axis.step,
    value,
    minimumMilliseconds: rounded(Math.min(...side.times), 1),
    medianMilliseconds: rounded(median(side.times), 1),
    peakMegabytes: Math.round(side.last().memory / 1e6),
  }))
}
