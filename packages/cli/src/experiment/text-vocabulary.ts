import { readFile } from 'node:fs/promises'
import { readBinaryVectors, readTextVectors, type Tokeniser, tokeniserFromJson, type Vocabulary, vocabulary, vocabularyOf, type WordVectors, wordTokeniser } from '@transferkit/datasets'
import { fileBytes } from '@transferkit/datasets/node'
import { TransferkitError } from '@transferkit/tensor'
import type { TextSettings } from '../recipe/text-schemas.js'
import { locateFile } from './locate-file.js'
import type { DataPlaces } from './open-dataset.js'

/** Longest text in tokens unless a recipe says otherwise. @internal */
export const defaultLength = 64

/** Words of the texts that are trained on: those that come often enough, the most frequent ones first. */
const wordsOf = (texts: readonly string[], { minimumCount, maximumWords }: TextSettings, tokeniser: Tokeniser): Vocabulary =>
  vocabulary(texts, { tokeniser, ...(minimumCount === undefined ? {} : { minimumCount }), ...(maximumWords === undefined ? {} : { maximumSize: maximumWords + 2 }) })

/**
 * The vocabulary of a source: the words of its training texts, or all tokens of a `tokenizer.json`. Without texts it knows padding and unknown words alone.
 *
 * @param texts The training texts.
 * @param settings Tokeniser, and which words to keep.
 * @param places Where the file of the tokeniser is looked for.
 * @throws TransferkitError `data/no-tokeniser` where there is no such file, `tokeniser/bad-json`, `vocabulary/empty`.
 * @internal
 */
export const sourceVocabulary = async (texts: readonly string[] | undefined, settings: TextSettings, places: DataPlaces): Promise<Vocabulary> => {
  const { file, ...words } = settings.tokeniser ?? {}
  if (file !== undefined) {
    const path = await locateFile(file, { what: 'The tokeniser', code: 'data/no-tokeniser' }, places)
    return tokeniserFromJson(await readFile(path, 'utf8'), { name: path }).vocabulary
  }
  const { lowerCase, punctuation, englishContractions } = words
  const tokeniser = wordTokeniser({
    ...(lowerCase === undefined ? {} : { lowerCase }),
    ...(punctuation === undefined ? {} : { punctuation }),
    ...(englishContractions === undefined ? {} : { englishContractions }),
  })
  return texts === undefined ? vocabularyOf({ tokeniser, tokens: ['<padding>', '<unknown>'] }) : wordsOf(texts, settings, tokeniser)
}

/**
 * The words of the training texts of a target, in the tokens of its source; none where no word comes often enough.
 *
 * @internal
 */
export const targetWords = (texts: readonly string[], settings: TextSettings, { tokeniser, tokens }: Vocabulary): Vocabulary => {
  try {
    return wordsOf(texts, settings, tokeniser)
  } catch (cause) {
    if (!TransferkitError.isInstance(cause) || cause.code !== 'vocabulary/empty') throw cause
    return vocabularyOf({ tokeniser, tokens: tokens.slice(0, 2) })
  }
}

/**
 * Reads word vectors: binary ones of word2vec from a file whose name ends in `.bin`, else GloVe's or word2vec's text.
 *
 * @param file The file that the recipe names.
 * @param words The words that vectors are wanted for.
 * @param places Where the file is looked for.
 * @throws TransferkitError `data/no-vectors` where there is no such file, and what the readers throw.
 * @internal
 */
export const readVectors = async (file: string, words: Vocabulary, places: DataPlaces): Promise<WordVectors> => {
  const path = await locateFile(file, { what: 'The word vectors', code: 'data/no-vectors' }, places)
  const read = /\.bin(\.gz)?$/i.test(path) ? readBinaryVectors : readTextVectors
  const task = await places.progress.begin(`Read ${file}`, 1)
  try {
    return await read(fileBytes(path), { name: path, vocabulary: words })
  } finally {
    task.end()
  }
}
