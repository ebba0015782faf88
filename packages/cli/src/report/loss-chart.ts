import { axis, chartWidth, drawChart } from './chart.js'
import { lineSeries, meanCurve, smoothed } from './curves.js'
import { decimal } from './format.js'
import type { TrainingCurve } from './report-contents.js'

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
    chartWidth,
    340,
    `Training loss by step: ${last.join('; ')}`,
  )
}
