import { axis, colours, drawChart, seriesColour, seriesLine } from './chart.js'
import { accuracyText, decimal, grouped } from './format.js'
import type { InspectionHistory, TrainingCurve } from './report.js'
import type { ComparisonSummary } from './summary.js'

const width = 880
const rowHeight = 40

const percent = (share: number): number => 100 * share

/** Ends of an axis of percentages that holds all values, at round numbers. */
const percentAxis = (values: readonly number[]): { readonly min: number; readonly max: number; readonly interval: number } => {
  const spread = Math.max(...values) - Math.min(...values)
  const interval = [0.5, 1, 2, 5, 10].find((step) => spread / step <= 7) ?? 20
  return { min: Math.max(0, Math.floor(Math.min(...values) / interval - 0.3) * interval), max: Math.min(100, Math.ceil(Math.max(...values) / interval + 0.3) * interval), interval }
}

interface Point {
  readonly x: number
  readonly y: number
}

/** What echarts tells a custom series about the row that it draws. */
interface CustomRow {
  value(dimension: number): number
  coord(point: readonly number[]): number[]
}

/**
 * A dot a seed and the 95 % interval of the mean, a row a strategy.
 *
 * @internal
 */
export const accuracyChart = async ({ strategies }: ComparisonSummary): Promise<string> => {
  const rows = [...strategies].reverse()
  const bounds = rows.map(({ accuracy: { mean, halfWidth = 0 } }) => [mean - halfWidth, mean, mean + halfWidth].map((value) => percent(Math.min(1, Math.max(0, value)))))
  const values = [...bounds.flat(), ...rows.flatMap(({ bySeed }) => bySeed.map(({ accuracy }) => percent(accuracy)))]
  return drawChart(
    {
      grid: { left: 190, right: 24, top: 8, bottom: 48 },
      xAxis: { type: 'value', ...axis('accuracy on the test images, %'), ...percentAxis(values) },
      yAxis: { type: 'category', data: rows.map(({ name }) => name), ...axis(''), axisLabel: { color: colours.ink, fontSize: 13, width: 178, overflow: 'truncate' }, splitLine: { show: true, lineStyle: { color: colours.line } } },
      series: [
        {
          type: 'custom',
          silent: true,
          data: bounds.map(([low, mean, high], row) => [low, row, mean, high]),
          renderItem: (_: unknown, api: CustomRow) => {
            const row = api.value(1)
            const [low = 0, y = 0] = api.coord([api.value(0), row])
            const [mean = 0] = api.coord([api.value(2), row])
            const [high = 0] = api.coord([api.value(3), row])
            const line = (x1: number, y1: number, x2: number, y2: number, thickness: number): object => ({ type: 'line', shape: { x1, y1, x2, y2 }, style: { stroke: colours.ink, lineWidth: thickness } })
            return { type: 'group', children: [line(low, y, high, y, 1.5), line(low, y - 6, low, y + 6, 1.5), line(high, y - 6, high, y + 6, 1.5), line(mean, y - 9, mean, y + 9, 3)] }
          },
        },
        {
          type: 'scatter',
          silent: true,
          symbolSize: 11,
          data: rows.flatMap(({ bySeed }, row) =>
            bySeed.map(({ accuracy }) => ({ value: [percent(accuracy), row], itemStyle: { color: seriesColour(rows.length - 1 - row), opacity: 0.85, borderColor: colours.paper, borderWidth: 1 } })),
          ),
        },
      ],
    },
    width,
    rows.length * rowHeight + 60,
    `Accuracy of each strategy in percent: ${strategies.map(({ name, accuracy }) => `${name} ${accuracyText(accuracy)}`).join('; ')}`,
  )
}

/** Means of at most `bins` neighbouring points, so that a noisy curve can be read. */
const smoothed = (points: readonly Point[], bins: number): readonly Point[] => {
  const perBin = Math.max(1, Math.ceil(points.length / bins))
  return Array.from({ length: Math.ceil(points.length / perBin) }, (_, bin) => {
    const members = points.slice(bin * perBin, (bin + 1) * perBin)
    return { x: members.reduce((total, { x }) => total + x, 0) / members.length, y: members.reduce((total, { y }) => total + y, 0) / members.length }
  })
}

/** The mean of several curves at each place where one of them has a point. */
const meanCurve = (curves: readonly (readonly Point[])[]): readonly Point[] => {
  const byPlace = new Map<number, number[]>()
  for (const { x, y } of curves.flat()) byPlace.set(x, [...(byPlace.get(x) ?? []), y])
  return [...byPlace].sort(([a], [b]) => a - b).map(([x, ys]) => ({ x, y: ys.reduce((total, y) => total + y, 0) / ys.length }))
}

interface NamedLine {
  readonly name: string
  readonly points: readonly Point[]
}

const lineSeries = (lines: readonly NamedLine[]): object[] =>
  lines.map(({ name, points }, index) => ({
    type: 'line',
    name,
    silent: true,
    showSymbol: points.length === 1,
    data: points.map(({ x, y }) => [x, y]),
    lineStyle: seriesLine(index),
    itemStyle: { color: seriesColour(index) },
    emphasis: { disabled: true },
  }))

/**
 * Training loss by step, mean over seeds, a line a strategy.
 *
 * @internal
 */
