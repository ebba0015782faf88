import { summarise } from '@transferkit/training'
import { binomialDistribution } from 'simple-statistics'
import { accuracies, comparison, differencesBySeed, grouped, pairedComparison, percent, probabilityText, provenance, table, withMargin } from './tables.js'

/** @import { AreaResults, AreaRow } from './collected-results.js' */

const baseline = 'tf-idf'

/** @type {(rows: readonly AreaRow[]) => number} */
const meanOf = (rows) => summarise(accuracies(rows)).mean

/** @type {(strategy: string | undefined) => boolean} */
const isUnit = (strategy) => strategy === 'recurrent-ptu'

/**
 * Wins and losses by seed with the two-sided sign test; ties count for neither.
 *
 * @type {(differences: readonly number[]) => string}
 */
export const signTest = (differences) => {
  const [wins, losses] = [differences.filter((difference) => difference > 0).length, differences.filter((difference) => difference < 0).length]
  if (wins + losses === 0) return '0 : 0'
  const tail = binomialDistribution(wins + losses, 0.5)?.slice(0, Math.min(wins, losses) + 1) ?? []
  return `${wins} : ${losses} (${probabilityText(Math.min(1, 2 * tail.reduce((total, probability) => total + probability, 0)))})`
}

/** @typedef {{ readonly name: string; readonly strategy: string; readonly rows: readonly AreaRow[]; readonly mean: number }} Entry A strategy of a pair and a size. */

/** @type {(rows: readonly AreaRow[]) => readonly Entry[]} */
const entriesOf = (rows) => [...grouped(rows, ({ name }) => name)].map(([name, own]) => ({ name, strategy: own[0]?.strategy ?? '', rows: own, mean: meanOf(own) }))

/** @type {(entries: readonly Entry[]) => Entry | undefined} */
const bestOf = ([first, ...others]) => others.reduce((best, entry) => (entry.mean > (best?.mean ?? 0) ? entry : best), first)

/** @type {(entries: readonly Entry[]) => readonly Entry[]} */
const discreteOf = (entries) => entries.filter(({ strategy }) => !isUnit(strategy) && strategy !== baseline)

/**
 * Whether a unit is the best of all, in a sentence.
 *
 * @type {(unit: Entry, entries: readonly Entry[]) => string}
 */
const standing = (unit, entries) => {
  const better = entries.filter(({ mean }) => mean > unit.mean).toSorted((left, right) => right.mean - left.mean)
  const [best] = better
  const rank = `rank ${better.length + 1} of ${entries.length}`
  if (best === undefined) return `**${unit.name}** is best: ${rank}.`
  const difference = pairedComparison(unit.rows, best.rows)
  const detail = difference === undefined ? 'too few seeds for an interval' : `${difference.text}${difference.verdict === 'tie' ? '; the interval holds 0, so the seeds do not decide it' : ''}`
  return `**${unit.name}** is not best: ${rank}; ${best.name} has ${percent(best.mean)} against its ${percent(unit.mean)} (${detail}).`
}

/** @type {(rows: readonly AreaRow[]) => readonly string[]} */
const sectionOf = (rows) => {
  const [{ task, source, examples, testExamples, size, steps } = { task: '', source: '', examples: 0, testExamples: 0, size: '', steps: 0 }] = rows.filter(({ strategy }) => strategy !== baseline)
  const entries = entriesOf(rows)
  const [first] = entries.filter(({ strategy }) => isUnit(strategy))
  const units = entries.filter(({ strategy }) => isUnit(strategy))
  const best = bestOf(discreteOf(entries))
  return [
    `### ${task}, ${size}`,
    '',
    `Source: ${source}. ${examples.toLocaleString('en')} training and ${testExamples.toLocaleString('en')} test examples, ${steps} steps.`,
    '',
    ...units.map((unit) => `- ${standing(unit, entries)}`),
    ...(best === undefined ? [] : [`- Best discrete state: ${best.name}, ${withMargin(accuracies(best.rows))}. It was chosen by these very test results, which favours it.`]),
    '',
    ...table(
      ['strategy', 'accuracy', `against ${first?.name ?? ''}`, 'wins : losses by seed', 'trained parameters:', 'seconds:'],
      entries
        .toSorted((left, right) => right.mean - left.mean)
        .map(({ name, rows: own }) => [
          name,
          withMargin(accuracies(own)),
          first === undefined ? '' : comparison(own, first.rows),
          first === undefined || own === first.rows ? '' : signTest(differencesBySeed(own, first.rows)),
          (own[0]?.trainedParameters ?? 0).toLocaleString('en'),
          summarise(own.map(({ seconds }) => seconds)).mean.toFixed(1),
        ]),
    ),
  ]
}

