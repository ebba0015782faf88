import { decimal, counted } from './format.js'
import { html, type Markup, raw } from './html.js'
import { historyChart, type InspectionChart, lastProfile, profileChart, rowNames, seriesNames } from './inspection-charts.js'
import { legend, section, table } from './page.js'
import type { InspectionHistory } from './report-contents.js'

/** More lines than this in one chart cannot be told apart; their ends are shown side by side then. */
const mostLines = 8

/** More charts than this for one inspection are not read; a table is shown then. */
const mostCharts = 4

/** Rows of a table that are shown. */
const mostRows = 30

const groupBy = <T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] => {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return [...groups.values()]
}

const chartFigure = ({ title, svg, lines }: InspectionChart, caption: string): Markup =>
  html`<figure><h3>${title}</h3>${lines.length > 1 || lines[0] !== title ? legend(lines) : undefined}${raw(svg)}<figcaption>${caption}</figcaption></figure>`

/** Numbers of many series, such as classes: a row a series, at the end of the training. */
const seriesTable = (history: readonly InspectionHistory[], first: InspectionHistory): Markup => {
  const all = seriesNames(history)
  const shown = all.slice(0, mostRows)
  const columns = [...new Set(shown.flatMap((series) => rowNames(history, series)))]
  const rows = shown.map((series) => {
    const profile = lastProfile(history, series)
    return { cells: [series, ...columns.map((column) => (profile.has(column) ? decimal(profile.get(column) ?? Number.NaN, 2) : '–'))] }
  })
  const left = all.length - shown.length
  return table(
    first.title,
    `${first.valueAxis}, by ${first.rowAxis}, at the end of the training; mean over ${counted(history.length, 'seed')}.${left === 0 ? '' : ` The first ${shown.length} of ${all.length} rows; the others are in metrics.jsonl.`}`,
    ['', ...columns],
    rows,
  )
}

const inspectionSection = async (history: readonly InspectionHistory[], index: number): Promise<Markup> => {
  const [first] = history
  if (first === undefined) return html``
  const series = seriesNames(history)
  const heading = { id: `inspection-${index}`, title: `${first.title}: ${first.name}` }
  if (series.length > mostCharts) return section(heading.id, heading.title, seriesTable(history, first))
  const seeds = `mean over ${counted(history.length, 'seed')}`
  if (series.some((name) => rowNames(history, name).length > mostLines)) {
    const chart = await profileChart(first.title, new Map(series.map((name) => [name, lastProfile(history, name)])), first.rowAxis)
    return section(heading.id, heading.title, chartFigure({ ...chart, title: '' }, `${first.valueAxis}, by ${first.rowAxis}, at the end of the training; ${seeds}.`))
  }
  const charts = await Promise.all(series.map((name) => historyChart(history, name)))
  return section(heading.id, heading.title, html`<div class="pair">${charts.map((chart) => chartFigure(chart, `${first.valueAxis}, by ${first.rowAxis}; ${seeds}.`))}</div>`)
}

/**
 * What the strategies of a comparison let one see of themselves, a section for each strategy and inspection: by step where there are few rows, the end of the
 * training where there are many, and a table where there are many series.
 *
 * @param inspections What was recorded.
 * @internal
 */
export const inspectionSections = (inspections: readonly InspectionHistory[]): Promise<readonly Markup[]> =>
  Promise.all(groupBy(inspections, ({ name, inspection }) => `${name}\n${inspection}`).map(inspectionSection))

const domainSection = async (history: readonly InspectionHistory[], index: number): Promise<readonly Markup[]> => {
  const [first] = history
  if (first === undefined) return []
  const byDomain = groupBy(history, ({ domain = '' }) => domain)
  const series = seriesNames(history)
  // Series that are classes differ from domain to domain: there is nothing to lay side by side.
  if (series.length > mostCharts) return []
  const charts = await Promise.all(
    series.map((name) => profileChart(name, new Map(byDomain.map((ofDomain) => [ofDomain[0]?.domain ?? '', lastProfile(ofDomain, name)])), first.rowAxis)),
  )
  const caption = `${first.valueAxis}, by ${first.rowAxis}, a line a domain, at the end of the training; mean over ${counted(new Set(history.map(({ seed }) => seed)).size, 'seed')}.`
  return [section(`inspection-${index}`, `${first.title}: ${first.name}`, html`${charts.map((chart) => chartFigure(chart, caption))}`)]
}

/**
 * What the strategies of a decathlon let one see of themselves: the end of the training by row, a line a domain.
 *
 * @param inspections What was recorded.
 * @internal
 */
export const domainInspectionSections = async (inspections: readonly InspectionHistory[]): Promise<readonly Markup[]> =>
  (await Promise.all(groupBy(inspections, ({ name, inspection }) => `${name}\n${inspection}`).map(domainSection))).flat()
