import type { Tokeniser, WordTokeniserSettings } from './tokeniser.js'

/** What {@link wordTokeniser} may be told. */
export type WordTokeniserOptions = Partial<Omit<WordTokeniserSettings, 'kind'>>

const emoji = String.raw`\p{Regional_Indicator}{2}|[0-9#*]\ufe0f?\u20e3|\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier})?(?:[\u{e0020}-\u{e007f}]+|(?:\u200d\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier})?)+)?`
// Text without spaces between words has no words for an expression to find: an ideograph stands for itself, as in BERT's tokeniser.
const ideograph = String.raw`\p{Script=Han}`
const letter = String.raw`(?:(?!\p{Script=Han})[\p{L}\p{M}\p{N}_])`
const number = String.raw`\p{Nd}+(?:[.,:]\p{Nd}+)+(?!${letter})`
// The joiners are the apostrophe, the middle dot of Catalan, and the zero-width joiners of Persian and the scripts of India.
const word = String.raw`${letter}+(?:['\u00b7\u200c\u200d]+${letter}+)*`
const clitic = String.raw`(?<!\S)'(?:s|re|ve|ll|d|m|t|em)(?!${letter}|')`
const mark = String.raw`(\p{P}|\p{S})\1*`

const contraction = new RegExp(String.raw`^(.*?)(n't|'(?:s|re|ve|ll|d|m))$`, 'isu')

const splitContraction = (token: string): readonly string[] => {
  const match = contraction.exec(token)
  const [, stem = '', ending = ''] = match ?? []
  return stem === '' ? [token] : [stem, ending]
}

const describe = ({ lowerCase, punctuation, englishContractions }: WordTokeniserSettings): string =>
  `words(${[lowerCase ? 'lower case' : 'case kept', ...(punctuation === 'left-out' ? ['no punctuation'] : []), ...(englishContractions ? ['contractions split'] : [])].join(', ')})`

/**
 * A tokeniser that cuts a text into words, numbers, emoji and punctuation marks by the properties that Unicode gives to characters.
 *
 * - The text is put in the normal form NFC first, so that a letter with an accent is one however it was typed; soft hyphens are left out, curly apostrophes
 *   become straight ones.
 * - A word is a run of letters, marks, digits and underscores. An apostrophe between letters belongs to it (`don't`, `l'homme`); a hyphen does not.
 *   English endings that stand alone, as in text that was cut before (`it 's`), stay whole.
 * - A number keeps the points, commas and colons between its digits (`3.14`, `1,000`, `12:30`).
 * - An emoji with its skin tone, a family of them, a flag and a keycap are one token each.
 * - A run of one mark (`...`, `!!!`) is one token. Control characters and halves of broken surrogate pairs are left out.
 * - Each Chinese ideograph is a token. Other scripts without spaces between words (Japanese kana, Thai, Lao, Khmer) give one token a run: use
 *   {@link tokeniserFromJson} or a tokeniser of your own for them.
 *
 * The time is proportional to the length of the text.
 *
 * @param options `lowerCase`, true unless told; `punctuation`, `'tokens'` unless told; `englishContractions`, false unless told: true cuts `don't` into `do` and
 * `n't` and `it's` into `it` and `'s`, as in the Penn Treebank, so that such text and text that was cut before have the same words.
 *
 * @example
 * ```ts
 * import { wordTokeniser } from '@transferkit/datasets'
 *
 * wordTokeniser().tokens("Don't pay $1,000!!") // ["don't", 'pay', '$', '1,000', '!!']
 * ```
 */
export const wordTokeniser = (options: WordTokeniserOptions = {}): Tokeniser => {
  const settings: WordTokeniserSettings = {
    kind: 'words',
    lowerCase: options.lowerCase ?? true,
    punctuation: options.punctuation ?? 'tokens',
    englishContractions: options.englishContractions ?? false,
  }
  const pattern = new RegExp([emoji, ideograph, number, clitic, word, mark].map((part) => `(?:${part})`).join('|'), 'giu')
  const markOnly = /^[\p{P}\p{S}]+$/u
  const pictogram = new RegExp(`^(?:${emoji})$`, 'u')
  return {
    name: describe(settings),
    settings,
    tokens: (text) => {
      const plain = text.replaceAll('\u00ad', '').replaceAll('\u2019', "'")
      const cased = settings.lowerCase ? plain.normalize('NFC').toLowerCase() : plain
      const found = cased.normalize('NFC').match(pattern) ?? []
      const kept = settings.punctuation === 'tokens' ? found : found.filter((token) => !markOnly.test(token) || pictogram.test(token))
      return settings.englishContractions ? kept.flatMap(splitContraction) : kept
    },
  }
}
