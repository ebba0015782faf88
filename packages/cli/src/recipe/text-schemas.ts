import { sequencePoolings } from '@transferkit/nlp'
import { z } from 'zod'
import { count } from './count.js'

const tokeniser = z.preprocess(
  // The path of a file may stand by itself.
  (value) => (typeof value === 'string' ? { file: value } : value),
  z
    .strictObject({
      file: z.string().min(1).optional(),
      lowerCase: z.boolean().optional(),
      punctuation: z.enum(['tokens', 'left-out']).optional(),
      englishContractions: z.boolean().optional(),
    })
    .refine(({ file, ...words }) => file === undefined || Object.keys(words).length === 0, { error: 'a tokenizer.json (file) brings its own rules; the other fields are for the word tokeniser' }),
)

/** The check of how texts become numbers. @internal */
export const textSchema = z.strictObject({
  tokeniser: tokeniser.optional(),
  minimumCount: count.optional(),
  maximumWords: count.optional(),
  maximumLength: count.optional(),
  vectors: z.string().min(1).optional(),
})

const column = z.union([z.string().min(1), z.int().min(0)], { error: 'is the name of a column, or its number from 0' })

/** The check of which columns of a user's own file of texts hold what. @internal */
export const textFileSchema = z.strictObject({
  text: column.optional(),
  secondText: column.optional(),
  label: column.optional(),
  header: z.boolean().optional(),
  classes: z.array(z.string().min(1)).min(2).optional(),
  encoding: z.enum(['utf-8', 'latin1']).optional(),
})

/** The check of the sizes of a recurrent network. @internal */
export const networkOptionsSchema = z.strictObject({
  embeddingSize: count.exactOptional(),
  hiddenSize: count.exactOptional(),
  layers: count.exactOptional(),
  dropout: z.number().min(0).lt(1).exactOptional(),
  pooling: z.enum(sequencePoolings).exactOptional(),
  orthogonal: z.boolean().exactOptional(),
})

/** Tokeniser, vocabulary, length and word vectors of a text network. */
export type TextSettings = z.infer<typeof textSchema>

/** Which columns of a file of texts hold what, and what its labels are. */
export type TextFileSettings = z.infer<typeof textFileSchema>

/** Sizes and pooling of a recurrent network, or of a network that reads text. */
export type NetworkOptions = z.infer<typeof networkOptionsSchema>