/** @type {(rows: readonly AreaRow[]) => readonly string[]} */
const learningCurve = (rows) => {
  const sizes = grouped(rows, ({ size }) => size)
  const names = [...new Set(rows.map(({ name }) => name))].filter((name) => [...sizes.values()].every((own) => own.some((row) => row.name === name)))
  return [
    ...table(
      ['strategy', ...[...sizes].map(([size, own]) => `${size} (${own[0]?.examples ?? 0} examples):`)],
      names.map((name) => [name, ...[...sizes.values()].map((own) => withMargin(accuracies(own.filter((row) => row.name === name))))]),
    ),
  ]
}

/** @type {(runs: readonly (readonly AreaRow[])[]) => readonly string[]} */
const overview = (runs) => {
  const shown = ['feature-extraction', 'fine-tune', 'scratch']
  const units = [...new Set(runs.flat().filter(({ strategy }) => isUnit(strategy)).map(({ name }) => name))]
  return table(
    ['task', 'size', ...units.map((name) => `${name}:`), ...units.map((name) => `rank of ${name}:`), 'best discrete state', ...shown.map((name) => `${name}:`), 'tf-idf:'],
    runs.map((rows) => {
      const entries = entriesOf(rows)
      const of = (/** @type {string} */ name) => entries.find((entry) => entry.name === name)
      const cell = (/** @type {Entry | undefined} */ entry) => (entry === undefined ? '' : entry === bestOf(entries) ? `**${percent(entry.mean)}**` : percent(entry.mean))
      const best = bestOf(discreteOf(entries))
      const rank = (/** @type {Entry | undefined} */ entry) => (entry === undefined ? '' : `${entries.filter(({ mean }) => mean > entry.mean).length + 1} of ${entries.length}`)
      return [
        rows[0]?.task ?? '',
        rows[0]?.size ?? '',
        ...units.map((name) => cell(of(name))),
        ...units.map((name) => rank(of(name))),
        best === undefined ? '' : `${cell(best)} ${best.name}`,
        ...shown.map((name) => cell(of(name))),
        cell(entries.find(({ strategy }) => strategy === baseline)),
      ]
    }),
  )
}

/**
 * The first unit against each strategy over all tasks and sizes, by the sign of each seed.
 *
 * @type {(runs: readonly (readonly AreaRow[])[]) => readonly string[]}
 */
const overall = (runs) => {
  const byRun = runs.map(entriesOf)
  const units = [...new Set(byRun.flat().filter(({ strategy }) => isUnit(strategy)).map(({ name }) => name))]
  const others = [...new Set(byRun.flat().map(({ name }) => name))]
  const find = (/** @type {readonly Entry[]} */ entries, /** @type {string} */ name) => entries.find((entry) => entry.name === name)
  const against = (/** @type {string} */ unit, /** @type {(entries: readonly Entry[]) => Entry | undefined} */ other) =>
    byRun.flatMap((entries) => {
      const [own, compared] = [find(entries, unit), other(entries)]
      return own === undefined || compared === undefined || own === compared ? [] : differencesBySeed(own.rows, compared.rows)
    })
  const row = (/** @type {string} */ name, /** @type {(entries: readonly Entry[]) => Entry | undefined} */ other) => [name, ...units.map((unit) => signTest(against(unit, other)))]
  return table(
    ['against', ...units.map((unit) => `${unit}, wins : losses`)],
    [row('the best discrete state of each', (entries) => bestOf(discreteOf(entries))), ...others.map((name) => row(name, (entries) => find(entries, name)))],
  )
}

/**
 * The page of the text area: units against all discrete states, by task and size of the target.
 *
 * @param {AreaResults} results
 * @param {string} notes What a person has to say of the numbers, in Markdown.
 */
export const nlpPage = ({ rows, ...header }, notes) => {
  const runs = [...grouped(rows, ({ run }) => run).values()]
  const tasks = [...grouped(rows, ({ task }) => task)]
  return [
    '# Text: recurrent Parameter Transfer Units against discrete states',
    '',
    'Made from the data beside this page by `npm run results -- nlp`; do not edit it. Accuracy in % on all test examples, mean over seeds ± half the 95 % confidence interval by Student\'s t.',
    'Differences are paired by seed, with the paired t-test; "tie" means that the interval of the difference holds 0. Wins and losses count seeds, with the two-sided sign test, which five seeds alone cannot bring below 0.063.',
    'A discrete state freezes, fine-tunes or re-initialises the embedding, the hidden layers and the classifier (new unless told); feature-extraction, fine-tune and scratch are the three states in which all but the classifier are treated alike.',
    '',
    provenance(header),
    '',
    '## Overview',
    '',
    'The best of each row in bold.',
    '',
    ...overview(runs),
    '## All tasks and sizes together',
    '',
    'Seeds in which a unit is better than another strategy on the same task and size.',
    '',
    ...overall(runs),
    ...tasks.flatMap(([task, own]) => ['', `## ${task}`, '', 'Accuracy by size of the target:', '', ...learningCurve(own), ...[...grouped(own, ({ run }) => run).values()].flatMap(sectionOf)]),
    notes.trim(),
    '',
  ].join('\n')
}
