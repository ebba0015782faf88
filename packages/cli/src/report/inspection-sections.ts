import { counted, decimal } from './format.js'
import { heatMap, heatScale } from './heat-map.js'
import { html, type Markup, raw } from './html.js'
import { domainChart, historyChart, type InspectionChart, lastProfile, profileChart, rowNames, seriesCharts, seriesNames } from './inspection-charts.js'
import { legend, section, table } from './page.js'
import { pairDetails, pairInspections, pairMatrix } from './pair-matrix.js'
import type { InspectionHistory } from './report-contents.js'
import { sentenceMaps } from './sentence-maps.js'

/** More lines than this in one chart cannot be told apart; their ends are shown side by side then. */
const mostLines = 8

/** More charts than this for one inspection are not read; the ends are shown as a heat map then. */
const mostCharts = 4

/** Rows of a heat map that are shown. */
const mostRows = 30

const groupBy = <T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] => {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return [...groups.values()]
}

const seedsText = (history: readonly InspectionHistory[]): string => counted(new Set(history.map(({ seed }) => seed)).size, 'seed')

const chartFigure = ({ title, svg, lines }: InspectionChart, caption: string): Markup =>
  html`<figure>${title === '' ? undefined : html`<h3>${title}</h3>`}${lines.length > 1 ? legend(lines) : undefined}${raw(svg)}<figcaption>${caption}</figcaption></figure>`

/** What is shown of an inspection: small figures that stand side by side, or something that takes the whole width. */
interface Content {
  readonly small?: readonly Markup[]
  readonly wide?: Markup
}

/** Numbers of many series, such as classes: a row a series, at the end of the training. */
const endMap = (history: readonly InspectionHistory[], first: InspectionHistory): Markup => {
  const all = seriesNames(history)
  const shown = all.slice(0, mostRows)
  const profiles = shown.map((series) => lastProfile(history, series))
  const columns = [...new Set(profiles.flatMap((profile) => [...profile.keys()]))]
  const left = all.length - shown.length
  return html`<h3>${first.title}</h3>
${heatMap({
  label: first.title,
  caption: html`${first.valueAxis}, by ${first.rowAxis}, at the end of the training; mean over ${seedsText(history)}.${left === 0 ? '' : ` The first ${shown.length} of ${all.length} rows; the others are in metrics.jsonl.`}`,
  corner: '',
  columns,
  rows: shown.map((series, index) => ({
    name: series,
    cells: columns.map((column) => {
      const value = profiles[index]?.get(column)
      return value === undefined ? {} : { value }
    }),
  })),
  scale: heatScale(profiles.flatMap((profile) => [...profile.values()])),
})}`
}

/** Numbers that were looked at once: there is no line to draw. */
const onceTable = (history: readonly InspectionHistory[], { title, valueAxis, rowAxis }: InspectionHistory): Markup => {
  const series = seriesNames(history)
  const rows = [...new Set(series.flatMap((name) => rowNames(history, name)))]
  const profiles = series.map((name) => lastProfile(history, name))
  return html`<h3>${title}</h3>
${table(
  title,
  `${valueAxis}, at the end of the training; mean over ${seedsText(history)}.`,
  [rowAxis, ...series],
  rows.map((row) => ({ cells: [row, ...profiles.map((profile) => (profile.has(row) ? decimal(profile.get(row) ?? Number.NaN, 2) : '–'))] })),
)}`
}

const chunks = <T>(items: readonly T[], size: number): readonly (readonly T[])[] => Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size))

/** Small charts by step, a chart for each series and at most so many of its rows as can be told apart. */
const stepCharts = async (history: readonly InspectionHistory[], { title, valueAxis, rowAxis }: InspectionHistory): Promise<readonly Markup[]> => {
  const series = seriesNames(history)
  const figures: Markup[] = []
  for (const name of series) {
    for (const rows of chunks(rowNames(history, name), mostLines)) {
      const chart = await historyChart(history, name, rows)
      const only = rows.length === 1 ? `, ${rows[0] ?? ''}` : ''
      figures.push(chartFigure({ ...chart, title: series.length === 1 ? title : `${title}: ${name}` }, `${valueAxis}, by ${rowAxis}${only}; mean over ${seedsText(history)}.`))
    }
  }
  return figures
}

const isSingleLook = (history: readonly InspectionHistory[]): boolean => new Set(history.flatMap(({ points }) => points.map(({ step }) => step))).size <= 1

const contentOf = async (history: readonly InspectionHistory[]): Promise<Content> => {
  const [first] = history
  if (first === undefined) return {}
  const series = seriesNames(history)
  if (first.kind === 'heat-map' || series.length > mostCharts) return { wide: endMap(history, first) }
  const hasManyRows = series.some((name) => rowNames(history, name).length > mostLines)
  if (isSingleLook(history) && !hasManyRows) return { wide: onceTable(history, first) }
  if (hasManyRows && (first.kind !== 'lines' || isSingleLook(history))) {
    const chart = await profileChart(first.title, new Map(series.map((name) => [name, lastProfile(history, name)])), first.rowAxis)
    return { wide: chartFigure(chart, `${first.valueAxis}, by ${first.rowAxis}, at the end of the training; mean over ${seedsText(history)}.`) }
  }
  return { small: await stepCharts(history, first) }
}

