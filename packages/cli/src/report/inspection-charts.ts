import { axis, chartWidth, colours, drawChart, seriesColour, seriesLine } from './chart.js'
import { lineSeries, meanCurve, type NamedLine } from './curves.js'
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

/** The numbers of one row of a series by step, mean over seeds. */
const rowCurve = (history: readonly InspectionHistory[], series: string, row: string): NamedLine => ({
  name: row,
  points: meanCurve(
    history.map(({ points }) =>
      points.flatMap((point) => {
        const y = point.series[series]?.[row]
        return y === undefined ? [] : [{ x: point.step, y }]
      }),
    ),
  ),
})

/**
 * The numbers of a series at the end of the training, mean over seeds.
 *
 * @internal
 */
export const lastProfile = (history: readonly InspectionHistory[], series: string): Profile =>
  new Map(rowNames(history, series).map((row) => [row, rowCurve(history, series, row).points.at(-1)?.y ?? Number.NaN]))

const unitRange = (values: readonly number[]): object => (values.every((value) => value >= 0 && value <= 1) && Math.max(...values) > 0.3 ? { min: 0, max: 1 } : {})

/**
 * The numbers of one series by step, mean over seeds, a line a row.
 *
 * @param history What was recorded, of one strategy and one inspection, of all seeds.
 * @param series The series.
 * @internal
 */
export const historyChart = async (history: readonly InspectionHistory[], series: string): Promise<InspectionChart> => {
  const lines = rowNames(history, series).map((row) => rowCurve(history, series, row))
  const ends = lines.map(({ name, points }) => `${name} from ${decimal(points[0]?.y ?? Number.NaN, 2)} to ${decimal(points.at(-1)?.y ?? Number.NaN, 2)}`)
  const svg = await drawChart(
    {
      grid: { left: 52, right: 16, top: 12, bottom: 44 },
      xAxis: { type: 'value', ...axis('training step'), splitLine: { show: false } },
      yAxis: { type: 'value', ...axis(''), ...unitRange(lines.flatMap(({ points }) => points.map(({ y }) => y))) },
      series: lineSeries(lines),
    },
    430,
    250,
    `${series} by ${history[0]?.rowAxis ?? 'row'}: ${ends.join('; ')}`,
  )
  return { title: series, svg, lines: lines.map(({ name }) => name) }
}

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
