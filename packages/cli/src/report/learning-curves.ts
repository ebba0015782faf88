import { axis, chartWidth, drawChart } from './chart.js'
import { bandSeries, lineSeries, meanCurve, type Point, reachOf, smoothed } from './curves.js'
import { decimal } from './format.js'
import { html, type Markup } from './html.js'
import { figure, legend, section } from './page.js'
import { percent, percentAxis } from './percent-axis.js'
import type { CurvePoint, TrainingCurve } from './report-contents.js'
import { leftOutNote, shownStrategies } from './shown-strategies.js'
import type { StrategySummary } from './summary.js'

/** Number of points of a smoothed curve. */
const bins = 40

/** Losses that are closer together than this factor have no use for a logarithmic axis. */
const leastRange = 5

/** What one chart shows of the trainings. */
interface View {
  readonly title: string
  readonly caption: string
  readonly isLoss: boolean
  readonly points: (curve: TrainingCurve) => readonly Point[]
}

// A logarithmic axis has no place for a loss of 0.
const lossPoints = (points: readonly CurvePoint[]): readonly Point[] => points.map(({ step, loss }) => ({ x: step, y: Math.max(loss, 1e-4) }))

const accuracyPoints = (points: readonly CurvePoint[]): readonly Point[] => points.flatMap(({ step, accuracy }) => (accuracy === undefined ? [] : [{ x: step, y: percent(accuracy) }]))

const views: readonly View[] = [
  { title: 'training loss', caption: 'Loss of the training batches.', isLoss: true, points: ({ points }) => lossPoints(points) },
  { title: 'training accuracy, %', caption: 'Accuracy on the training batches.', isLoss: false, points: ({ points }) => accuracyPoints(points) },
  { title: 'validation loss', caption: 'Loss on the validation set.', isLoss: true, points: ({ validation = [] }) => lossPoints(validation) },
  { title: 'validation accuracy, %', caption: 'Accuracy on the validation set.', isLoss: false, points: ({ validation = [] }) => accuracyPoints(validation) },
]

const viewChart = ({ title, isLoss, points }: View, names: readonly string[], curves: readonly TrainingCurve[], width: number, height: number): Promise<string> => {
  const bySeed = names.map((name) => curves.filter((curve) => curve.name === name).map((curve) => smoothed(points(curve), bins)))
  const lines = names.map((name, index) => ({ name, points: meanCurve(bySeed[index] ?? []) }))
  const bands = bySeed.map((ofSeeds) => (ofSeeds.length < 2 ? [] : reachOf(ofSeeds)))
  const ends = lines.flatMap(({ name, points: line }) => (line.length === 0 ? [] : [`${name} ends at ${decimal(line.at(-1)?.y ?? Number.NaN, isLoss ? 3 : 1)}`]))
  const values = [...lines.flatMap((line) => line.points.map(({ y }) => y)), ...bands.flat().flatMap(({ low, high }) => [low, high])]
  const isLogarithmic = isLoss && Math.max(...values) > leastRange * Math.min(...values)
  const range = isLogarithmic ? { type: 'log' } : { type: 'value', ...(isLoss ? { scale: true } : percentAxis(values)) }
  return drawChart(
    {
      grid: { left: 60, right: 16, top: 12, bottom: 46 },
      xAxis: { type: 'value', ...axis('training step'), splitLine: { show: false } },
      yAxis: { ...axis(isLogarithmic ? `${title} (logarithmic)` : title), nameGap: 42, ...range },
      series: [...bandSeries(bands), ...lineSeries(lines)],
    },
    width,
    height,
    `${title} by step: ${ends.join('; ')}`,
  )
}

/**
 * How the strategies learn: loss and accuracy by step on the training batches, and on the validation set where there is one; means with the reach of the seeds.
 *
 * @param strategies All strategies.
 * @param curves What was recorded.
 * @returns The section; none where nothing was recorded.
 * @internal
 */
export const learningSection = async (strategies: readonly StrategySummary[], curves: readonly TrainingCurve[]): Promise<readonly Markup[]> => {
  const recorded = strategies.filter(({ name }) => curves.some((curve) => curve.name === name))
  const names = shownStrategies(recorded)
  const there = views.filter(({ points }) => curves.some((curve) => points(curve).length > 0))
  if (there.length === 0) return []
  const [width, height] = there.length === 1 ? [chartWidth, 340] : [430, 290]
  const figures: Markup[] = []
  for (const view of there) figures.push(figure(await viewChart(view, names, curves, width, height), view.caption))
  const hasBands = names.some((name) => curves.filter((curve) => curve.name === name).length > 1)
  const note = `Means over seeds, over neighbouring steps too where these are many${hasBands ? '; the band reaches from the lowest to the highest seed' : ''}. A low training loss is no merit by itself: with few examples every method reaches it.${leftOutNote(names.length, recorded.length)}`
  return [section('curves', 'Learning curves', html`${legend(names)}${there.length === 1 ? figures : html`<div class="pair">${figures}</div>`}<p class="note">${note}</p>`)]
}
