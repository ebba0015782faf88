import { axis, chartWidth, colours, type CustomPlace, drawChart, seriesColour } from './chart.js'
import { lineSeries } from './curves.js'
import { estimateOf, type Estimate } from './estimate.js'
import { accuracyText, counted, grouped } from './format.js'
import { discreteGrid } from './discrete-grid.js'
import { html, type Markup } from './html.js'
import { figure, legend, section, table } from './page.js'
import { percent, percentAxis } from './percent-axis.js'
import { leftOutNote, shownStrategies } from './shown-strategies.js'
import type { ComparisonSummary } from './summary.js'
import type { TargetSize } from './target-sizes.js'

const estimateAt = ({ rows }: TargetSize, name: string): Estimate | undefined => {
  const accuracies = rows.filter((row) => row.name === name).map(({ accuracy }) => accuracy)
  return accuracies.length === 0 ? undefined : estimateOf(accuracies)
}

/** Intervals of one strategy, in its colour. */
const whiskers = (points: readonly (readonly [x: number, estimate: Estimate])[], index: number): object => ({
  type: 'custom',
  silent: true,
  encode: { x: 0, y: [1, 2] },
  data: points.map(([x, { mean, halfWidth = 0 }]) => [x, percent(Math.max(0, mean - halfWidth)), percent(Math.min(1, mean + halfWidth))]),
  renderItem: (_: unknown, api: CustomPlace) => {
    const [x = 0, low = 0] = api.coord([api.value(0), api.value(1)])
    const [, high = 0] = api.coord([api.value(0), api.value(2)])
    const line = (x1: number, y1: number, x2: number, y2: number): object => ({ type: 'line', shape: { x1, y1, x2, y2 }, style: { stroke: seriesColour(index), lineWidth: 1.5 } })
    return { type: 'group', children: [line(x, low, x, high), line(x - 4, low, x + 4, low), line(x - 4, high, x + 4, high)] }
  },
})

const sizeChart = (sizes: readonly TargetSize[], names: readonly string[]): Promise<string> => {
  // Strategies stand a little beside one another, so that their intervals can be told apart.
  const aside = (index: number): number => 1.025 ** (index - (names.length - 1) / 2)
  const byName = names.map((name, index) =>
    sizes.flatMap((size): readonly (readonly [number, Estimate])[] => {
      const estimate = estimateAt(size, name)
      return estimate === undefined ? [] : [[size.examples * aside(index), estimate]]
    }),
  )
  const values = byName.flat().flatMap(([, { mean, halfWidth = 0 }]) => [percent(Math.max(0, mean - halfWidth)), percent(Math.min(1, mean + halfWidth))])
  const texts = names.map((name) => `${name}: ${sizes.flatMap((size) => { const estimate = estimateAt(size, name); return estimate === undefined ? [] : [`${accuracyText(estimate)} with ${grouped(size.examples)}`] }).join(', ')}`)
  const ends = [sizes[0]?.examples ?? 1, sizes.at(-1)?.examples ?? 1] as const
  return drawChart(
    {
      grid: { left: 60, right: 24, top: 12, bottom: 48 },
      xAxis: { type: 'log', ...axis('target examples (logarithmic)'), min: ends[0] / 1.4, max: ends[1] * 1.4, splitLine: { show: false }, axisLabel: { show: false } },
      yAxis: { type: 'value', ...axis('accuracy on the test examples, %'), nameGap: 42, ...percentAxis(values) },
      series: [
        ...byName.map(whiskers),
        ...lineSeries(names.map((name, index) => ({ name, points: (byName[index] ?? []).map(([x, { mean }]) => ({ x, y: percent(mean) })) }))).map((line) => ({ ...line, showSymbol: true, symbol: 'circle', symbolSize: 7 })),
        {
          type: 'custom',
          silent: true,
          data: sizes.map(({ examples }) => [examples, values.length === 0 ? 0 : percentAxis(values).min]),
          renderItem: ({ dataIndex }: { readonly dataIndex: number }, api: CustomPlace) => {
            const [x = 0, y = 0] = api.coord([api.value(0), api.value(1)])
            return { type: 'group', children: [{ type: 'text', style: { x, y: y + 8, text: grouped(sizes[dataIndex]?.examples ?? 0), fill: colours.muted, font: '12px system-ui, sans-serif', align: 'center', verticalAlign: 'top' } }] }
          },
        },
      ],
    },
    chartWidth,
    380,
    `Accuracy in percent by number of target examples: ${texts.join('; ')}`,
  )
}

/**
 * Accuracy against the size of the target: a line a strategy with intervals, all numbers as a table, and how learned gates stand to discrete states at each size.
 *
 * @param sizes Results by size.
 * @param summary The comparison at the largest size.
 * @returns The section; none with a single size.
 * @internal
 */
export const sizeSection = async (sizes: readonly TargetSize[], { strategies, baselines }: ComparisonSummary): Promise<readonly Markup[]> => {
  if (sizes.length < 2) return []
  const all = [...strategies, ...baselines]
  const names = shownStrategies(all)
  const rows = all.map(({ name }) => ({
    cells: [name, ...sizes.map((size) => { const estimate = estimateAt(size, name); return estimate === undefined ? '–' : accuracyText(estimate) })],
  }))
  const verdicts = sizes.flatMap(({ examples, rows: ofSize }) => (discreteGrid(ofSize)?.units ?? []).map(({ sentence }) => html`<li>With ${counted(examples, 'example')}, ${sentence}</li>`))
  return [
    section(
      'sizes',
      'Accuracy by size of the target',
      html`${legend(names)}${figure(await sizeChart(sizes, names), `Mean over seeds with its 95 % interval (Student’s t).${leftOutNote(names.length, all.length)} Strategies stand a little beside one another so that intervals can be told apart.`)}
${verdicts.length === 0 ? html`` : html`<ul>${verdicts}</ul>`}
${table('Accuracy by size of the target', 'Accuracy in % by number of target examples.', ['strategy', ...sizes.map(({ examples }) => grouped(examples))], rows)}`,
    ),
  ]
}
