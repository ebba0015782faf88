import { seriesLine } from './chart.js'
import { accuracyChart, costChart, gateCharts, lossChart } from './charts.js'
import { accuracyText, counted, decimal, grouped } from './format.js'
import { html, type Markup, raw } from './html.js'
import { pageStyle } from './page-style.js'
import { resultCells, resultColumns } from './result-table.js'
import type { Results } from './results.js'
import { type ComparisonSummary, summariseResults } from './summary.js'

/** The loss of one training step. */
export interface CurvePoint {
  /** Number of the step, from 1. */
  readonly step: number
  /** Loss of its batch. */
  readonly loss: number
}

/** What was seen at one step. */
export interface InspectionPoint {
  /** Number of the step after which it was seen. */
  readonly step: number
  /** Numbers by series (a gate) and row (a stage). */
  readonly series: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** The training loss of one strategy with one seed. */
export interface TrainingCurve {
  /** Name of the entry in the recipe. */
  readonly name: string
  /** The seed. */
  readonly seed: number
  /** Loss of the batch at each step. */
  readonly points: readonly CurvePoint[]
}

/** What a strategy let one see of itself during a training, such as how far its gates are open. */
export interface InspectionHistory {
  /** Name of the entry in the recipe. */
  readonly name: string
  /** The seed. */
  readonly seed: number
  /** Stable name of the inspection, such as `gate-openness`. */
  readonly inspection: string
  /** Title for a person. */
  readonly title: string
  /** What a row is, such as `stage`. */
  readonly rowAxis: string
  /** Unit and range of the numbers. */
  readonly valueAxis: string
  /** Numbers by series (a gate) and row (a stage), step by step. */
  readonly points: readonly InspectionPoint[]
}

/** Everything that a report shows. */
export interface ReportContents {
  /** The results. */
  readonly results: Results
  /** Training losses, for the learning curves. */
  readonly curves: readonly TrainingCurve[]
  /** What strategies let one see of themselves. */
  readonly inspections: readonly InspectionHistory[]
  /** The resolved recipe, in YAML. */
  readonly recipe: string
  /** How and where it was run, by label, in this order. */
  readonly environment: Readonly<Record<string, string>>
}

const tableOf = (summary: ComparisonSummary, caption: string): Markup => {
  const rows = resultCells(summary)
  return html`<div class="table" tabindex="0" role="region" aria-label="Results"><table>
<caption>${caption}</caption>
<thead><tr>${resultColumns.map(({ heading }) => html`<th scope="col">${heading}</th>`)}</tr></thead>
<tbody>
${rows.map(([label = '', ...cells], index) => {
  const kind = index >= summary.strategies.length ? 'summary' : summary.strategies[index]?.name === summary.best.name ? 'best' : ''
  return html`<tr class="${kind}"><th scope="row">${label}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>
`
})}</tbody></table></div>`
}

const figure = (svg: string, caption: string): Markup => html`<figure>${raw(svg)}<figcaption>${caption}</figcaption></figure>`

const legend = (names: readonly string[]): Markup => html`<ul class="legend">${names.map((name, index) => {
  const { color, width, type } = seriesLine(index)
  return html`<li><svg width="34" height="8" aria-hidden="true"><line x1="1" y1="4" x2="33" y2="4" stroke="${color}" stroke-width="${width}" stroke-dasharray="${type.join(' ')}"/></svg>${name}</li>`
})}</ul>`

const section = (id: string, title: string, content: Markup): Markup => html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${content}
</section>
`

const inspectionSection = async (history: readonly InspectionHistory[], index: number): Promise<Markup> => {
  const [first] = history
  if (first === undefined) return html``
  const charts = await gateCharts(history)
  return section(
    `inspection-${index}`,
    `${first.title}: ${first.name}`,
    html`<div class="pair">${charts.map(({ title, svg, lines }) => html`<figure><h3>${title}</h3>${legend(lines)}${raw(svg)}<figcaption>${first.valueAxis}, by ${first.rowAxis}; mean over ${counted(history.length, 'seed')}.</figcaption></figure>`)}</div>`,
  )
}

/** The intervals tell how much a new seed would change; this tells how much other test images would. */
const samplingNote = ({ best }: ComparisonSummary, testExamples: number): string => {
  const { mean } = best.accuracy
  return testExamples === 0 ? '' : `With ${grouped(testExamples)} test images one accuracy has a sampling error of about ±${decimal(196 * Math.sqrt((mean * (1 - mean)) / testExamples))} points besides.`
}

const groupBy = <T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] => {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return [...groups.values()]
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
export const renderReport = async ({ results, curves, inspections, recipe, environment }: ReportContents): Promise<string> => {
  const summary = summariseResults(results.rows)
  const [first] = results.rows
  const names = summary.strategies.map(({ name }) => name)
  const seeds = counted(summary.best.bySeed.length, 'seed')
  const subtitle = `${first?.source ?? ''} to ${first?.target ?? ''}: ${counted(first?.examples ?? 0, 'training image')}, ${grouped(first?.testExamples ?? 0)} test images, ${seeds}`
  const histories = groupBy(inspections, ({ name, inspection }) => `${name}\n${inspection}`)
  const gates = await Promise.all(histories.map(inspectionSection))
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${results.name}: transfer report</title>
<style>${raw(pageStyle)}</style>
</head>
<body>
<header>
<h1>${results.name}</h1>
<p class="subtitle">${subtitle}</p>
<div class="findings"><p class="headline">${summary.headline}</p><ul>${summary.remarks.map((remark) => html`<li>${remark}</li>`)}</ul></div>
</header>
<main>
${section(
  'results',
  'Results',
  tableOf(
    summary,
    `Mean over ${seeds}${summary.best.accuracy.halfWidth === undefined ? '' : ' ± half the 95 % interval (Student’s t over seeds)'}; differences in points, paired by seed. Private parameters are stored per target; seconds are the training alone.`,
  ),
)}
${section('accuracy', 'Accuracy by seed', figure(await accuracyChart(summary), `A dot is one seed; the bar with ends is the 95 % interval of the mean, its thick mark the mean (${names.map((name, index) => `${name} ${accuracyText(summary.strategies[index]?.accuracy ?? { mean: Number.NaN })}`).join('; ')}). ${samplingNote(summary, first?.testExamples ?? 0)}`))}
${curves.length === 0 ? undefined : section('curves', 'Learning curves', html`${legend(names)}${figure(await lossChart(names, curves), 'Loss of the training batches, mean over seeds and smoothed over neighbouring steps. A low training loss is no merit by itself: with few examples every method reaches it.')}`)}
${gates}
${section('cost', 'Cost', figure(await costChart(summary), 'Numbers that must be stored for this target alone, against mean accuracy: up and to the left is better.'))}
${section(
  'run',
  'How it was run',
  html`<dl>${Object.entries(environment).map(([label, value]) => html`<dt>${label}</dt><dd>${value}</dd>`)}</dl>
<h3 class="apart">Recipe, with all defaults</h3>
<pre tabindex="0">${recipe}</pre>`,
)}
</main>
<footer>Written by transferkit ${results.version}, ${results.date.slice(0, 10)}. All numbers are in results.json beside this page.</footer>
</body>
</html>
`
  return page.markup
}
