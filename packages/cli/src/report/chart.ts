import { createHash } from 'node:crypto'
import type { EChartsCoreOption } from 'echarts/core'

/** Colours that the page defines, so that a chart follows it to dark mode and to paper. @internal */
export const colours = {
  ink: 'var(--ink)',
  muted: 'var(--muted)',
  line: 'var(--line)',
  paper: 'var(--paper)',
} as const

/** What echarts tells a custom series about a number that it draws. @internal */
export interface CustomPlace {
  /** One of its numbers. */
  value(dimension: number): number
  /** Where a point is, in pixels. */
  coord(point: readonly number[]): number[]
}

/** Width of a chart that takes the whole page, in pixels of its own coordinates. @internal */
export const chartWidth = 880

const paletteSize = 8

/**
 * The colour of a series.
 *
 * @param index Place of the series.
 * @internal
 */
export const seriesColour = (index: number): string => `var(--series-${index % paletteSize})`

/** Dashes tell series apart without colour, and again where the colours begin anew. */
const dashes: readonly (readonly number[])[] = [[1, 0], [7, 3], [2, 3], [9, 3, 2, 3]]

/**
 * The line of a series.
 *
 * @param index Place of the series.
 * @internal
 */
export const seriesLine = (index: number): { readonly color: string; readonly width: number; readonly type: number[] } => ({
  color: seriesColour(index),
  width: 2,
  type: [...(dashes[(index + Math.floor(index / paletteSize)) % dashes.length] ?? [1, 0])],
})

/**
 * How all axes look.
 *
 * @param name What the axis shows.
 * @internal
 */
export const axis = (name: string): object => ({
  name,
  nameLocation: 'middle',
  nameGap: 30,
  nameTextStyle: { color: colours.ink, fontSize: 13 },
  axisLine: { show: true, lineStyle: { color: colours.muted } },
  axisTick: { show: false },
  axisLabel: { color: colours.muted, fontSize: 12 },
  splitLine: { lineStyle: { color: colours.line } },
  minorTick: { show: false },
})

/** Without what echarts adds for pointers: classes, styles and marks that nothing on a page without scripts uses. */
const withoutInteraction = (svg: string): string => svg.replace(/<style[\s\S]*?<\/style>/g, '').replace(/ (class|pointer-events|ecmeta_\w+)="[^"]*"/g, '')

/** With names of its own: echarts counts its charts, so that names would depend on what the process has drawn before. */
const withOwnNames = (svg: string): string => {
  const plain = svg.replace(/zr\d+-/g, 'chart-')
  return plain.replace(/chart-/g, `chart-${createHash('sha256').update(plain).digest('hex').slice(0, 8)}-`)
}

/**
 * Draws a chart as SVG markup, without a browser.
 *
 * @param option What to draw, in the terms of echarts.
 * @param width Width in pixels of its own coordinates; the page scales it.
 * @param height Height in the same pixels.
 * @param description What the chart shows, for those who do not see it.
 * @internal
 */
export const drawChart = async (option: EChartsCoreOption, width: number, height: number, description: string): Promise<string> => {
  const [core, charts, components, { SVGRenderer }] = await Promise.all([import('echarts/core'), import('echarts/charts'), import('echarts/components'), import('echarts/renderers')])
  core.use([charts.LineChart, charts.ScatterChart, charts.CustomChart, components.GridComponent, SVGRenderer])
  // On a server there is no element to draw in.
  const chart = core.init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption({ animation: false, backgroundColor: 'transparent', textStyle: { fontFamily: 'system-ui, sans-serif' }, ...option })
    const label = description.replace(/[&<>"]/g, ' ')
    return withOwnNames(withoutInteraction(chart.renderToSVGString({ useViewBox: true }))).replace('<svg ', `<svg role="img" aria-label="${label}" `)
  } finally {
    chart['dispose']()
  }
}
