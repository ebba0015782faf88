import { type CustomPlace, seriesColour, seriesLine } from './chart.js'

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

/** All values of several curves at each place where one of them has a point, from left to right. */
const valuesByPlace = (curves: readonly (readonly Point[])[]): readonly (readonly [place: number, values: readonly number[]])[] => {
  const byPlace = new Map<number, number[]>()
  for (const { x, y } of curves.flat()) byPlace.set(x, [...(byPlace.get(x) ?? []), y])
  return [...byPlace].sort(([a], [b]) => a - b)
}

/**
 * The mean of several curves at each place where one of them has a point.
 *
 * @internal
 */
export const meanCurve = (curves: readonly (readonly Point[])[]): readonly Point[] => valuesByPlace(curves).map(([x, ys]) => ({ x, y: ys.reduce((total, y) => total + y, 0) / ys.length }))

/** How far several curves are apart at one place. @internal */
export interface Reach {
  /** Where it is. */
  readonly x: number
  /** The lowest curve. */
  readonly low: number
  /** The highest curve. */
  readonly high: number
}

/**
 * From the lowest to the highest of several curves at each place where one of them has a point.
 *
 * @internal
 */
export const reachOf = (curves: readonly (readonly Point[])[]): readonly Reach[] => valuesByPlace(curves).map(([x, ys]) => ({ x, low: Math.min(...ys), high: Math.max(...ys) }))

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

/**
 * Bands as echarts draws them, in the colours of {@link lineSeries}.
 *
 * @param bands How far each one reaches; one of fewer than two places is not drawn.
 * @internal
 */
export const bandSeries = (bands: readonly (readonly Reach[])[]): object[] =>
  bands.flatMap((band, index) =>
    band.length < 2
      ? []
      : [
          {
            type: 'custom',
            silent: true,
            encode: { x: 0, y: [1, 2] },
            data: band.map(({ x, low, high }) => [x, low, high]),
            // One polygon goes through all places: it is drawn at the first.
            renderItem: ({ dataIndex }: { readonly dataIndex: number }, api: CustomPlace) =>
              dataIndex > 0
                ? undefined
                : {
                    type: 'polygon',
                    shape: { points: [...band.map(({ x, low }) => api.coord([x, low])), ...[...band].reverse().map(({ x, high }) => api.coord([x, high]))] },
                    style: { fill: seriesColour(index), opacity: 0.14 },
                  },
          },
        ],
  )
