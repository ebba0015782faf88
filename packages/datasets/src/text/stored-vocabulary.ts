import { TransferkitError } from '@transferkit/tensor'
import { z } from 'zod'
import { tokeniserFromJson } from './tokeniser-from-json.js'
import type { Tokeniser, TokeniserSettings } from './tokeniser.js'
import { type Vocabulary, vocabularyOf } from './vocabulary.js'
import { wordTokeniser } from './word-tokeniser.js'

const schema = z
  .object({
    format: z.literal('transferkit/vocabulary'),
    version: z.literal(1),
    tokeniser: z.union([
      z.object({ kind: z.literal('words'), lowerCase: z.boolean(), punctuation: z.enum(['tokens', 'left-out']), englishContractions: z.boolean() }),
      z.object({ kind: z.literal('tokenizer.json'), json: z.unknown(), config: z.unknown().optional() }),
      z.object({ kind: z.literal('own'), name: z.string() }),
    ]),
    tokens: z.array(z.string()).min(2),
    counts: z.array(z.number().int().min(0)).optional(),
  })
  .refine(({ tokens }) => new Set(tokens).size === tokens.length, 'a token comes twice')
  .refine(({ tokens, counts }) => counts === undefined || counts.length === tokens.length, 'there are not as many counts as tokens')

/**
 * A vocabulary as JSON, to keep beside a model; {@link loadVocabulary} reads it.
 *
 * @param vocabulary The vocabulary. The settings of its tokeniser are kept with it; of a tokeniser of your own, the name only.
 *
 * @example
 * ```ts
 * import { loadVocabulary, saveVocabulary, vocabulary } from '@transferkit/datasets'
 *
 * const words = loadVocabulary(saveVocabulary(vocabulary(['a fine film'])))
 * ```
 */
export const saveVocabulary = ({ tokeniser, tokens, counts }: Vocabulary): string =>
  JSON.stringify({ format: 'transferkit/vocabulary', version: 1, tokeniser: tokeniser.settings ?? { kind: 'own', name: tokeniser.name }, tokens, counts })

/** What {@link loadVocabulary} may be told. */
export interface LoadVocabularyOptions {
  /** The tokeniser, where the vocabulary was made with one of your own. */
  readonly tokeniser?: Tokeniser
  /** Name of the file for messages, `vocabulary` unless told. */
  readonly name?: string
}

/**
 * Reads a vocabulary that {@link saveVocabulary} wrote.
 *
 * @param json The text of the file.
 * @param options A tokeniser of your own, and the name for messages.
 * @throws TransferkitError `vocabulary/bad-json` when the text is no such vocabulary, `vocabulary/no-tokeniser` when it was made with a tokeniser of somebody's own
 * and none of that name is given, `tokeniser/bad-json` when the tokeniser in it cannot be made.
 *
 * @example
 * ```ts
 * import { loadVocabulary, saveVocabulary, vocabulary } from '@transferkit/datasets'
 *
 * const words = loadVocabulary(saveVocabulary(vocabulary(['a fine film'])))
 * ```
 */
export const loadVocabulary = (json: string, options: LoadVocabularyOptions = {}): Vocabulary => {
  const { name = 'vocabulary' } = options
  const { tokeniser: settings, tokens, counts } = parse(json, name)
  return vocabularyOf({ tokeniser: settings.kind === 'own' ? ownTokeniser(settings.name, options.tokeniser, name) : tokeniserOf(settings, name), tokens, counts })
}

const parse = (json: string, name: string): z.infer<typeof schema> => {
  try {
    return schema.parse(JSON.parse(json))
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error)
    throw new TransferkitError('vocabulary/bad-json', `${name}: this is no vocabulary that saveVocabulary wrote: ${reason}`, { cause: error })
  }
}

const tokeniserOf = (settings: TokeniserSettings, name: string): Tokeniser =>
  settings.kind === 'words' ? wordTokeniser(settings) : tokeniserFromJson(settings.json, { name, ...(settings.config === undefined ? {} : { config: settings.config }) })

const ownTokeniser = (wanted: string, given: Tokeniser | undefined, name: string): Tokeniser => {
  if (given?.name === wanted) return given
  throw new TransferkitError(
    'vocabulary/no-tokeniser',
    `${name}: it was made with the tokeniser '${wanted}', ${given === undefined ? 'which is not stored with it' : `not with '${given.name}'`}. Give that one as the option 'tokeniser'.`,
  )
}