export const lossChart = async (names: readonly string[], curves: readonly TrainingCurve[]): Promise<string> => {
  const lines = names.map((name) => ({
    name,
    points: smoothed(meanCurve(curves.filter((curve) => curve.name === name).map(({ points }) => points.map(({ step, loss }) => ({ x: step, y: Math.max(loss, 1e-4) })))), 40),
  }))
  const last = lines.map(({ name, points }) => `${name} ends at ${decimal(points.at(-1)?.y ?? Number.NaN, 3)}`)
  return drawChart(
    {
      grid: { left: 64, right: 24, top: 12, bottom: 48 },
      xAxis: { type: 'value', ...axis('training step'), splitLine: { show: false } },
      yAxis: { type: 'log', ...axis('training loss (logarithmic)'), nameGap: 46 },
      series: lineSeries(lines),
    },
    width,
    340,
    `Training loss by step: ${last.join('; ')}`,
  )
}

/** A chart of one gate and what it is called. @internal */
export interface GateChart {
  /** The gate. */
  readonly title: string
  /** The chart, SVG markup. */
  readonly svg: string
  /** Names of its lines, in the order of their colours. */
  readonly lines: readonly string[]
}

/**
 * One chart for each gate of an inspection: its opening by step, mean over seeds, a line a stage.
 *
 * @param history What was recorded, of one strategy and one inspection, of all seeds.
 * @internal
 */
export const gateCharts = async (history: readonly InspectionHistory[]): Promise<readonly GateChart[]> => {
  const [first] = history
  const recorded = history.flatMap(({ points }) => points)
  const gates = [...new Set(recorded.flatMap(({ series }) => Object.keys(series)))]
  return Promise.all(
    gates.map(async (gate) => {
      const rows = [...new Set(recorded.flatMap(({ series }) => Object.keys(series[gate] ?? {})))]
      const lines = rows.map((row) => ({
        name: row,
        points: meanCurve(
          history.map(({ points }) =>
            points.flatMap(({ step, series }) => {
              const y = series[gate]?.[row]
              return y === undefined ? [] : [{ x: step, y }]
            }),
          ),
        ),
      }))
      const ends = lines.map(({ name, points }) => `${name} from ${decimal(points[0]?.y ?? Number.NaN, 2)} to ${decimal(points.at(-1)?.y ?? Number.NaN, 2)}`)
      const within = lines.every(({ points }) => points.every(({ y }) => y >= 0 && y <= 1))
      const svg = await drawChart(
        {
          grid: { left: 52, right: 16, top: 12, bottom: 44 },
          xAxis: { type: 'value', ...axis('training step'), splitLine: { show: false } },
          yAxis: { type: 'value', ...axis(''), ...(within ? { min: 0, max: 1 } : {}) },
          series: lineSeries(lines),
        },
        430,
        250,
        `${gate} by ${first?.rowAxis ?? 'row'}: ${ends.join('; ')}`,
      )
      return { title: gate, svg, lines: rows }
    }),
  )
}

/**
 * What accuracy costs: private parameters on a logarithmic axis against accuracy, a point a strategy.
 *
 * @internal
 */
export const costChart = async ({ strategies }: ComparisonSummary): Promise<string> => {
  const accuracies = strategies.map(({ accuracy }) => percent(accuracy.mean))
  const range = percentAxis(accuracies)
  const near = (a: number, b: number): boolean => Math.abs((accuracies[a] ?? 0) - (accuracies[b] ?? 0)) < 0.06 * (range.max - range.min)
  const parametersOf = (index: number): number => strategies[index]?.privateParameters ?? 0
  const others = (index: number): readonly number[] => [...strategies.keys()].filter((other) => other !== index && near(index, other))
  // Points that lie on one another share one label.
  const coinciding = (index: number): readonly number[] => [index, ...others(index).filter((other) => Math.abs(Math.log(parametersOf(other) / parametersOf(index))) < 0.1)].sort((a, b) => a - b)
  const labelOf = (index: number): string => {
    const group = coinciding(index)
    return group[0] === index ? group.map((member) => strategies[member]?.name ?? '').join(', ') : ''
  }
  // A label stands at the left of its point where another point is where it would stand at the right.
  const labelSide = (index: number): 'left' | 'right' =>
    others(index).some((other) => !coinciding(index).includes(other) && parametersOf(other) > parametersOf(index) && parametersOf(other) < 4 * parametersOf(index)) ? 'left' : 'right'
  return drawChart(
    {
      grid: { left: 64, right: 150, top: 16, bottom: 48 },
      xAxis: { type: 'log', ...axis('private parameters, stored per target (logarithmic)') },
      yAxis: { type: 'value', ...axis('mean accuracy, %'), nameGap: 40, ...range },
      series: [
        {
          type: 'scatter',
          silent: true,
          symbolSize: 12,
          data: strategies.map(({ privateParameters, accuracy }, index) => ({
            name: labelOf(index),
            value: [Math.max(1, privateParameters), percent(accuracy.mean)],
            itemStyle: { color: seriesColour(index), opacity: 1 },
            label: { show: true, position: labelSide(index), formatter: '{b}', color: colours.ink, fontSize: 13 },
          })),
          labelLayout: { moveOverlap: 'shiftY' },
        },
      ],
    },
    width,
    340,
    `Private parameters and accuracy: ${strategies.map(({ name, privateParameters, accuracy }) => `${name} ${grouped(privateParameters)} for ${decimal(percent(accuracy.mean))} %`).join('; ')}`,
  )
}
