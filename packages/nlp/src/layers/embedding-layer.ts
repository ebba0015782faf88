import { cast, expandDimensions, foldIn, gather, greater, layer, type Module, multiply, tensor, type Tensor, TransferkitError, uniformArray, variable } from '@transferkit/tensor'
import { maskedSequence } from '../sequence.js'

/** Settings of {@link embeddingLayer}. */
export interface EmbeddingLayerOptions {
  /** Number of token ids, with padding (0) and the unknown token (1). */
  readonly vocabulary: number
  /** Number of channels of a token. */
  readonly size: number
  /** Vectors to start from, `vocabulary · size` numbers, row by row; uniform in ±0.25 unless told (Kim 2014). The row of the padding becomes 0. */
  readonly initial?: Float32Array
}

/** What stands in the description of an embedding. */
export const embeddingKind = 'embedding'

/** Everything of a table but its first row, which belongs to the padding. */
const withoutPadding = (table: Float32Array, size: number): Float32Array => table.slice().fill(0, 0, size)

/**
 * Token ids to vectors: `[batch, step]`, or `[batch, 2, step]` for pairs, to a sequence with its mask, `[batch, step, size + mask]`. Id 0 is padding: its
 * vector is 0, stays so and has no gradient. Variable: `table [vocabulary, size]`.
 *
 * Ids are whole numbers below `vocabulary`, of any element type; what a larger one gives depends on the backend.
 *
 * @param options Sizes and start.
 * @throws TransferkitError `nlp/embedding` when the vectors to start from have another number of values.
 *
 * @example
 * ```ts
 * import { embeddingLayer } from '@transferkit/nlp'
 * import { inference, integerTensor, randomKey, type Tensor } from '@transferkit/tensor'
 *
 * const layer = embeddingLayer({ vocabulary: 1000, size: 50 })
 * const { output } = layer.apply(layer.init(randomKey(1), [1, 4]), integerTensor([7, 12, 0, 0], [1, 4]) as unknown as Tensor, inference) // two words
 * ```
 */
export const embeddingLayer = ({ vocabulary, size, initial }: EmbeddingLayerOptions): Module => {
  if (initial !== undefined && initial.length !== vocabulary * size) {
    throw new TransferkitError('nlp/embedding', `The vectors to start from have ${initial.length} values, but ${vocabulary} tokens of ${size} channels need ${vocabulary * size}. Were they made for another vocabulary?`)
  }
  return layer({
    description: { kind: embeddingKind, vocabulary, size },
    init: (key) => {
      const rows = initial ?? uniformArray(foldIn(key, 'table'), vocabulary * size, -0.25, 0.25)
      return { params: { table: tensor(withoutPadding(rows, size), [vocabulary, size]) }, state: {} }
    },
    apply: ({ params }, ids: Tensor) => {
      const mask: Tensor = cast(greater(cast(ids, 'float32'), 0), 'float32')
      // The product with the mask keeps every gradient from the row of the padding.
      return { output: maskedSequence(multiply(gather(variable(params, 'table'), cast(ids, 'int32')), expandDimensions(mask, -1)), mask) }
    },
  })
}
