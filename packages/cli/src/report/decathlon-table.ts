import { textTable } from '../console/text-table.js'
import type { DecathlonStrategy, DecathlonSummary } from './decathlon-summary.js'
import type { Estimate } from './estimate.js'
import { accuracyText, decimal, differenceText, multipleText } from './format.js'

const none = '–'

const scoreText = ({ mean, halfWidth }: Estimate): string => (halfWidth === undefined ? decimal(mean, 0) : `${decimal(mean, 0)} ± ${decimal(halfWidth, 0)}`)

const shown = (value: Estimate | undefined, text: (value: Estimate) => string): string => (value === undefined ? none : text(value))

/** Headings of the table of strategies, the same on the terminal and in the report. @internal */
export const strategyColumns = ['strategy', 'mean accuracy %', 'to fine-tuning', 'score', 'size', 'size with classifiers'] as const

/**
 * Cells of the table of strategies.
 *
 * @internal
 */
export const strategyCells = ({ name, accuracy, difference, score, multiple, multipleWithHeads }: DecathlonStrategy): readonly string[] => [
  name,
  shown(accuracy, accuracyText),
  shown(difference, differenceText),
  shown(score, scoreText),
  multipleText(multiple),
  multipleText(multipleWithHeads),
]

/**
 * Headings of the table of domains.
 *
 * @internal
 */
export const domainColumns = ({ strategies }: DecathlonSummary): readonly string[] => ['domain', ...strategies.map(({ name }) => name)]

/**
 * Rows of the table of domains: accuracy, or points, of every strategy.
 *
 * @param summary The decathlon.
 * @param what Which numbers.
 * @internal
 */
export const domainCells = ({ domains, strategies }: DecathlonSummary, what: 'accuracy' | 'points'): readonly (readonly string[])[] =>
  domains.map(({ name }) => [
    name,
    ...strategies.map(({ domains: results }) => {
      const result = results[name]
      if (result === undefined) return none
      return what === 'accuracy' ? accuracyText(result.accuracy) : result.points === undefined ? none : decimal(result.points, 0)
    }),
  ])

const numeric = (headings: readonly string[]): readonly { readonly heading: string; readonly numeric?: boolean }[] => headings.map((heading, index) => ({ heading, numeric: index > 0 }))

/**
 * The tables of a decathlon as plain text, the findings below them.
 *
 * @param summary The decathlon.
 * @internal
 */
export const decathlonTables = (summary: DecathlonSummary): string =>
  [
    'Accuracy %\n',
    textTable(numeric(domainColumns(summary)), domainCells(summary, 'accuracy')),
    '\n',
    textTable(numeric(strategyColumns), summary.strategies.map(strategyCells)),
    '\n',
    ...[summary.headline, ...summary.remarks].map((line) => `${line}\n`),
  ].join('')
