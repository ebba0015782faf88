import { counted, decimal } from './format.js'
import { type HeatCell, heatMap, heatScale } from './heat-map.js'
import { html, type Markup } from './html.js'
import { lastProfile, type Profile, seriesNames } from './inspection-charts.js'
import { table } from './page.js'
import type { InspectionHistory } from './report-contents.js'

/** Number of channels that a pair is described by. */
const mostChannels = 5

/** What was recorded of pairs of a source tap and a target tap, of one strategy, by the stable name of the inspection. @internal */
export type PairRecords = ReadonlyMap<string, readonly InspectionHistory[]>

/** Inspections that are shown together, as the what and where of matched pairs. @internal */
export const pairInspections: ReadonlySet<string> = new Set(['lambda', 'lambda-spread', 'channel-entropy', 'top-channels', 'pruned-pairs'])

/** Numbers of pairs at the end, by source tap and then by target tap. */
const matrixOf = (history: readonly InspectionHistory[]): ReadonlyMap<string, Profile> => new Map(seriesNames(history).map((source) => [source, lastProfile(history, source)]))

/** Number of seeds that dropped a pair, by the name of the pair. */
const dropsOf = (history: readonly InspectionHistory[]): ReadonlyMap<string, number> => {
  const drops = new Map<string, number>()
  for (const { points } of history) {
    for (const [source, targets] of Object.entries(points.at(-1)?.series ?? {})) {
      for (const target of Object.keys(targets)) drops.set(`${source}:${target}`, (drops.get(`${source}:${target}`) ?? 0) + 1)
    }
  }
  return drops
}

/**
 * Numbers of pairs as a heat map: source taps below one another, target taps beside one another; pairs that some seed has dropped are marked.
 *
 * @param history What was recorded, of all seeds.
 * @param dropped What was recorded of dropped pairs.
 * @internal
 */
export const pairMatrix = (history: readonly InspectionHistory[], dropped: readonly InspectionHistory[]): Markup => {
  const [first] = history
  if (first === undefined) return html``
  const [matrix, drops] = [matrixOf(history), dropsOf(dropped)]
  const targets = [...new Set([...matrix.values()].flatMap((row) => [...row.keys()]))]
  const cellOf = (source: string, target: string): HeatCell => {
    const value = matrix.get(source)?.get(target)
    if (value === undefined) return { text: '–' }
    return drops.has(`${source}:${target}`) ? { value, mark: 'dropped' } : { value }
  }
  return heatMap({
    label: first.title,
    caption: html`${first.valueAxis}, at the end of the training; mean over ${counted(history.length, 'seed')}.${drops.size === 0 ? '' : ' ✕ marks pairs that were dropped.'}`,
    corner: 'source ↓ target →',
    columns: targets,
    rows: [...matrix.keys()].map((source) => ({ name: source, cells: targets.map((target) => cellOf(source, target)) })),
    scale: heatScale([...matrix.values()].flatMap((row) => [...row.values()])),
  })
}

/** The channels that count most with one seed: they are others with other seeds. */
const channelsText = (history: InspectionHistory | undefined, pair: string): string =>
  Object.entries(history?.points.at(-1)?.series[pair] ?? {})
    .sort(([, a], [, b]) => b - a)
    .slice(0, mostChannels)
    .map(([channel, weight]) => `${channel.replace(/^channel /, '')} (${decimal(weight, 3)})`)
    .join(', ')

/**
 * All that is known of each pair at the end, as a table.
 *
 * @param records What was recorded, of all seeds.
 * @internal
 */
export const pairDetails = (records: PairRecords): Markup => {
  const at = (inspection: string): readonly InspectionHistory[] => records.get(inspection) ?? []
  const numbers = ['lambda', 'lambda-spread', 'channel-entropy'].map((inspection) => matrixOf(at(inspection)))
  const drops = dropsOf(at('pruned-pairs'))
  const [channels] = at('top-channels')
  const pairs = [...new Set(numbers.flatMap((matrix) => [...matrix].flatMap(([source, targets]) => [...targets.keys()].map((target) => `${source}:${target}`))))]
  const seeds = Math.max(...[...records.values()].map(({ length }) => length))
  return table(
    'Pairs of layers',
    `Each pair at the end of the training, mean over ${counted(seeds, 'seed')}: λ with its standard deviation over examples; entropy of the channel weights w, from 0 (one channel) to 1 (all alike)${channels === undefined ? '' : `; channels with the largest mean w, with seed ${channels.seed}`}.`,
    ['pair', 'λ', 'spread of λ', 'entropy of w', 'top channels (w)', ...(drops.size === 0 ? [] : ['dropped'])],
    pairs.map((pair) => {
      const [source = '', target = ''] = pair.split(':')
      const texts = numbers.map((matrix) => {
        const value = matrix.get(source)?.get(target)
        return value === undefined ? '–' : decimal(value, 2)
      })
      return { cells: [pair.replace(':', '\u00a0→\u00a0'), ...texts, channelsText(channels, pair) || '–', ...(drops.size === 0 ? [] : [drops.has(pair) ? `by ${drops.get(pair)} of ${seeds}` : 'kept'])] }
    }),
  )
}
