import { foldIn, type Key, permutation } from '@transferkit/tensor'
import type { SparseRows } from './tfidf-rows.js'

/** How to fit a logistic regression. */
export interface LogisticRegressionSettings {
  readonly columns: number
  readonly classes: number
  /** Weight of the losses against half the squared length of the weights. */
  readonly inverseRegularisation: number
  readonly epochs: number
  readonly key: Key
}

/** First step size: rows have length 1, so that the loss of one example curves by at most 1/2. */
const firstStep = 2

/**
 * Multinomial logistic regression by stochastic gradient descent: `inverseRegularisation * sum of losses + |W|^2 / 2`, the bias not regularised.
 *
 * @returns A function from rows to the class of each.
 */
export const fitLogisticRegression = (rows: SparseRows, labels: Int32Array, settings: LogisticRegressionSettings): ((rows: SparseRows) => Int32Array) => {
  const { columns, classes, inverseRegularisation, epochs, key } = settings
  const weights = new Float32Array(columns * classes)
  const bias = new Float64Array(classes)
  const scores = new Float64Array(classes)
  const decay = 1 / (inverseRegularisation * labels.length)
  // The weights are `scale` times what is stored, so that a decay need not touch all of them.
  let [scale, time] = [1, 0]

  const score = ({ starts, columns: columnAt, values }: SparseRows, row: number): void => {
    scores.fill(0)
    for (let entry = starts[row] ?? 0; entry < (starts[row + 1] ?? 0); entry++) {
      const first = (columnAt[entry] ?? 0) * classes
      const value = values[entry] ?? 0
      for (let label = 0; label < classes; label++) scores[label] = (scores[label] ?? 0) + value * (weights[first + label] ?? 0)
    }
    for (let label = 0; label < classes; label++) scores[label] = scale * (scores[label] ?? 0) + (bias[label] ?? 0)
  }
  const toResiduals = (truth: number): void => {
    const largest = scores.reduce((most, value) => Math.max(most, value), -Infinity)
    let sum = 0
    for (let label = 0; label < classes; label++) {
      const exponential = Math.exp((scores[label] ?? 0) - largest)
      scores[label] = exponential
      sum += exponential
    }
    for (let label = 0; label < classes; label++) scores[label] = (scores[label] ?? 0) / sum - (label === truth ? 1 : 0)
  }
  const step = (row: number): void => {
    const size = firstStep / (1 + firstStep * decay * time)
    time += 1
    score(rows, row)
    toResiduals(labels[row] ?? 0)
    scale *= 1 - size * decay
    for (let entry = rows.starts[row] ?? 0; entry < (rows.starts[row + 1] ?? 0); entry++) {
      const first = (rows.columns[entry] ?? 0) * classes
      const change = ((rows.values[entry] ?? 0) * size) / scale
      for (let label = 0; label < classes; label++) weights[first + label] = (weights[first + label] ?? 0) - change * (scores[label] ?? 0)
    }
    // A tenth of the step: the bias is in every example, and would follow the last ones.
    for (let label = 0; label < classes; label++) bias[label] = (bias[label] ?? 0) - 0.1 * size * (scores[label] ?? 0)
  }

  for (let epoch = 0; epoch < epochs; epoch++) permutation(foldIn(key, epoch), labels.length).forEach(step)
  return (wanted) =>
    Int32Array.from({ length: wanted.starts.length - 1 }, (_, row) => {
      score(wanted, row)
      return scores.reduce((best, value, label) => (value > (scores[best] ?? 0) ? label : best), 0)
    })
}
