import { axis, chartWidth, colours, drawChart, seriesColour, seriesLine } from './chart.js'
import { bandSeries, lineSeries, meanCurve, type Point, reachOf } from './curves.js'
import { decimal } from './format.js'
import type { InspectionHistory } from './report-contents.js'

/** A chart of one series of an inspection, such as one gate. @internal */
export interface InspectionChart {
  /** The series. */
  readonly title: string
  /** The chart, SVG markup. */
  readonly svg: string
  /** Names of its lines, in the order of their colours. */
  readonly lines: readonly string[]
}

/** Numbers by row. @internal */
export type Profile = ReadonlyMap<string, number>

/**
 * Names of the series of an inspection, in the order in which they were recorded.
 *
 * @internal
 */
export const seriesNames = (history: readonly InspectionHistory[]): readonly string[] => [...new Set(history.flatMap(({ points }) => points.flatMap(({ series }) => Object.keys(series))))]

/**
 * Names of the rows of a series, in the order in which they were recorded.
 *
 * @internal
 */
export const rowNames = (history: readonly InspectionHistory[], series: string): readonly string[] => [
  ...new Set(history.flatMap(({ points }) => points.flatMap((point) => Object.keys(point.series[series] ?? {})))),
]

/** The numbers of one row of a series by step, a curve a seed. */
const rowCurves = (history: readonly InspectionHistory[], series: string, row: string): readonly (readonly Point[])[] =>
  history.map(({ points }) =>
    points.flatMap((point) => {
      const y = point.series[series]?.[row]
      return y === undefined ? [] : [{ x: point.step, y }]
    }),
  )

/**
 * The numbers of a series at the end of the training, mean over seeds.
 *
 * @internal
 */
export const lastProfile = (history: readonly InspectionHistory[], series: string): Profile =>
  new Map(rowNames(history, series).map((row) => [row, meanCurve(rowCurves(history, series, row).map((curve) => curve.slice(-1).map(({ y }) => ({ x: 0, y })))).at(0)?.y ?? Number.NaN]))

const unitRange = (values: readonly number[]): object => (values.every((value) => value >= 0 && value <= 1) && Math.max(...values) > 0.3 ? { min: 0, max: 1 } : {})

/** A round number above a number. */
const ceiling = (value: number): number => {
  const step = 10 ** Math.floor(Math.log10(Math.max(value, 1e-6))) / 2
  return Math.ceil(value / step - 1e-9) * step
}

/** What one line of a chart by step is made of. */
interface SeedCurves {
  readonly name: string
  readonly curves: readonly (readonly Point[])[]
}

/** How large a chart by step is, in pixels of its own coordinates. */
interface ChartSize {
  readonly width: number
  readonly height: number
}

const half: ChartSize = { width: 430, height: 250 }
const third: ChartSize = { width: 290, height: 200 }

/** Means over seeds by step, with bands from the lowest to the highest seed. */
const stepChart = async (title: string, ofLines: readonly SeedCurves[], rowAxis: string, { width, height } = half, range?: object): Promise<InspectionChart> => {
  const lines = ofLines.map(({ name, curves }) => ({ name, points: meanCurve(curves) }))
  const bands = ofLines.map(({ curves }) => (curves.length < 2 ? [] : reachOf(curves)))
  const ends = lines.map(({ name, points }) => `${name} from ${decimal(points[0]?.y ?? Number.NaN, 2)} to ${decimal(points.at(-1)?.y ?? Number.NaN, 2)}`)
  const svg = await drawChart(
    {
      grid: { left: 52, right: 16, top: 12, bottom: 44 },
      xAxis: { type: 'value', ...axis('training step'), splitLine: { show: false } },
      yAxis: { type: 'value', ...axis(''), ...(range ?? unitRange([...lines.flatMap(({ points }) => points.map(({ y }) => y)), ...bands.flat().flatMap(({ low, high }) => [low, high])])) },
      series: [...bandSeries(bands), ...lineSeries(lines)],
    },
    width,
    height,
    `${title} by ${rowAxis}: ${ends.join('; ')}`,
  )
  return { title, svg, lines: lines.map(({ name }) => name) }
}

/**
 * The numbers of one series by step, mean over seeds, a line a row.
 *
 * @param history What was recorded, of one strategy and one inspection, of all seeds.
 * @param series The series.
 * @param rows The rows that are shown; all unless told.
 * @internal
 */
export const historyChart = (history: readonly InspectionHistory[], series: string, rows = rowNames(history, series)): Promise<InspectionChart> =>
  stepChart(
    series,
    rows.map((name) => ({ name, curves: rowCurves(history, series, name) })),
    history[0]?.rowAxis ?? 'row',
  )

/**
 * The numbers of every series by step, mean over seeds, a small chart a series with one range for all of them, so that they can be compared.
 *
 * @param history What was recorded, of one strategy and one inspection, of all seeds.
 * @internal
 */
export const seriesCharts = async (history: readonly InspectionHistory[]): Promise<readonly InspectionChart[]> => {
  const values = history.flatMap(({ points }) => points.flatMap(({ series }) => Object.values(series).flatMap((numbers) => Object.values(numbers))))
  const charts: InspectionChart[] = []
  for (const series of seriesNames(history)) {
    const rows = rowNames(history, series).map((name) => ({ name, curves: rowCurves(history, series, name) }))
    charts.push(await stepChart(series, rows, history[0]?.rowAxis ?? 'row', third, { min: Math.min(0, ...values), max: ceiling(Math.max(...values)) }))
  }
  return charts
}

/**
 * The only row of one series by step, mean over seeds, a line a domain.
 *
 * @param byDomain What was recorded, by domain.
 * @param series The series.
 * @internal
 */
export const domainChart = (byDomain: ReadonlyMap<string, readonly InspectionHistory[]>, series: string): Promise<InspectionChart> =>
  stepChart(
    series,
    [...byDomain].map(([name, history]) => ({ name, curves: rowCurves(history, series, rowNames(history, series)[0] ?? '') })),
    'domain',
  )

/**
 * Numbers by row at the end of the training, from the first row to the last: a line a profile.
 *
 * @param title What is shown.
 * @param profiles The numbers of each line, by its name.
 * @param rowAxis What a row is.
 * @internal
 */
export const profileChart = async (title: string, profiles: ReadonlyMap<string, Profile>, rowAxis: string): Promise<InspectionChart> => {
  const rows = [...new Set([...profiles.values()].flatMap((profile) => [...profile.keys()]))]
  const texts = [...profiles].map(([name, profile]) => `${name}: ${[...profile].map(([row, value]) => `${row} ${decimal(value, 2)}`).join(', ')}`)
  const svg = await drawChart(
    {
      grid: { left: 56, right: 16, top: 12, bottom: 150 },
      xAxis: { type: 'category', data: rows, ...axis(''), axisLabel: { color: colours.muted, fontSize: 11, rotate: 60, interval: 0, width: 130, overflow: 'truncate' }, splitLine: { show: false } },
      yAxis: { type: 'value', ...axis(''), ...unitRange([...profiles.values()].flatMap((profile) => [...profile.values()])) },
      series: [...profiles].map(([name, profile], index) => ({
        type: 'line',
        name,
        silent: true,
        symbol: 'circle',
        symbolSize: 5,
        data: rows.map((row) => profile.get(row) ?? null),
        lineStyle: seriesLine(index),
        itemStyle: { color: seriesColour(index) },
        emphasis: { disabled: true },
      })),
    },
    chartWidth,
    380,
    `${title} by ${rowAxis}, at the end of the training. ${texts.join('; ')}`,
  )
  return { title, svg, lines: [...profiles.keys()] }
}
