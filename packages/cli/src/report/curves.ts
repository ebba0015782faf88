import { seriesColour, seriesLine } from './chart.js'

/** A point of a curve. @internal */
export interface Point {
  /** Where it is. */
  readonly x: number
  /** What is there. */
  readonly y: number
}

/**
 * Means of at most `bins` neighbouring points, so that a noisy curve can be read.
 *
 * @internal
 */
export const smoothed = (points: readonly Point[], bins: number): readonly Point[] => {
  const perBin = Math.max(1, Math.ceil(points.length / bins))
  return Array.from({ length: Math.ceil(points.length / perBin) }, (_, bin) => {
    const members = points.slice(bin * perBin, (bin + 1) * perBin)
    return { x: members.reduce((total, { x }) => total + x, 0) / members.length, y: members.reduce((total, { y }) => total + y, 0) / members.length }
  })
}

/**
 * The mean of several curves at each place where one of them has a point.
 *
 * @internal
 */
export const meanCurve = (curves: readonly (readonly Point[])[]): readonly Point[] => {
  const byPlace = new Map<number, number[]>()
  for (const { x, y } of curves.flat()) byPlace.set(x, [...(byPlace.get(x) ?? []), y])
  return [...byPlace].sort(([a], [b]) => a - b).map(([x, ys]) => ({ x, y: ys.reduce((total, y) => total + y, 0) / ys.length }))
}

/** A curve with its name. @internal */
export interface NamedLine {
  /** Its name. */
  readonly name: string
  /** Its points, from left to right. */
  readonly points: readonly Point[]
}

/**
 * Curves as echarts draws them.
 *
 * @internal
 */
export const lineSeries = (lines: readonly NamedLine[]): object[] =>
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
