import { closest, distance } from 'fastest-levenshtein'

/** The valid word that somebody probably meant; none when more than half of the letters of the nearest one differ. */
const nearestSpelling = (word: string, valid: readonly string[]): string | undefined => {
  if (valid.length === 0) return undefined
  const plain = word.toLowerCase()
  const byPlain = new Map(valid.map((candidate) => [candidate.toLowerCase(), candidate]))
  const nearest = closest(plain, [...byPlain.keys()])
  return distance(plain, nearest) <= Math.max(2, nearest.length / 2) ? byPlain.get(nearest) : undefined
}

/**
 * What to say after an unknown word: the nearest valid one, and all of them while they are few.
 *
 * @param word What was written.
 * @param valid What would have been right.
 * @param kind What the words are, in the plural, such as `fields`.
 * @internal
 */
export const spellingAdvice = (word: string, valid: readonly string[], kind: string): string => {
  const nearest = nearestSpelling(word, valid)
  return `${nearest === undefined ? '' : ` Did you mean ${JSON.stringify(nearest)}?`} The ${kind} are ${[...valid].sort().join(', ')}.`
}
