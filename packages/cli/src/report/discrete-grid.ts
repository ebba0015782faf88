import { type Estimate, estimateOf, pairedBySeed, readingOf } from './estimate.js'
import { counted, intervalText, signed } from './format.js'
import type { ResultRow } from './results.js'
import { isTransferUnit } from './strategy-families.js'

/** What a discrete state does to each group of layers: `frozen`, `fine-tuned` or `random`. @internal */
export interface TransferState {
  /** The embedding. */
  readonly embedding: string
  /** The layers between embedding and classifier. */
  readonly hidden: string
  /** The classifier. */
  readonly output: string
}

/** A cell of the grid. @internal */
export interface GridCell {
  /** What it does. */
  readonly state: TransferState
  /** Its accuracy, from 0 to 1. */
  readonly accuracy: Estimate
  /** Accuracy by seed. */
  readonly bySeed: ReadonlyMap<number, number>
}

/** How learned gates stand to the grid. @internal */
export interface UnitStanding {
  /** Name of the strategy. */
  readonly name: string
  /** Its accuracy, from 0 to 1. */
  readonly accuracy: Estimate
  /** Its accuracy less that of the best cell, paired by seed; absent where they have no seed in common. */
  readonly difference?: Estimate
  /** Whether it is best, tied or behind, in a sentence. */
  readonly sentence: string
}

/** The grid of discrete transfer states with what stands beside it. @internal */
export interface DiscreteGrid {
  /** The cells that were run. */
  readonly cells: readonly GridCell[]
  /** The cell with the highest mean accuracy. */
  readonly best: GridCell
  /** Strategies with learned gates. */
  readonly units: readonly UnitStanding[]
}

/** All treatments, in the order in which tables show them. @internal */
export const treatments = ['frozen', 'fine-tuned', 'random'] as const

/** Strategies that are a state of the grid under another name. */
const knownStates: Readonly<Record<string, TransferState>> = {
  'feature-extraction': { embedding: 'frozen', hidden: 'frozen', output: 'random' },
  'fine-tune': { embedding: 'fine-tuned', hidden: 'fine-tuned', output: 'random' },
  scratch: { embedding: 'random', hidden: 'random', output: 'random' },
}

const stateOf = ({ strategy, options: { embedding = 'fine-tuned', hidden = 'fine-tuned', output = 'random' } }: ResultRow): TransferState | undefined =>
  strategy === 'discrete-states' ? { embedding: String(embedding), hidden: String(hidden), output: String(output) } : knownStates[strategy]

/** A state in words. */
const stateText = ({ embedding, hidden, output }: TransferState): string => `embedding ${embedding}, hidden ${hidden}, output ${output}`

const bySeedOf = (rows: readonly ResultRow[]): ReadonlyMap<number, number> => new Map(rows.map(({ seed, accuracy }) => [seed, accuracy]))

const cellsOf = (rows: readonly ResultRow[]): readonly GridCell[] => {
  // States that were run as such come first: the same under another name fills a gap only.
  const candidates = [...rows].sort((a, b) => Number(b.strategy === 'discrete-states') - Number(a.strategy === 'discrete-states'))
  const found = new Map<string, { readonly state: TransferState; readonly rows: ResultRow[] }>()
  for (const row of candidates) {
    const state = stateOf(row)
    if (state === undefined) continue
    const cell = found.get(stateText(state))
    if (cell === undefined) found.set(stateText(state), { state, rows: [row] })
    else if (cell.rows[0]?.name === row.name) cell.rows.push(row)
  }
  return [...found.values()].map(({ state, rows: ofState }) => ({ state, accuracy: estimateOf(ofState.map(({ accuracy }) => accuracy)), bySeed: bySeedOf(ofState) }))
}

const standingOf = (name: string, rows: readonly ResultRow[], cells: readonly GridCell[], best: GridCell): UnitStanding => {
  const bySeed = bySeedOf(rows)
  const accuracy = estimateOf([...bySeed.values()])
  const difference = pairedBySeed(bySeed, best.bySeed)
  const against = `the best of ${counted(cells.length, 'discrete state')} (${stateText(best.state)})`
  if (difference === undefined) return { name, accuracy, sentence: `${name} and ${against} have no seed in common: nothing can be said.` }
  const points = `${signed(100 * difference.mean)} points`
  if (difference.halfWidth === undefined) return { name, accuracy, difference, sentence: `${name} against ${against}: ${points} with a single seed, which decides nothing; compare over several seeds.` }
  const detail = `${points}, ${intervalText(difference)}, paired over ${counted([...bySeed.keys()].filter((seed) => best.bySeed.has(seed)).length, 'seed')}`
  const sentences = { better: `${name} is better than ${against}: ${detail}.`, tied: `${name} ties with ${against}: ${detail}; the interval contains 0.`, worse: `${name} loses to ${against}: ${detail}.` }
  return { name, accuracy, difference, sentence: sentences[readingOf(difference)] }
}

/**
 * The grid of discrete transfer states (embedding, hidden layers and classifier each frozen, fine-tuned or random) with learned gates beside it.
 *
 * @param rows Results of one target size.
 * @returns The grid; `undefined` where no state was run as such.
 * @internal
 */
export const discreteGrid = (rows: readonly ResultRow[]): DiscreteGrid | undefined => {
  if (!rows.some(({ strategy }) => strategy === 'discrete-states')) return undefined
  const cells = cellsOf(rows)
  const [first, ...others] = cells
  if (first === undefined) return undefined
  const best = others.reduce((before, cell) => (cell.accuracy.mean > before.accuracy.mean ? cell : before), first)
  const units = [...new Set(rows.filter(({ strategy }) => isTransferUnit(strategy)).map(({ name }) => name))]
  return { cells, best, units: units.map((name) => standingOf(name, rows.filter((row) => row.name === name), cells, best)) }
}
