import { pairedDifference, summarise } from '@transferkit/training'

/** @import { ResultRow, Results } from 'transferkit' */

/**
 * @typedef {object} Area What a page of results is about.
 * @property {string} title Heading of the page.
 * @property {string} baseline Name of the strategy that all others are compared with.
 * @property {string} command The command that makes the page from the data.
 */

/** @type {(values: readonly number[]) => string} */
const withMargin = (values) => {
  const { mean, margin } = summarise(values)
  return Number.isNaN(margin) ? (100 * mean).toFixed(1) : `${(100 * mean).toFixed(1)} ± ${(100 * margin).toFixed(1)}`
}

/** @type {(number: number) => string} */
const signed = (number) => `${number < 0 ? '−' : '+'}${Math.abs(number).toFixed(1)}`

/** @type {(rows: readonly ResultRow[]) => readonly number[]} */
const accuracies = (rows) => rows.toSorted((left, right) => left.seed - right.seed).map(({ accuracy }) => accuracy)

/** @type {(rows: readonly ResultRow[], baseline: readonly ResultRow[]) => string} */
const comparison = (rows, baseline) => {
  if (rows === baseline) return ''
  const seeds = new Set(baseline.map(({ seed }) => seed))
  const paired = rows.filter(({ seed }) => seeds.has(seed))
  const others = new Set(paired.map(({ seed }) => seed))
  if (paired.length < 2) return ''
  const { mean, margin, probability } = pairedDifference(accuracies(paired), accuracies(baseline.filter(({ seed }) => others.has(seed))))
  const verdict = Math.abs(mean) <= margin ? 'tie' : mean > 0 ? 'better' : 'worse'
  return `${signed(100 * mean)} ± ${(100 * margin).toFixed(1)} (p ${probability < 0.001 ? '< 0.001' : probability.toFixed(3)}), ${verdict}`
}

/** @type {(rows: readonly ResultRow[]) => string} */
const targetOf = ([row]) => (row === undefined ? '' : `${row.target}, ${row.examples} examples`)

/** @type {<T>(items: readonly T[], keyOf: (item: T) => string) => ReadonlyMap<string, T[]>} */
const grouped = (items, keyOf) => {
  /** @type {Map<string, any[]>} */
  const groups = new Map()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

/** @type {(cells: readonly string[]) => string} */
const line = (cells) => `| ${cells.join(' | ')} |`

/**
 * A page of results: an overview of the mean accuracies, and a table for each source and target with intervals, a paired test against the baseline, and
 * sizes.
 *
 * @param {Area} area
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
        return mean === best ? `**${(100 * mean).toFixed(1)}**` : (100 * mean).toFixed(1)
      }),
      lines: [...strategies].map(([name, group]) =>
        line([
          name,
          withMargin(accuracies(group)),
          comparison(group, reference),
          String(group.length),
          (group[0]?.privateParameters ?? 0).toLocaleString('en'),
        ]),
      ),
      tested: first?.testExamples ?? 0,
    }
  })
  return [
    `# ${title}`,
    '',
    `Made from the data beside this page by \`${command}\`; do not edit it. Accuracy in % on all test examples, mean over seeds ± half the 95 % confidence interval by Student's t.`,
    `The paired test compares with \`${baseline}\` seed by seed; "tie" means that the interval of the difference holds 0. Private parameters are stored for the target alone.`,
    '',
    `Commit ${header.commit ?? 'unknown'}, ${header.backend}; ${header.machine}; ${header.date.slice(0, 10)}.`,
    '',
    '## Overview',
    '',
    line(['target', ...names]),
    line(['---', ...names.map(() => '---:')]),
    ...tables.map(({ heading, means }) => line([heading, ...means])),
    '',
    ...tables.flatMap(({ heading, source, lines, tested }) => [
      `## ${heading}`,
      '',
      `Source: ${source}. ${tested.toLocaleString('en')} test examples.`,
      '',
      line(['strategy', 'accuracy', `against ${baseline}`, 'seeds', 'private parameters']),
      line(['---', '---', '---', '---:', '---:']),
      ...lines,
      '',
    ]),
    notes.trim(),
    '',
  ].join('\n')
}
