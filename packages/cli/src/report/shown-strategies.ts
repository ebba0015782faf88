import { isBaseline, isTransferUnit } from './strategy-families.js'
import type { StrategySummary } from './summary.js'

/** More lines than this in one chart cannot be told apart. */
const most = 8

/** Strategies that others are judged by. */
const references: ReadonlySet<string> = new Set(['scratch', 'feature-extraction', 'fine-tune', 'fresh-network'])

const rankOf = ({ strategy }: StrategySummary): number => (isTransferUnit(strategy) ? 0 : references.has(strategy) || isBaseline(strategy) ? 1 : 2)

/**
 * Names of the strategies that a chart with a line a strategy shows: all of them if they are few, otherwise those with learned gates, those that others are
 * judged by, and the most accurate of the rest.
 *
 * @param strategies All strategies.
 * @returns Names in the order of the strategies.
 * @internal
 */
export const shownStrategies = (strategies: readonly StrategySummary[]): readonly string[] => {
  const chosen = [...strategies].sort((a, b) => rankOf(a) - rankOf(b) || b.accuracy.mean - a.accuracy.mean).slice(0, most)
  return strategies.filter((strategy) => chosen.includes(strategy)).map(({ name }) => name)
}

/**
 * What is to be said of strategies that a chart leaves out.
 *
 * @param shown Number that is shown.
 * @param all Number of all.
 * @internal
 */
export const leftOutNote = (shown: number, all: number): string => (shown === all ? '' : ` Shown are ${shown} of ${all} strategies: learned gates, references and the most accurate others.`)
