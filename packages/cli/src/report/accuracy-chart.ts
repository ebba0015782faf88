import { axis, chartWidth, colours, drawChart, seriesColour } from './chart.js'
import { accuracyText } from './format.js'
import { percent, percentAxis } from './percent-axis.js'
import type { ComparisonSummary } from './summary.js'

const rowHeight = 40

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
    chartWidth,
    rows.length * rowHeight + 60,
    `Accuracy of each strategy in percent: ${strategies.map(({ name, accuracy }) => `${name} ${accuracyText(accuracy)}`).join('; ')}`,
  )
}
