import { closest, distance } from 'fastest-levenshtein'

/**
 * The valid word that somebody probably meant, for messages that ask "Did you mean ...?".
 *
 * Upper and lower case count as the same, and up to a third of the letters may differ, but always two.
 *
 * @param word What was written.
 * @param valid What would have been right.
 * @returns The nearest valid word, or `undefined` when none is near enough.
 *
 * @example
 * ```ts
 * import { nearestSpelling } from '@transferkit/tensor'
 *
 * nearestSpelling('learningrat', ['learningRate', 'steps']) // 'learningRate'
 * ```
 */
export const nearestSpelling = (word: string, valid: readonly string[]): string | undefined => {
  if (valid.length === 0) return undefined
  const byPlain = new Map(valid.map((candidate) => [candidate.toLowerCase(), candidate]))
  const plain = word.toLowerCase()
  const nearest = closest(plain, [...byPlain.keys()])
  return distance(plain, nearest) <= Math.max(2, nearest.length / 3) ? byPlain.get(nearest) : undefined
}
