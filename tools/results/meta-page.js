import { summarise } from '@transferkit/training'
import { accuracies, comparison, grouped, pairedComparison, percent, provenance, table, withMargin } from './tables.js'

/** @import { AreaResults, AreaRow, LastLook } from './collected-results.js' */

const [scratch, learned] = ['scratch', 'L2T-ww']

/**
 * Table 1 of Jang et al. (2019) by method, on CIFAR-100, STL-10, CUB-200, MIT-67, Stanford-40 and Dogs: only the order of methods is used. L2T-w is its one-to-one form.
 *
 * @type {Readonly<Record<string, readonly number[]>>}
 */
const published = {
  [scratch]: [67.69, 65.18, 42.15, 48.91, 36.93, 58.08],
  LwF: [69.23, 68.64, 45.52, 53.73, 39.73, 66.33],
  AT: [67.54, 74.19, 57.74, 59.18, 59.29, 69.7],
  'LwF + AT': [68.75, 75.06, 58.9, 61.42, 60.2, 72.67],
  'FM (single)': [69.4, 75, 47.6, 55.15, 42.93, 66.05],
  'FM (one-to-one)': [69.97, 76.38, 48.93, 54.88, 44.5, 67.25],
  'L2T-w': [70.02, 76.42, 56.61, 59.78, 48.19, 69.84],
  [learned]: [70.96, 78.31, 65.05, 64.85, 63.08, 78.08],
}

/** Methods of which one is ahead on all six data sets of the paper, the better one first. */
const publishedOrder = Object.keys(published).flatMap((better) =>
  Object.keys(published)
    .filter((worse) => published[better]?.every((accuracy, index) => accuracy > (published[worse]?.[index] ?? Infinity)))
    .map((worse) => ({ better, worse })),
)

/** @type {(rows: readonly AreaRow[]) => ReadonlyMap<string, readonly AreaRow[]>} */
const byName = (rows) => grouped(rows, ({ name }) => name)

/** @type {(rows: readonly AreaRow[]) => number} */
const meanOf = (rows) => summarise(accuracies(rows)).mean

/**
 * The orderings of the paper that do not appear here, each in a line.
 *
 * @type {(rows: readonly AreaRow[]) => { readonly lines: readonly string[]; readonly seen: number; readonly all: number }}
 */
export const missingOrder = (rows) => {
  const strategies = byName(rows)
  const compared = publishedOrder.flatMap(({ better, worse }) => {
    const [first, second] = [strategies.get(better), strategies.get(worse)]
    return first === undefined || second === undefined ? [] : [{ better, worse, first, second }]
  })
  const missing = compared.filter(({ first, second }) => meanOf(first) <= meanOf(second))
  return {
    seen: compared.length - missing.length,
    all: compared.length,
    lines: missing.map(({ better, worse, first, second }) => {
      const difference = pairedComparison(first, second)
      const reading =
        difference === undefined ? 'too few seeds for an interval' : difference.verdict === 'worse' ? `${difference.text}: the order is reversed` : `${difference.text}: the interval holds 0, so these seeds do not decide the order`
      return `- ${better} over ${worse}: here ${percent(meanOf(first))} against ${percent(meanOf(second))} (${reading}).`
    }),
  }
}

/** @type {(looks: readonly LastLook[], inspection: string) => ReadonlyMap<string, readonly number[]>} */
const numbersOf = (looks, inspection) => {
  /** @type {Map<string, number[]>} */
  const numbers = new Map()
  for (const { inspections } of looks) {
    for (const [source, row] of Object.entries(inspections.find(({ name }) => name === inspection)?.series ?? {})) {
      for (const [target, number] of Object.entries(row)) {
        const cell = `${source}\n${target}`
        numbers.set(cell, [...(numbers.get(cell) ?? []), number])
      }
    }
  }
  return numbers
}

/** @type {(values: readonly number[] | undefined) => string} */
const average = (values) => (values === undefined ? '' : summarise(values).mean.toFixed(2))

