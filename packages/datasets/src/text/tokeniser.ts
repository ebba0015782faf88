/** Settings of a word tokeniser, as plain data. */
export interface WordTokeniserSettings {
  /** Kind of tokeniser. */
  readonly kind: 'words'
  /** Whether capital letters become small ones. */
  readonly lowerCase: boolean
  /** Whether punctuation and symbols are tokens or are left out. */
  readonly punctuation: 'tokens' | 'left-out'
  /** Whether English contractions are split as in the Penn Treebank. */
  readonly englishContractions: boolean
}

/** Settings of a tokeniser that came from a `tokenizer.json`, as plain data. */
export interface JsonTokeniserSettings {
  /** Kind of tokeniser. */
  readonly kind: 'tokenizer.json'
  /** What the file holds. */
  readonly json: unknown
  /** What the `tokenizer_config.json` beside it holds. */
  readonly config?: unknown
}

/** Settings from which a tokeniser can be made again. */
export type TokeniserSettings = WordTokeniserSettings | JsonTokeniserSettings

/** A pure function from a text to its tokens. */
export interface Tokeniser {
  /** Name and settings for the record of a run, such as `words(lower case)`. */
  readonly name: string
  /** What it is made again from when a vocabulary is loaded; a tokeniser of your own has none, and is given again then. */
  readonly settings?: TokeniserSettings
  /**
   * The tokens of a text, in order; none for an empty text.
   *
   * @param text The text.
   */
  tokens(text: string): readonly string[]
}
