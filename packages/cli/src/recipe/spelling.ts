import { nearestSpelling } from '@transferkit/tensor'

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
