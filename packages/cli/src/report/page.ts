import { seriesLine } from './chart.js'
import { html, type Markup, raw } from './html.js'
import { pageStyle } from './page-style.js'
import type { RunRecords } from './report-contents.js'
import type { ResultsHeader } from './results.js'

/**
 * A chart with what is to be known of it.
 *
 * @internal
 */
export const figure = (svg: string, caption: string): Markup => html`<figure>${raw(svg)}<figcaption>${caption}</figcaption></figure>`

/**
 * The names of lines beside their colours and dashes.
 *
 * @internal
 */
export const legend = (names: readonly string[]): Markup => html`<ul class="legend">${names.map((name, index) => {
  const { color, width, type } = seriesLine(index)
  return html`<li><svg width="34" height="8" aria-hidden="true"><line x1="1" y1="4" x2="33" y2="4" stroke="${color}" stroke-width="${width}" stroke-dasharray="${type.join(' ')}"/></svg>${name}</li>`
})}</ul>`

/**
 * A part of a page with its heading.
 *
 * @internal
 */
export const section = (id: string, title: string, content: Markup): Markup => html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${content}
</section>
`

/** A row of a table. @internal */
export interface TableRow {
  /** Its cells, the first one its heading. */
  readonly cells: readonly string[]
  /** How it stands out: the best, or a summary of others. */
  readonly kind?: 'best' | 'summary'
}

/**
 * A table of numbers that a keyboard can scroll.
 *
 * @param label What it is, for those who do not see it.
 * @param caption What is to be known of it.
 * @param headings Headings of the columns.
 * @param rows The rows.
 * @internal
 */
export const table = (label: string, caption: string, headings: readonly string[], rows: readonly TableRow[]): Markup => html`<div class="table" tabindex="0" role="region" aria-label="${label}"><table>
<caption>${caption}</caption>
<thead><tr>${headings.map((heading) => html`<th scope="col">${heading}</th>`)}</tr></thead>
<tbody>
${rows.map(
  ({ cells: [heading = '', ...cells], kind = '' }) => html`<tr class="${kind}"><th scope="row">${heading}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>
`,
)}</tbody></table></div>`

/** What stands at the top of a page. @internal */
export interface PageHead {
  /** Where from, where to, how much. */
  readonly subtitle: string
  /** The main finding. */
  readonly headline: string
  /** Other findings. */
  readonly remarks: readonly string[]
}

/**
 * A page that needs nothing else: findings at the top, sections, and how it was run at the end.
 *
 * @param header Name of the run and where it was made.
 * @param head What stands at the top.
 * @param sections The sections.
 * @param records Recipe and environment.
 * @param file Name of the file with all numbers.
 * @internal
 */
export const page = ({ name, version, date }: ResultsHeader, { subtitle, headline, remarks }: PageHead, sections: readonly Markup[], { recipe, environment }: RunRecords, file: string): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name}: transfer report</title>
<style>${raw(pageStyle)}</style>
</head>
<body>
<header>
<h1>${name}</h1>
<p class="subtitle">${subtitle}</p>
<div class="findings"><p class="headline">${headline}</p><ul>${remarks.map((remark) => html`<li>${remark}</li>`)}</ul></div>
</header>
<main>
${sections}
${section(
  'run',
  'How it was run',
  html`<dl>${Object.entries(environment).map(([label, value]) => html`<dt>${label}</dt><dd>${value}</dd>`)}</dl>
<h3 class="apart">Recipe, with all defaults</h3>
<pre tabindex="0">${recipe}</pre>`,
)}
</main>
<footer>Written by transferkit ${version}, ${date.slice(0, 10)}. All numbers are in ${file} beside this page.</footer>
</body>
</html>
`.markup
