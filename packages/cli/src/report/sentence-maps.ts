import { heatMap, type HeatRow, heatScale, type NamedScale, scaleMarkup } from './heat-map.js'
import { html, type Markup } from './html.js'
import type { InspectionHistory } from './report-contents.js'
import { columnsOf } from './sentence.js'

/** Positions of a sentence that are shown; longer ones cannot be read at a glance. */
const mostPositions = 48

/** Numbers at the last look. */
const lastSeries = ({ points }: InspectionHistory): Readonly<Record<string, Readonly<Record<string, number>>>> => points.at(-1)?.series ?? {}

const positionsOf = (history: InspectionHistory): readonly string[] => [...new Set(Object.values(lastSeries(history)).flatMap((numbers) => Object.keys(numbers)))].sort((a, b) => Number(a) - Number(b))

const verdict = ({ example }: InspectionHistory): Markup => {
  const { predicted, actual } = example ?? {}
  if (predicted === undefined || actual === undefined) return html``
  return predicted === actual ? html`Rightly classified as <strong>${actual}</strong>.` : html`Classified as <strong>${predicted}</strong>, but it is <strong>${actual}</strong>.`
}

/** What a row is of, without its layer, such as `transfer gate`. */
const kindOf = (row: string): string => row.split(', ').at(-1) ?? ''

/** One scale for each kind of gate: gates of one kind can be compared over layers, words and examples, and their small differences seen. */
const scalesOf = (histories: readonly InspectionHistory[]): readonly NamedScale[] => {
  const rows = histories.flatMap((history) => Object.entries(lastSeries(history)))
  return [...new Set(rows.map(([row]) => kindOf(row)))].map((name) => ({ name, ...heatScale(rows.filter(([row]) => kindOf(row) === name).flatMap(([, numbers]) => Object.values(numbers))) }))
}

/** The rows of one kind of gate. */
const rowsOf = (history: InspectionHistory, scale: NamedScale, positions: readonly string[]): readonly HeatRow[] =>
  Object.entries(lastSeries(history))
    .filter(([row]) => kindOf(row) === scale.name)
    .map(([name, numbers]) => ({
      name,
      scale,
      cells: positions.map((position) => {
        const value = numbers[position]
        return value === undefined ? {} : { value }
      }),
    }))

const sentenceMap = (history: InspectionHistory, number: string, scales: readonly NamedScale[]): Markup => {
  const positions = positionsOf(history)
  const shown = positions.slice(0, mostPositions)
  const left = positions.length - shown.length
  return heatMap({
    label: `${history.title}, example ${number}`,
    caption: html`<strong>Example ${number}.</strong> ${verdict(history)}${left === 0 ? '' : ` Its first ${shown.length} of ${positions.length} words.`}`,
    corner: '',
    columns: columnsOf(history, shown),
    // Rows of one kind stand together: they have the same colours.
    rows: scales.flatMap((scale) => rowsOf(history, scale, shown)),
    isNarrow: true,
  })
}

/** What tells one example from another: the end of the name of its inspection, such as `2` or `1-a`. */
const numberOf = ({ inspection }: InspectionHistory): string => {
  const [, number = '1', part = ''] = /(\d+)(?:-([a-z]))?$/.exec(inspection) ?? []
  return `${number}${part}`
}

/**
 * Examples word by word, as heat maps: gates and layers below one another, words beside one another, at the end of the training of one seed.
 *
 * @param histories What was recorded of sentences, of one strategy.
 * @internal
 */
export const sentenceMaps = (histories: readonly InspectionHistory[]): Markup => {
  const [first] = histories
  if (first === undefined) return html``
  const ofSeed = histories.filter(({ seed }) => seed === first.seed)
  const scales = scalesOf(ofSeed)
  const hasWords = ofSeed.every(({ example }) => example?.words !== undefined)
  return html`<figure><h3>Word by word</h3><p class="note">${scales.map(scaleMarkup)}</p>
${ofSeed.map((history) => sentenceMap(history, numberOf(history), scales))}
<figcaption>${first.valueAxis}, by layer and word, at the end of the training with seed ${first.seed}. The colours of each kind of gate reach from its smallest to its largest number in all examples.${hasWords ? '' : ' Words are not known here: #7 is the token 7 of the vocabulary.'}</figcaption></figure>`
}
