import { type HostBatch, TransferkitError } from '@transferkit/tensor'
import type { EncodingOptions } from './encoded-dataset.js'
import { type EncodingReport, paddedRows, tokenRows } from './token-rows.js'

/** Texts without labels as numbers. */
export interface EncodedTexts extends Pick<HostBatch, 'inputs' | 'shape'> {
  /** What was cut, unknown or empty. */
  readonly report: EncodingReport
}

/**
 * Texts as token numbers, at the full length that a network takes, for the `predict` of a model.
 *
 * @param texts The texts.
 * @param options Vocabulary and maximum length, as for {@link encodedDataset}.
 * @param secondTexts The second text of each example, for networks that take pairs.
 * @returns Numbers of shape `[texts, maximumLength]`, or `[texts, 2, maximumLength]` for pairs.
 * @throws TransferkitError `text/bad-option` when the maximum length is no whole number from 1 or there are not as many second texts as first ones.
 *
 * @example
 * ```ts
 * import { encodeTexts, vocabulary } from '@transferkit/datasets'
 *
 * const { inputs, shape } = encodeTexts(['a fine film'], { vocabulary: vocabulary(['a film']), maximumLength: 4 })
 * // inputs [2, 1, 3, 0], shape [1, 4]
 * ```
 */
export const encodeTexts = (texts: readonly string[], options: EncodingOptions, secondTexts?: readonly string[]): EncodedTexts => {
  const { vocabulary, maximumLength } = options
  if (secondTexts !== undefined && secondTexts.length !== texts.length) {
    throw new TransferkitError('text/bad-option', `encodeTexts: there are ${texts.length} texts and ${secondTexts.length} second texts; give one for each.`)
  }
  const examples = texts.flatMap((text, index) => [text, ...(secondTexts === undefined ? [] : [secondTexts[index] ?? ''])])
  const { rows, report } = tokenRows(examples, vocabulary, maximumLength)
  return { inputs: paddedRows(rows, maximumLength), shape: [texts.length, ...(secondTexts === undefined ? [] : [2]), maximumLength], report }
}
