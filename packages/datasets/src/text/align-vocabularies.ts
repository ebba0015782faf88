import { paddingId, unknownId, type Vocabulary } from './vocabulary.js'

/** Which row of a source's embedding table belongs to each token of a target. */
export interface VocabularyAlignment {
  /** The number in the source vocabulary of each target token, by its number in the target; -1 where the source does not have it. Padding and unknown belong to each other. */
  readonly rows: Int32Array
  /** Number of target tokens that the source has, without padding and unknown. */
  readonly found: number
  /** Share of the target tokens that the source has, from 0 to 1. */
  readonly coverage: number
  /** The same with each token counted as often as it comes in the target's texts, where the target vocabulary knows that. */
  readonly textCoverage?: number
  /** The target tokens that the source does not have, in the order of the target. */
  readonly missing: readonly string[]
}

/**
 * Finds the tokens of a target vocabulary in a source vocabulary, to carry rows of an embedding table over.
 *
 * Tokens are the same when their characters are, so both vocabularies should have the same tokeniser.
 *
 * @param source Vocabulary that the source network was trained with.
 * @param target Vocabulary of the target task.
 *
 * @example
 * ```ts
 * import { alignVocabularies, vocabulary } from '@transferkit/datasets'
 *
 * const { rows, coverage } = alignVocabularies(vocabulary(['a dull film']), vocabulary(['a dull phone']))
 * // rows [0, 1, 2, 3, -1]: padding, unknown, 'a', 'dull', and 'phone', which the source lacks
 * ```
 */
export const alignVocabularies = (source: Vocabulary, target: Vocabulary): VocabularyAlignment => {
  const rows = Int32Array.from(target.tokens, (token, id) => {
    if (id <= unknownId) return id
    const row = source.idOf(token)
    return row === unknownId ? -1 : row
  })
  const missing = target.tokens.filter((_, id) => rows[id] === -1)
  return { rows, missing, ...coverageOf(target, (id) => rows[id] !== -1) }
}

/** Shares of the tokens of a vocabulary that something was found for. @internal */
export const coverageOf = (vocabulary: Vocabulary, isFound: (id: number) => boolean): { readonly found: number; readonly coverage: number; readonly textCoverage?: number } => {
  const { counts } = vocabulary
  let [found, foundCount, allCount] = [0, 0, counts?.[unknownId] ?? 0]
  for (let id = paddingId + 2; id < vocabulary.size; id++) {
    allCount += counts?.[id] ?? 0
    if (!isFound(id)) continue
    found += 1
    foundCount += counts?.[id] ?? 0
  }
  return { found, coverage: found / Math.max(1, vocabulary.size - 2), ...(counts === undefined ? {} : { textCoverage: foundCount / Math.max(1, allCount) }) }
}
