import { discreteGrid, type DiscreteGrid, type GridCell, treatments } from './discrete-grid.js'
import { accuracyText, counted } from './format.js'
import { type HeatCell, heatMap, heatScale } from './heat-map.js'
import { html, type Markup } from './html.js'
import { section } from './page.js'
import { percent } from './percent-axis.js'
import type { ResultRow } from './results.js'

/** The part of the grid with one treatment of the classifier, learned gates beside it. */
const gridMap = ({ cells, best, units }: DiscreteGrid, output: string): Markup => {
  const ofOutput = cells.filter(({ state }) => state.output === output)
  const embeddings = treatments.filter((treatment) => ofOutput.some(({ state }) => state.embedding === treatment))
  const hiddens = treatments.filter((treatment) => ofOutput.some(({ state }) => state.hidden === treatment))
  const leading = Math.max(best.accuracy.mean, ...units.map(({ accuracy }) => accuracy.mean))
  const cellOf = ({ accuracy }: Pick<GridCell, 'accuracy'>): HeatCell => ({ value: percent(accuracy.mean), text: accuracyText(accuracy), ...(accuracy.mean === leading ? { mark: 'best' as const } : {}) })
  return heatMap({
    label: `Discrete states with output ${output}`,
    caption: html`Output ${output}: accuracy in % by what happens to embedding (down) and hidden layers (across).`,
    corner: 'embedding ↓ hidden →',
    columns: [...hiddens, ...units.map(({ name }) => name)],
    rows: embeddings.map((embedding, index) => ({
      name: embedding,
      cells: [
        ...hiddens.map((hidden): HeatCell => {
          const cell = ofOutput.find(({ state }) => state.embedding === embedding && state.hidden === hidden)
          return cell === undefined ? { text: 'not run' } : cellOf(cell)
        }),
        // Learned gates choose no row: their cell stands beside all of them.
        ...(index === 0 ? units.map((unit): HeatCell => ({ ...cellOf(unit), rows: embeddings.length })) : []),
      ],
    })),
    scale: heatScale([...cells, ...units].map(({ accuracy }) => percent(accuracy.mean))),
  })
}

/**
 * The grid of discrete transfer states with learned gates beside it, and whether these are best, tied or behind.
 *
 * @param rows Results of one target size.
 * @returns The section; none where no discrete state was run as such.
 * @internal
 */
export const discreteGridSection = (rows: readonly ResultRow[]): readonly Markup[] => {
  const grid = discreteGrid(rows)
  if (grid === undefined) return []
  const outputs = treatments.filter((treatment) => grid.cells.some(({ state }) => state.output === treatment))
  return [
    section(
      'discrete-grid',
      'Discrete states beside learned gates',
      html`${grid.units.map(({ sentence }) => html`<p><strong>${sentence}</strong></p>`)}
${outputs.map((output) => gridMap(grid, output))}
<p class="note">Mean ± half the 95 % interval over ${counted(grid.best.bySeed.size, 'seed')}; ★ marks the highest mean. The comparison is a paired t-test over seeds at the 5 % level. The best state was picked on the test examples, after the fact: that favours the grid.</p>`,
    ),
  ]
}
