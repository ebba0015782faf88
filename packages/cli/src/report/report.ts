import { accuracyChart } from './accuracy-chart.js'
import { costChart } from './cost-chart.js'
import { discreteGridSection } from './discrete-grid-section.js'
import { accuracyText, counted, decimal, grouped } from './format.js'
import type { Markup } from './html.js'
import { inspectionSections } from './inspection-sections.js'
import { learningSection } from './learning-curves.js'
import { figure, page, section, table } from './page.js'
import type { ReportContents } from './report-contents.js'
import { resultCells, resultColumns } from './result-table.js'
import { sizeSection } from './size-chart.js'
import { type ComparisonSummary, summariseResults } from './summary.js'
import { targetSizes } from './target-sizes.js'

/** More means than this are looked up in the table. */
const mostMeans = 8

const resultsTable = (summary: ComparisonSummary, caption: string): Markup =>
  table(
    'Results',
    caption,
    resultColumns.map(({ heading }) => heading),
    resultCells(summary).map((cells, index) => {
      if (index >= summary.strategies.length) return { cells, kind: 'summary' }
      return summary.strategies[index]?.name === summary.best.name ? { cells, kind: 'best' } : { cells }
    }),
  )

/** The intervals tell how much a new seed would change; this tells how much other test examples would. */
const samplingNote = ({ best }: ComparisonSummary, testExamples: number): string => {
  const { mean } = best.accuracy
  return testExamples === 0 ? '' : `With ${grouped(testExamples)} test examples one accuracy has a sampling error of about ±${decimal(196 * Math.sqrt((mean * (1 - mean)) / testExamples))} points besides.`
}

/**
 * Renders a comparison as one HTML page that needs nothing else: no network, no script; charts are SVG.
 *
 * @param contents What the report shows.
 * @returns The page.
 *
 * @example
 * ```ts
 * import { renderReport } from 'transferkit'
 *
 * const row = { source: 's', target: 't', strategy: 'fine-tune', name: 'fine-tune', options: {}, seed: 1, examples: 50, testExamples: 100, accuracy: 0.9, privateParameters: 10, trainedParameters: 10, seconds: 1 }
 * const page = await renderReport({
 *   results: { name: 'small', version: '1.0.0', backend: 'cpu', machine: 'a laptop', date: '2026-01-01T00:00:00.000Z', rows: [row] },
 *   curves: [{ name: 'fine-tune', seed: 1, points: [{ step: 1, loss: 2.3 }, { step: 2, loss: 1.9 }] }],
 *   inspections: [],
 *   recipe: 'seeds: [1]',
 *   environment: { backend: 'cpu' },
 * })
 * ```
 */
export const renderReport = async (contents: ReportContents): Promise<string> => {
  const { results, curves, inspections } = contents
  const summary = summariseResults(results.rows)
  const sizes = targetSizes(results.rows)
  const largest = sizes.at(-1) ?? { rows: results.rows }
  const [first] = largest.rows
  const seeds = counted(summary.best.bySeed.length, 'seed')
  const costs = summary.strategies.map(({ name, privateParameters, accuracy }) => ({ name, parameters: privateParameters, accuracy: accuracy.mean }))
  const means = summary.strategies.length > mostMeans ? '' : ` (${summary.strategies.map(({ name, accuracy }) => `${name} ${accuracyText(accuracy)}`).join('; ')})`
  const sections = [
    section(
      'results',
      'Results',
      resultsTable(
        summary,
        `Mean over ${seeds}${summary.best.accuracy.halfWidth === undefined ? '' : ' ± half the 95 % interval (Student’s t over seeds)'}; differences in points, paired by seed. Private parameters are stored per target; seconds are the training alone.`,
      ),
    ),
    section('accuracy', 'Accuracy by seed', figure(await accuracyChart(summary), `A dot is one seed; the bar with ends is the 95 % interval of the mean, its thick mark the mean${means}.${summary.baselines.length === 0 ? '' : ' The dashed line is what there is without any transfer.'} ${samplingNote(summary, first?.testExamples ?? 0)}`)),
    ...discreteGridSection(largest.rows),
    ...(await sizeSection(sizes, summary)),
    ...(await learningSection(summary.strategies, curves)),
    ...(await inspectionSections(inspections)),
    section(
      'cost',
      'Cost',
      figure(
        await costChart(costs, 'private parameters, stored per target (logarithmic)'),
        'Numbers that must be stored for this target alone, against mean accuracy: up and to the left is better. Filled points, joined by the dashed line, are those that no other strategy beats in both.',
      ),
    ),
  ]
  const subtitle = `${first?.source ?? ''} to ${first?.target ?? ''}: ${counted(first?.examples ?? 0, 'training example')}, ${grouped(first?.testExamples ?? 0)} test examples, ${seeds}`
  return page(results, { subtitle, headline: summary.headline, remarks: summary.remarks }, sections, contents, 'results.json')
}