/** @type {(looks: readonly LastLook[]) => readonly string[]} */
const whereMatrix = (looks) => {
  const [means, spreads] = [numbersOf(looks, 'lambda'), numbersOf(looks, 'lambda-spread')]
  if (means.size === 0) return []
  const cells = [...means.keys()].map((cell) => cell.split('\n'))
  const [sources, targets] = [0, 1].map((side) => [...new Set(cells.map((cell) => cell[side] ?? ''))])
  return [
    `How much each source stage teaches each stage of the target at the end of ${learned}: mean λ over examples and ${looks.length} seeds, from 0 to 6, and in brackets its standard deviation over examples.`,
    '',
    ...table(
      ['source stage', ...(targets ?? []).map((target) => `${target}:`)],
      (sources ?? []).map((source) => [
        source,
        ...(targets ?? []).map((target) => {
          const cell = `${source}\n${target}`
          return means.has(cell) ? `${average(means.get(cell))} (${average(spreads.get(cell))})` : ''
        }),
      ]),
    ),
  ]
}

/** @type {(rows: readonly AreaRow[], looks: readonly LastLook[]) => readonly string[]} */
const sectionOf = (rows, looks) => {
  const [{ run, task, size, source, examples, testExamples, steps } = { run: '', task: '', size: '', source: '', examples: 0, testExamples: 0, steps: 0 }] = rows
  const strategies = byName(rows)
  const [plain, bilevel] = [strategies.get(scratch) ?? [], strategies.get(learned) ?? []]
  const order = missingOrder(rows)
  return [
    `## ${task}, ${size}`,
    '',
    `Source: ${source}. ${examples.toLocaleString('en')} training and ${testExamples.toLocaleString('en')} test examples.`,
    '',
    ...table(
      ['strategy', 'accuracy', `against ${scratch}`, `against ${learned}`, 'seeds:', 'steps:', 'seconds:'],
      [...strategies].map(([name, own]) => [
        name,
        withMargin(accuracies(own)),
        comparison(own, plain),
        comparison(own, bilevel),
        String(own.length),
        String(steps),
        summarise(own.map(({ seconds }) => seconds)).mean.toFixed(0),
      ]),
    ),
    `Of ${order.all} orderings that the paper has on all of its six data sets, ${order.seen} appear here.${order.lines.length === 0 ? '' : ' These do not:'}`,
    '',
    ...(order.lines.length === 0 ? [] : [...order.lines, '']),
    ...whereMatrix(looks.filter((look) => look.run === run && look.name === learned)),
  ]
}

/** @type {(runs: readonly (readonly AreaRow[])[]) => readonly string[]} */
const overview = (runs) => {
  const names = [...new Set(runs.flat().map(({ name }) => name))]
  return table(
    ['target', 'examples', ...names.map((name) => `${name}:`)],
    runs.map((rows) => {
      const means = new Map([...byName(rows)].map(([name, own]) => [name, meanOf(own)]))
      const best = Math.max(...means.values())
      return [
        rows[0]?.task ?? '',
        `${rows[0]?.size ?? ''} (${rows[0]?.examples ?? 0})`,
        ...names.map((name) => {
          const mean = means.get(name)
          return mean === undefined ? '' : mean === best ? `**${percent(mean)}**` : percent(mean)
        }),
      ]
    }),
  )
}

/**
 * The page of the meta area: what a source of another architecture can teach a network that starts at random.
 *
 * @param {AreaResults} results
 * @param {string} notes What a person has to say of the numbers, in Markdown.
 */
export const metaPage = ({ rows, looks, ...header }, notes) => {
  const runs = [...grouped(rows, ({ run }) => run).values()]
  return [
    '# Meta-transfer: learning what and where to transfer',
    '',
    'Made from the data beside this page by `npm run results -- meta`; do not edit it. Accuracy in % on all test examples, mean over seeds ± half the 95 % confidence interval by Student\'s t.',
    'Differences are paired by seed, with the paired t-test; "tie" means that the interval of the difference holds 0. The target is a VGG-9 with a quarter of the channels of the paper, from random weights; the source is the authors\' own ResNet-32 for Tiny ImageNet. All strategies have the same steps and batches.',
    '',
    provenance(header),
    '',
    '## Overview',
    '',
    ...overview(runs),
    ...runs.flatMap((own) => sectionOf(own, looks)),
    notes.trim(),
    '',
  ].join('\n')
}
