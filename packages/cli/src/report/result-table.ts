import { textTable } from '../console/text-table.js'
import { accuracyText, decimal, differenceText, grouped } from './format.js'
import type { ComparisonSummary, StrategySummary } from './summary.js'

/** Headings of the table of results, the same on the terminal and in the report. @internal */
export const resultColumns = [
  { heading: 'strategy' },
  { heading: 'accuracy %', numeric: true },
  { heading: 'to fine-tuning', numeric: true },
  { heading: 'private parameters', numeric: true },
  { heading: 'trained parameters', numeric: true },
  { heading: 'seconds', numeric: true },
] as const

const cells = (label: string, { accuracy, difference, privateParameters, trainedParameters, seconds }: StrategySummary): readonly string[] => [
  label,
  accuracyText(accuracy),
  difference === undefined ? '–' : differenceText(difference),
  grouped(privateParameters),
  grouped(trainedParameters),
  decimal(seconds),
]

/**
 * The rows of the table of results: one a strategy, then the baselines, and last the best of the uniform discrete ones again.
 *
 * @param summary The comparison.
 * @internal
 */
export const resultCells = ({ strategies, baselines, bestDiscrete }: ComparisonSummary): readonly (readonly string[])[] => [
  ...strategies.map((strategy) => cells(strategy.name, strategy)),
  ...baselines.map((baseline) => cells(`baseline: ${baseline.name}`, baseline)),
  ...(bestDiscrete === undefined ? [] : [cells(`best uniform discrete: ${bestDiscrete.name}`, bestDiscrete)]),
]

/**
 * The table of results as plain text, the findings below it.
 *
 * @param summary The comparison.
 * @internal
 */
export const resultTable = (summary: ComparisonSummary): string =>
  `${textTable(resultColumns, resultCells(summary))}\n${[summary.headline, ...summary.remarks].map((line) => `${line}\n`).join('')}`
