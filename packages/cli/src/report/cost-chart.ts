import { axis, chartWidth, colours, drawChart, seriesColour } from './chart.js'
import { decimal, grouped } from './format.js'
import { percent, percentAxis } from './percent-axis.js'

/** What a strategy costs and what it is worth. @internal */
export interface CostPoint {
  /** Name of the strategy. */
  readonly name: string
  /** Numbers that have to be stored for it. */
  readonly parameters: number
  /** Accuracy, from 0 to 1. */
  readonly accuracy: number
}

const dominates = (a: CostPoint, b: CostPoint): boolean => a.parameters <= b.parameters && a.accuracy >= b.accuracy && (a.parameters < b.parameters || a.accuracy > b.accuracy)

/**
 * The strategies that no other one beats in both size and accuracy, from the smallest to the largest.
 *
 * @param points All strategies.
 * @internal
 */
export const paretoFront = (points: readonly CostPoint[]): readonly CostPoint[] =>
  points.filter((point) => !points.some((other) => dominates(other, point))).sort((a, b) => a.parameters - b.parameters)

/**
 * What accuracy costs: parameters on a logarithmic axis against accuracy, a point a strategy; a line joins those that no other one beats in both.
 *
 * @param points The strategies.
 * @param axisName What the parameters are.
 * @internal
 */
export const costChart = async (points: readonly CostPoint[], axisName: string): Promise<string> => {
  const heights = points.map(({ accuracy }) => percent(accuracy))
  const range = percentAxis(heights)
  const front = paretoFront(points)
  const near = (a: number, b: number): boolean => Math.abs((heights[a] ?? 0) - (heights[b] ?? 0)) < 0.06 * (range.max - range.min)
  // A logarithmic axis has no place for a strategy that stores nothing.
  const parametersOf = (index: number): number => Math.max(1, points[index]?.parameters ?? 0)
  const others = (index: number): readonly number[] => [...points.keys()].filter((other) => other !== index && near(index, other))
  // Points that lie on one another share one label.
  const coinciding = (index: number): readonly number[] => [index, ...others(index).filter((other) => Math.abs(Math.log(parametersOf(other) / parametersOf(index))) < 0.1)].sort((a, b) => a - b)
  const labelOf = (index: number): string => {
    const group = coinciding(index)
    return group[0] === index ? group.map((member) => points[member]?.name ?? '').join(', ') : ''
  }
  // A label stands at the left of its point where another point is where it would stand at the right.
  const labelSide = (index: number): 'left' | 'right' =>
    others(index).some((other) => !coinciding(index).includes(other) && parametersOf(other) > parametersOf(index) && parametersOf(other) < 4 * parametersOf(index)) ? 'left' : 'right'
  const texts = points.map((point) => `${point.name} ${grouped(point.parameters)} for ${decimal(percent(point.accuracy))} %${front.includes(point) ? ', on the front' : ''}`)
  return drawChart(
    {
      grid: { left: 64, right: 150, top: 16, bottom: 48 },
      xAxis: { type: 'log', ...axis(axisName) },
      yAxis: { type: 'value', ...axis('mean accuracy, %'), nameGap: 40, ...range },
      series: [
        {
          type: 'line',
          z: 1,
          step: 'end',
          silent: true,
          showSymbol: false,
          data: front.map(({ parameters, accuracy }) => [Math.max(1, parameters), percent(accuracy)]),
          lineStyle: { color: colours.muted, width: 1.5, type: [5, 4] },
        },
        {
          type: 'scatter',
          silent: true,
          symbolSize: 12,
          data: points.map((point, index) => ({
            name: labelOf(index),
            value: [parametersOf(index), percent(point.accuracy)],
            itemStyle: front.includes(point) ? { color: seriesColour(index), opacity: 1 } : { color: colours.paper, borderColor: seriesColour(index), borderWidth: 2, opacity: 1 },
            label: { show: true, position: labelSide(index), formatter: '{b}', color: colours.ink, fontSize: 13, backgroundColor: colours.paper, padding: [1, 2] },
          })),
          labelLayout: { moveOverlap: 'shiftY' },
        },
      ],
    },
    chartWidth,
    340,
    `Parameters and accuracy: ${texts.join('; ')}`,
  )
}
