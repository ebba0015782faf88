import { TransferkitError } from '@transferkit/tensor'
import type { Tokeniser } from './tokeniser.js'
import { wordTokeniser } from './word-tokeniser.js'

/** Number of the padding at the end of a short text. */
export const paddingId = 0

/** Number of every token that is not in a vocabulary. */
export const unknownId = 1

/** A numbered list of tokens, with the tokeniser that they come from. Number 0 is padding, 1 stands for every token that is not in the list. */
export interface Vocabulary {
  /** Version of this contract. */
  readonly specVersion: 1
  /** How texts are cut into tokens. */
  readonly tokeniser: Tokeniser
  /** The tokens by number; the first two are names for padding and unknown tokens, which no text can hold. */
  readonly tokens: readonly string[]
  /** How often each token came in the texts that the vocabulary was made from, by number (0 for padding; at 1 those left out), where that is known. */
  readonly counts?: readonly number[]
  /** Number of tokens with padding and unknown: the rows of an embedding table. */
  readonly size: number
  /**
   * The number of a token, 1 when it is not in the list.
   *
   * @param token A token as the tokeniser gives it.
   */
  idOf(token: string): number
  /**
   * The numbers of the tokens of a text, in order.
   *
   * @param text The text.
   */
  encode(text: string): Int32Array
}

/** What a vocabulary is made of. */
export interface VocabularyParts {
  /** How texts are cut into tokens. */
  readonly tokeniser: Tokeniser
  /** The tokens by number; the first two stand for padding and unknown tokens. */
  readonly tokens: readonly string[]
  /** How often each token came in the texts that the vocabulary was made from, where that is known. */
  readonly counts?: readonly number[] | undefined
}

/**
 * A vocabulary of tokens whose numbers are known, such as those of another vocabulary with some more.
 *
 * @param parts Tokeniser, and tokens in order.
 *
 * @example
 * ```ts
 * import { vocabulary, vocabularyOf } from '@transferkit/datasets'
 *
 * const films = vocabulary(['a fine film'])
 * const more = vocabularyOf({ tokeniser: films.tokeniser, tokens: [...films.tokens, 'phone'] })
 * more.encode('a phone') // [2, 5]
 * ```
 */
export const vocabularyOf = ({ tokeniser, tokens, counts }: VocabularyParts): Vocabulary => {
  // A text that spells out the name of the padding must not be taken for padding.
  const ids = new Map(tokens.map((token, id) => [token, id === paddingId ? unknownId : id]))
  const idOf = (token: string): number => ids.get(token) ?? unknownId
  return {
    specVersion: 1,
    tokeniser,
    tokens,
    ...(counts === undefined ? {} : { counts }),
    size: tokens.length,
    idOf,
    encode: (text) => Int32Array.from(tokeniser.tokens(text), idOf),
  }
}

/** How to make a vocabulary. */
export interface VocabularyOptions {
  /** How texts are cut into tokens, {@link wordTokeniser} with its defaults unless told. */
  readonly tokeniser?: Tokeniser
  /** How often a token must come to be in the list; once unless told, our choice: no word of a small training set is lost. */
  readonly minimumCount?: number
  /** Most tokens in the list, with padding and unknown; the rarest are left out. 50,000 unless told, our choice. */
  readonly maximumSize?: number
}

/**
 * Makes the vocabulary of some texts: their tokens from the most to the least frequent, those of the same frequency by their characters' numbers.
 *
 * Take training texts only. For transfer, either make one vocabulary of the texts of both tasks, or one for each and {@link alignVocabularies} them.
 *
 * @param texts The texts, such as those of {@link textsOf}.
 * @param options Tokeniser, and which tokens to keep.
 * @throws TransferkitError `vocabulary/bad-option` for a count or size that cannot be, `vocabulary/empty` when no token is kept.
 *
 * @example
 * ```ts
 * import { vocabulary } from '@transferkit/datasets'
 *
 * const words = vocabulary(['a fine film', 'a dull film'])
 * words.tokens // ['<padding>', '<unknown>', 'a', 'film', 'dull', 'fine']
 * words.encode('a great film') // [2, 1, 3]
 * ```
 */
export const vocabulary = (texts: Iterable<string>, options: VocabularyOptions = {}): Vocabulary => {
  const { tokeniser = wordTokeniser(), minimumCount = 1, maximumSize = 50_000 } = options
  if (!Number.isInteger(minimumCount) || minimumCount < 1) throw badOption(`minimumCount is a whole number from 1, not ${minimumCount}`)
  if (!Number.isInteger(maximumSize) || maximumSize < 3) throw badOption(`maximumSize is a whole number from 3 (padding, unknown and one token), not ${maximumSize}`)
  const found = new Map<string, number>()
  let all = 0
  for (const text of texts) {
    for (const token of tokeniser.tokens(text)) {
      found.set(token, (found.get(token) ?? 0) + 1)
      all += 1
    }
  }
  const kept = [...found]
    .filter(([, count]) => count >= minimumCount)
    .sort(([left, leftCount], [right, rightCount]) => rightCount - leftCount || (left < right ? -1 : 1))
    .slice(0, maximumSize - 2)
  if (kept.length === 0) {
    throw new TransferkitError(
      'vocabulary/empty',
      `vocabulary: the texts have ${found.size === 0 ? 'no tokens' : `${found.size} different tokens, none of which comes ${minimumCount} times`}. Give other texts, or a smaller minimumCount.`,
    )
  }
  const counts = kept.map(([, count]) => count)
  const left = all - counts.reduce((total, count) => total + count, 0)
  return vocabularyOf({ tokeniser, tokens: ['<padding>', '<unknown>', ...kept.map(([token]) => token)], counts: [0, left, ...counts] })
}

const badOption = (problem: string): TransferkitError => new TransferkitError('vocabulary/bad-option', `vocabulary: ${problem}.`)
