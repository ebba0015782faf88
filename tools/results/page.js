import { summarise } from '@transferkit/training'
import { accuracies, comparison, grouped, percent, provenance, table, withMargin } from './tables.js'

/** @import { ResultRow, Results } from 'transferkit' */

/**
 * @typedef {object} Heading What a page of results is about.
 * @property {string} title Heading of the page.
 * @property {string} baseline Name of the strategy that all others are compared with.
 * @property {string} command The command that makes the page from the data.
 */

/** @type {(rows: readonly ResultRow[]) => string} */
const targetOf = ([row]) => (row === undefined ? '' : `${row.target}, ${row.examples} examples`)

/**
 * A page of results: an overview of the mean accuracies, and a table for each source and target with intervals, a paired test against the baseline, and
 * sizes.
 *
 * @param {Heading} heading
 * @param {Results} results
 * @param {string} notes What a person has to say of the numbers, in Markdown.
 */
export const resultsPage = ({ title, baseline, command }, { rows, ...header }, notes) => {
  const targets = grouped(rows, (row) => `${row.source}\n${targetOf([row])}`)
  const names = [...new Set(rows.map(({ name }) => name))]
  const tables = [...targets.values()].map((ofTarget) => {
    const strategies = grouped(ofTarget, ({ name }) => name)
    const reference = strategies.get(baseline) ?? []
    const best = Math.max(...[...strategies.values()].map((group) => summarise(accuracies(group)).mean))
    const [first] = ofTarget
    return {
      heading: targetOf(ofTarget),
      source: first?.source ?? '',
      means: names.map((name) => {
        const group = strategies.get(name)
        if (group === undefined) return ''
        const { mean } = summarise(accuracies(group))
        return mean === best ? `**${percent(mean)}**` : percent(mean)
      }),
      lines: [...strategies].map(([name, group]) => [
        name,
        withMargin(accuracies(group)),
        comparison(group, reference),
        String(group.length),
        (group[0]?.privateParameters ?? 0).toLocaleString('en'),
      ]),
      tested: first?.testExamples ?? 0,
    }
  })
  return [
    `# ${title}`,
    '',
    `Made from the data beside this page by \`${command}\`; do not edit it. Accuracy in % on all test examples, mean over seeds ± half the 95 % confidence interval by Student's t.`,
    `The paired test compares with \`${baseline}\` seed by seed; "tie" means that the interval of the difference holds 0. Private parameters are stored for the target alone.`,
    '',
    provenance(header),
    '',
    '## Overview',
    '',
    ...table(['target', ...names.map((name) => `${name}:`)], tables.map(({ heading, means }) => [heading, ...means])),
    ...tables.flatMap(({ heading, source, lines, tested }) => [
      `## ${heading}`,
      '',
      `Source: ${source}. ${tested.toLocaleString('en')} test examples.`,
      '',
      ...table(['strategy', 'accuracy', `against ${baseline}`, 'seeds:', 'private parameters:'], lines),
    ]),
    notes.trim(),
    '',
  ].join('\n')
}
