import { loadVocabulary, saveVocabulary, type Vocabulary } from '@transferkit/datasets'
import { z } from 'zod'

const recordSchema = z.object({
  text: z.object({
    maximumLength: z.int().positive(),
    paired: z.boolean(),
    vocabulary: z.unknown(),
    vectors: z.object({ width: z.int().positive(), words: z.array(z.string()), base64: z.string() }).exactOptional(),
  }),
})

/** What the command line keeps with a model that reads texts. @internal */
export interface TextRecord {
  /** Most tokens of a text. */
  readonly maximumLength: number
  /** Whether it takes pairs of texts. */
  readonly paired: boolean
  /** The words that it knows, with their tokeniser. */
  readonly vocabulary: Vocabulary
  /** Vectors of words that its source does not know. */
  readonly rows: ReadonlyMap<string, Float32Array>
}

/**
 * The record of a model that reads texts, as plain data.
 *
 * @internal
 */
export const writeTextRecord = ({ maximumLength, paired, vocabulary, rows }: TextRecord): Readonly<Record<string, unknown>> => {
  const [first] = rows.values()
  const bytes = Buffer.concat([...rows.values()].map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)))
  const vectors = first === undefined ? {} : { vectors: { width: first.length, words: [...rows.keys()], base64: bytes.toString('base64') } }
  return { text: { maximumLength, paired, vocabulary: JSON.parse(saveVocabulary(vocabulary)) as unknown, ...vectors } }
}

/**
 * Reads the record of a model that reads texts.
 *
 * @param record What the artefact holds.
 * @returns The record, or `undefined` when the model does not read texts, or was not made by the command line.
 * @throws TransferkitError `vocabulary/bad-json` when its vocabulary is damaged.
 * @internal
 */
export const readTextRecord = (record: unknown): TextRecord | undefined => {
  const parsed = recordSchema.safeParse(record)
  if (!parsed.success) return undefined
  const { vocabulary, vectors, ...others } = parsed.data.text
  const bytes = Buffer.from(vectors?.base64 ?? '', 'base64')
  // Copied, so that the numbers begin where floats may begin.
  const values = new Float32Array(new Uint8Array(bytes).buffer)
  const rows = new Map((vectors?.words ?? []).map((word, row) => [word, values.subarray(row * (vectors?.width ?? 0), (row + 1) * (vectors?.width ?? 0))]))
  return { ...others, vocabulary: loadVocabulary(JSON.stringify(vocabulary), { name: 'The vocabulary of the artefact' }), rows }
}
