import { decimal } from './format.js'
import { html, type Markup } from './html.js'

/** Which numbers the palest and the strongest colour stand for. @internal */
export interface HeatScale {
  /** The palest colour. */
  readonly from: number
  /** The strongest colour. */
  readonly to: number
}

/** Colours of some rows. @internal */
export interface NamedScale extends HeatScale {
  /** What these rows have in common. */
  readonly name: string
}

/** A cell of a heat map. @internal */
export interface HeatCell {
  /** Its number; a cell without one stays empty. */
  readonly value?: number
  /** What stands in it; the number unless told. */
  readonly text?: string
  /** What is added where a pointer rests on it, and stands in it as a mark: the best, or one that was dropped. */
  readonly mark?: 'best' | 'dropped'
  /** Number of rows that it takes; 1 unless told. */
  readonly rows?: number
}

/** A row of a heat map. @internal */
export interface HeatRow {
  /** Its name. */
  readonly name: string
  /** Its cells. */
  readonly cells: readonly HeatCell[]
  /** Colours of its own, which stand elsewhere. */
  readonly scale?: HeatScale
}

/** Numbers in cells that are coloured by them. @internal */
export interface HeatMap {
  /** What it shows, for those who do not see it. */
  readonly label: string
  /** What stands above it. */
  readonly caption: Markup
  /** What rows and columns are, in the corner. */
  readonly corner: string
  /** Headings of the columns. */
  readonly columns: readonly string[]
  /** The rows. */
  readonly rows: readonly HeatRow[]
  /** Its colours, which stand beside the caption; rows have colours of their own unless told. */
  readonly scale?: HeatScale
  /** Whether headings stand upright and cells are as narrow as their numbers; from ten columns on unless told. */
  readonly isNarrow?: boolean
}

/** More columns than this have no room for headings that lie. */
const mostWideColumns = 9

/** Below this width of the scale, differences are too small to be blown up to all colours. */
const leastSpan = 0.1

/**
 * The colours of some numbers: from the smallest to the largest at round numbers, so that they can be told apart; from 0 where that is not far.
 *
 * @param values The numbers.
 * @internal
 */
export const heatScale = (values: readonly number[]): HeatScale => {
  const finite = values.filter((value) => Number.isFinite(value))
  if (finite.length === 0) return { from: 0, to: 1 }
  const [least, most] = [Math.min(...finite), Math.max(...finite)]
  const step = 10 ** Math.floor(Math.log10(Math.max(most - least, leastSpan)))
  const from = least >= 0 && least < (most - least) / 2 ? 0 : Math.floor(least / step + 1e-9) * step
  return { from, to: Math.max(Math.ceil(most / step - 1e-9) * step, from + leastSpan) }
}

const shareOf = (value: number, { from, to }: HeatScale): number => Math.round(100 * Math.min(1, Math.max(0, (value - from) / (to - from))))

/** Which ink can be read on a colour; on those in between it depends on the theme. */
const inkOf = (share: number): string => (share < 60 ? 'pale' : share < 82 ? 'middle' : 'strong')

/** Two decimals, without the zero in front where every character counts. */
const numberText = (value: number, isNarrow: boolean): string => {
  const text = decimal(value, 2)
  return isNarrow ? text.replace(/^(−?)0\./, '$1.') : text
}

const marks = { best: '★', dropped: '✕' } as const

const cellMarkup = ({ value, text, mark, rows = 1 }: HeatCell, title: string, scale: HeatScale, isNarrow: boolean): Markup => {
  const span = rows === 1 ? html`` : html` rowspan="${rows}"`
  if (value === undefined || !Number.isFinite(value)) return html`<td${span}>${text ?? ''}</td>`
  const share = shareOf(value, scale)
  const sign = mark === undefined ? html`` : html` <abbr title="${mark}">${marks[mark]}</abbr>`
  return html`<td${span} class="${inkOf(share)}" style="--share:${share}%" title="${title}: ${text ?? decimal(value, 3)}">${text ?? numberText(value, isNarrow)}${sign}</td>`
}

/**
 * Colours of a scale with the numbers at its ends.
 *
 * @internal
 */
export const scaleMarkup = ({ name, from, to }: NamedScale): Markup => {
  const digits = [0, 1].find((count) => [from, to].every((end) => Number(end.toFixed(count)) === Number(end.toFixed(6)))) ?? 2
  return html`<span class="scale" aria-hidden="true">${name} ${decimal(from, digits)}<i></i>${decimal(to, digits)}</span>`
}

/**
 * A heat map as a table: every number stands in its cell, is told by a pointer that rests on it, and colours the cell where the browser can mix colours.
 *
 * @param map The numbers and their names.
 * @internal
 */
export const heatMap = ({ label, caption, corner, columns, rows, scale, isNarrow = columns.length > mostWideColumns }: HeatMap): Markup => {
  return html`<div class="table" tabindex="0" role="region" aria-label="${label}"><table class="heat${isNarrow ? ' narrow' : ''}">
<caption>${caption} ${scale === undefined ? undefined : scaleMarkup({ name: '', ...scale })}</caption>
<thead><tr><th scope="col">${corner}</th>${columns.map((column) => html`<th scope="col"><span dir="auto">${column}</span></th>`)}</tr></thead>
<tbody>
${rows.map(
  ({ name, cells, scale: own = scale ?? { from: 0, to: 1 } }) => html`<tr><th scope="row">${name}</th>${cells.map((cell, index) => cellMarkup(cell, cell.rows === undefined ? `${name}, ${columns[index] ?? ''}` : (columns[index] ?? ''), own, isNarrow))}</tr>
`,
)}</tbody></table></div>`
}