/** How the numbers of pairs came about: a small chart a source tap, a line a target tap. */
const pairCharts = async (history: readonly InspectionHistory[], { title, valueAxis }: InspectionHistory): Promise<Markup> => {
  const charts = await seriesCharts(history)
  return html`<figure><h3>${title}, over the training</h3>${legend(charts[0]?.lines ?? [])}
<div class="triple">${charts.map((chart) => html`<div><h4>from ${chart.title}</h4>${raw(chart.svg)}</div>`)}</div>
<figcaption>${valueAxis}, a line a target tap; mean over ${seedsText(history)}, with bands from the lowest to the highest seed.</figcaption></figure>`
}

/** What the meta-networks of matched pairs show: where and how much at the end, how it came about, and all numbers. */
const pairContents = async (ofPairs: readonly InspectionHistory[]): Promise<readonly Content[]> => {
  if (ofPairs.length === 0) return []
  const records = new Map(groupBy(ofPairs, ({ inspection }) => inspection).map((history) => [history[0]?.inspection ?? '', history]))
  const contents: Content[] = []
  for (const inspection of ['lambda', 'lambda-spread', 'channel-entropy']) {
    const history = records.get(inspection)
    const [first] = history ?? []
    if (history === undefined || first === undefined) continue
    if (inspection !== 'lambda-spread') contents.push({ wide: html`<h3>${first.title}</h3>${pairMatrix(history, records.get('pruned-pairs') ?? [])}` })
    if (!isSingleLook(history)) contents.push({ wide: await pairCharts(history, first) })
  }
  return [...contents, { wide: pairDetails(records) }]
}

const strategySection = async (inspections: readonly InspectionHistory[], index: number): Promise<Markup> => {
  const sentences = inspections.filter(({ kind, example }) => kind === 'heat-map' && example !== undefined)
  const ofPairs = inspections.filter(({ inspection }) => pairInspections.has(inspection))
  const others = inspections.filter((inspection) => !sentences.includes(inspection) && !ofPairs.includes(inspection))
  const contents: Content[] = []
  for (const history of groupBy(others, ({ inspection }) => inspection)) contents.push(await contentOf(history))
  contents.push({ wide: sentenceMaps(sentences) }, ...(await pairContents(ofPairs)))
  return section(`inspection-${index}`, `Inside ${inspections[0]?.name ?? ''}`, html`${inOrder(contents)}`)
}

/** Contents in their order; small figures that follow one another stand side by side. */
const inOrder = (contents: readonly Content[]): readonly Markup[] => {
  const parts: Markup[] = []
  let row: readonly Markup[] = []
  const endRow = (): void => {
    if (row.length > 0) parts.push(html`<div class="pair">${row}</div>`)
    row = []
  }
  for (const { small = [], wide } of contents) {
    row = [...row, ...small]
    if (wide === undefined) continue
    endRow()
    parts.push(wide)
  }
  endRow()
  return parts
}

/**
 * What the strategies of a comparison let one see of themselves, a section a strategy: numbers by step where there are few rows, the end of the training where
 * there are many, heat maps of sentences, pairs of layers and classes.
 *
 * @param inspections What was recorded.
 * @internal
 */
export const inspectionSections = (inspections: readonly InspectionHistory[]): Promise<readonly Markup[]> => Promise.all(groupBy(inspections, ({ name }) => name).map(strategySection))

/** One inspection over all domains. */
const domainFigures = async (history: readonly InspectionHistory[]): Promise<Content> => {
  const [first] = history
  if (first === undefined) return {}
  const byDomain = new Map(groupBy(history, ({ domain = '' }) => domain).map((ofDomain) => [ofDomain[0]?.domain ?? '', ofDomain]))
  const series = seriesNames(history)
  // Series that are classes differ from domain to domain: there is nothing to lay side by side.
  if (series.length > mostCharts) return {}
  const titleOf = (name: string): string => (series.length === 1 ? first.title : `${first.title}: ${name}`)
  const [small, wide]: [Markup[], Markup[]] = [[], []]
  for (const name of series) {
    const rows = rowNames(history, name)
    if (rows.length === 1 && !isSingleLook(history)) {
      small.push(chartFigure({ ...(await domainChart(byDomain, name)), title: titleOf(name) }, `${first.valueAxis}, ${first.rowAxis} ${rows[0] ?? ''}, a line a domain; mean over ${seedsText(history)}.`))
    } else {
      const chart = await profileChart(name, new Map([...byDomain].map(([domain, ofDomain]) => [domain, lastProfile(ofDomain, name)])), first.rowAxis)
      wide.push(chartFigure({ ...chart, title: titleOf(name) }, `${first.valueAxis}, by ${first.rowAxis}, a line a domain, at the end of the training; mean over ${seedsText(history)}.`))
    }
  }
  return { small, ...(wide.length === 0 ? {} : { wide: html`${wide}` }) }
}

const domainSection = async (inspections: readonly InspectionHistory[], index: number): Promise<readonly Markup[]> => {
  const contents: Content[] = []
  for (const history of groupBy(inspections, ({ inspection }) => inspection)) contents.push(await domainFigures(history))
  const parts = inOrder(contents)
  return parts.length === 0 ? [] : [section(`inspection-${index}`, `Inside ${inspections[0]?.name ?? ''}`, html`${parts}`)]
}

/**
 * What the strategies of a decathlon let one see of themselves, a section a strategy: the end of the training by row with a line a domain, or by step where there is one row.
 *
 * @param inspections What was recorded.
 * @internal
 */
export const domainInspectionSections = async (inspections: readonly InspectionHistory[]): Promise<readonly Markup[]> => (await Promise.all(groupBy(inspections, ({ name }) => name).map(domainSection))).flat()
