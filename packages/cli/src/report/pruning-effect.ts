import { pairedBySeed } from './estimate.js'
import { counted, decimal, intervalText, signed } from './format.js'
import type { ResultRow } from './results.js'

const optionsBut = ({ options }: ResultRow, left: string): string => JSON.stringify(Object.entries(options).filter(([name]) => name !== left).sort(([a], [b]) => (a < b ? -1 : 1)))

const prunes = ({ options: { pruneAfter = 0 } }: ResultRow): boolean => Number(pruneAfter) > 0

/**
 * What dropping pairs of layers did: accuracy and time of each entry that drops them against the entry that is like it in all else, paired by seed.
 *
 * @param rows Results of one target size.
 * @returns A sentence for each such entry.
 * @internal
 */
export const pruningEffects = (rows: readonly ResultRow[]): readonly string[] =>
  [...new Set(rows.filter(prunes).map(({ name }) => name))].flatMap((name) => {
    const ours = rows.filter((row) => row.name === name)
    const [first] = ours
    const partner = first && rows.find((row) => row.strategy === first.strategy && !prunes(row) && optionsBut(row, 'pruneAfter') === optionsBut(first, 'pruneAfter'))
    const theirs = rows.filter((row) => partner !== undefined && row.name === partner.name)
    const bySeed = (of: readonly ResultRow[], numberOf: (row: ResultRow) => number): ReadonlyMap<number, number> => new Map(of.map((row) => [row.seed, numberOf(row)]))
    const accuracy = pairedBySeed(bySeed(ours, (row) => row.accuracy), bySeed(theirs, (row) => row.accuracy))
    const time = pairedBySeed(bySeed(ours, (row) => Math.log(row.seconds)), bySeed(theirs, (row) => Math.log(row.seconds)))
    if (partner === undefined || accuracy === undefined || time === undefined) return []
    const interval = accuracy.halfWidth === undefined ? 'with a single seed' : `${intervalText(accuracy)}, paired over ${counted(ours.length, 'seed')}`
    return [`Dropping pairs of layers, ${name} against ${partner.name}: ${signed(100 * accuracy.mean)} points (${interval}) in ${decimal(Math.exp(time.mean), 2)} times the seconds.`]
  })
