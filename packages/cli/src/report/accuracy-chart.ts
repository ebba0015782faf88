import { axis, chartWidth, colours, type CustomPlace, drawChart, seriesColour } from './chart.js'
import { accuracyText } from './format.js'
import { percent, percentAxis } from './percent-axis.js'
import type { ComparisonSummary } from './summary.js'

const [rowHeight, lowRowHeight, mostHighRows] = [40, 28, 12]

/** What echarts tells a custom series about the plot that it draws in. */
interface CustomPlot {
  readonly dataIndex: number
  readonly coordSys: { readonly y: number; readonly height: number }
}

/** Dashed lines for what there is without any transfer. */
const baselineSeries = (baselines: ComparisonSummary['baselines']): object => ({
  type: 'custom',
  silent: true,
  data: baselines.map(({ accuracy: { mean } }) => [percent(mean), 0]),
  renderItem: ({ dataIndex, coordSys: { y: top, height } }: CustomPlot, api: CustomPlace) => {
    const [x = 0] = api.coord([api.value(0), 0])
    return {
      type: 'group',
      children: [
        { type: 'line', shape: { x1: x, y1: top + height, x2: x, y2: top }, style: { stroke: colours.muted, lineWidth: 1.5, lineDash: [6, 4] } },
        { type: 'text', style: { x, y: top - 4 - 16 * dataIndex, text: baselines[dataIndex]?.name ?? '', fill: colours.ink, font: '12px system-ui, sans-serif', align: 'center', verticalAlign: 'bottom' } },
      ],
    }
  },
})

/**
 * A dot a seed and the 95 % interval of the mean, a row a strategy; a dashed line for each baseline.
 *
 * @internal
 */
export const accuracyChart = async ({ strategies, baselines }: ComparisonSummary): Promise<string> => {
  const rows = [...strategies].reverse()
  const bounds = rows.map(({ accuracy: { mean, halfWidth = 0 } }) => [mean - halfWidth, mean, mean + halfWidth].map((value) => percent(Math.min(1, Math.max(0, value)))))
  const values = [...bounds.flat(), ...baselines.map(({ accuracy }) => percent(accuracy.mean)), ...rows.flatMap(({ bySeed }) => bySeed.map(({ accuracy }) => percent(accuracy)))]
  const labels = 18 * baselines.length
  // The width of a letter, roughly: nothing measures text here.
  const names = Math.min(300, Math.max(140, 7 * Math.max(...rows.map(({ name }) => name.length))))
  return drawChart(
    {
      grid: { left: names + 16, right: 24, top: 8 + labels, bottom: 48 },
      xAxis: { type: 'value', ...axis('accuracy on the test examples, %'), ...percentAxis(values) },
      yAxis: { type: 'category', data: rows.map(({ name }) => name), ...axis(''), axisLabel: { color: colours.ink, fontSize: 13, width: names - 12, overflow: 'truncate' }, splitLine: { show: true, lineStyle: { color: colours.line } } },
      series: [
        {
          type: 'custom',
          silent: true,
          data: bounds.map(([low, mean, high], row) => [low, row, mean, high]),
          renderItem: (_: unknown, api: CustomPlace) => {
            const row = api.value(1)
            const [low = 0, y = 0] = api.coord([api.value(0), row])
            const [mean = 0] = api.coord([api.value(2), row])
            const [high = 0] = api.coord([api.value(3), row])
            const line = (x1: number, y1: number, x2: number, y2: number, thickness: number): object => ({ type: 'line', shape: { x1, y1, x2, y2 }, style: { stroke: colours.ink, lineWidth: thickness } })
            return { type: 'group', children: [line(low, y, high, y, 1.5), line(low, y - 6, low, y + 6, 1.5), line(high, y - 6, high, y + 6, 1.5), line(mean, y - 9, mean, y + 9, 3)] }
          },
        },
        ...(baselines.length === 0 ? [] : [baselineSeries(baselines)]),
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
    chartWidth,
    rows.length * (rows.length > mostHighRows ? lowRowHeight : rowHeight) + 60 + labels,
    `Accuracy of each strategy in percent: ${[...strategies, ...baselines].map(({ name, accuracy }) => `${name} ${accuracyText(accuracy)}`).join('; ')}`,
  )
}
