import { Tokenizer } from '@huggingface/tokenizers'
import { TransferkitError } from '@transferkit/tensor'
import { z } from 'zod'
import type { Tokeniser } from './tokeniser.js'
import { type Vocabulary, vocabularyOf } from './vocabulary.js'

/** What is used of the library's tokeniser. */
interface LibraryTokeniser {
  readonly get_vocab: () => Map<string | undefined, number>
  readonly id_to_token: (id: number) => string | undefined
  readonly tokenize: (text: string, options: { readonly add_special_tokens: boolean }) => string[]
}

// The library's declarations name files without their extension, which a compiler that follows Node's rules cannot find.
const LibraryTokeniser = Tokenizer as unknown as new (json: object, config: unknown) => LibraryTokeniser

/** What {@link tokeniserFromJson} may be told. */
export interface JsonTokeniserOptions {
  /** What the `tokenizer_config.json` beside the file holds; nothing unless told. Only a few old models need it. */
  readonly config?: unknown
  /** Name of the file for messages, `tokenizer.json` unless told. */
  readonly name?: string
}

/** A tokeniser from a `tokenizer.json` with its vocabulary. */
export interface JsonTokeniser extends Tokeniser {
  /** The vocabulary of the file, renumbered: padding first, then unknown, then all other tokens in the order of the file. */
  readonly vocabulary: Vocabulary
  /** The number that each token has in the file, by its number in `vocabulary`; -1 for padding or unknown where the file has none. For rows of a published embedding table. */
  readonly originalIds: Int32Array
}

// Only what is read here; the library looks at the rest.
const schema = z.object({
  model: z.object({ unk_token: z.string().nullish(), unk_id: z.number().int().nullish() }),
  padding: z.object({ pad_token: z.string() }).nullish(),
  added_tokens: z.array(z.object({ content: z.string() })).default([]),
})

const paddingNames = ['[PAD]', '<pad>', '<|padding|>', '<|pad|>']

/**
 * A tokeniser from the `tokenizer.json` of a Hugging Face model (WordPiece, BPE, Unigram), run by `@huggingface/tokenizers` in plain JavaScript.
 *
 * No special tokens, such as `[CLS]`, are added to a text. The padding token is that of the file's padding, or its added token of a usual name (`[PAD]`, `<pad>`).
 *
 * @param json What the file holds: the object, or its text.
 * @param options The configuration file beside it, and the name for messages.
 * @throws TransferkitError `tokeniser/bad-json` when it is no `tokenizer.json` or uses a part that the library does not have.
 *
 * @example
 * ```ts
 * import { tokeniserFromJson } from '@transferkit/datasets'
 *
 * const subwords = tokeniserFromJson({
 *   model: { type: 'WordPiece', unk_token: '[UNK]', vocab: { '[PAD]': 0, '[UNK]': 1, play: 2, '##ing': 3 } },
 *   added_tokens: [{ id: 0, content: '[PAD]', special: true }],
 *   normalizer: null,
 *   pre_tokenizer: { type: 'Whitespace' },
 *   post_processor: null,
 *   decoder: null,
 * })
 * subwords.vocabulary.encode('playing') // [2, 3]
 * ```
 */
export const tokeniserFromJson = (json: unknown, options: JsonTokeniserOptions = {}): JsonTokeniser => {
  const { name = 'tokenizer.json', config } = options
  const refuse = (error: unknown): never => {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error)
    throw new TransferkitError('tokeniser/bad-json', `${name}: this is no tokenizer.json that can be used: ${reason}. Save it again with the 'tokenizers' library of Hugging Face.`, { cause: error })
  }
  const read = (): { readonly found: z.infer<typeof schema>; readonly content: unknown; readonly library: LibraryTokeniser } => {
    try {
      const content: unknown = typeof json === 'string' ? JSON.parse(json) : json
      // The schema has looked at it; that it is an object is all that the library asks.
      const object = content as object
      const found = schema.parse(content)
      return { found, content, library: new LibraryTokeniser({ added_tokens: [], ...object }, config ?? {}) }
    } catch (error) {
      return refuse(error)
    }
  }
  const { found, content, library } = read()
  const all = [...library.get_vocab()].filter((entry): entry is [string, number] => entry[0] !== undefined)
  const added = found.added_tokens.map((token) => token.content)
  const paddingToken = found.padding?.pad_token ?? paddingNames.find((usual) => added.includes(usual))
  const unknownToken = found.model.unk_token ?? (typeof found.model.unk_id === 'number' ? library.id_to_token(found.model.unk_id) : undefined)
  const ids = new Map(all)
  const rest = all.filter(([token]) => token !== paddingToken && token !== unknownToken)
  const tokeniser: Tokeniser = {
    name,
    settings: { kind: 'tokenizer.json', json: content, ...(config === undefined ? {} : { config }) },
    tokens: (text) => library.tokenize(text, { add_special_tokens: false }),
  }
  return {
    ...tokeniser,
    vocabulary: vocabularyOf({ tokeniser, tokens: [paddingToken ?? '<padding>', unknownToken ?? '<unknown>', ...rest.map(([token]) => token)] }),
    originalIds: Int32Array.from([...[paddingToken, unknownToken].map((token) => (token === undefined ? -1 : (ids.get(token) ?? -1))), ...rest.map(([, id]) => id)]),
  }
}
