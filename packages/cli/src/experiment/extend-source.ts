import { type Vocabulary, vocabularyOf } from '@transferkit/datasets'
import { flattenTree, mapTree, read, release, tensor, type Tensor, type TrainedNetwork, TransferkitError } from '@transferkit/tensor'
import { networkByName } from './network-by-name.js'
import type { SourceNetwork } from './source-file.js'
import { vocabularyOfSource } from './text-source.js'

/** Rows of the embedding table for words that the source has not met. @internal */
export interface NewWords {
  /** The words. */
  readonly words: readonly string[]
  /** Their rows by word, where there are vectors for them; the others take the mean of the source's rows. */
  readonly rows: ReadonlyMap<string, Float32Array>
  /** Start of the whole table for strategies that start anew, where there are word vectors. */
  readonly start?: (words: Vocabulary) => Float32Array
}

/** A source network that also knows the words of a target. @internal */
export interface ExtendedSource {
  /** The network; it shares all tensors but the table with the source. */
  readonly trained: TrainedNetwork
  /** The words of the source, then the new ones. */
  readonly vocabulary: Vocabulary
  /** Frees the table. */
  readonly release: () => void
}

const tablePath = 'embedding.table'

/** The mean row of all words, without padding; that of the unknown word where there are no others. */
const meanRow = (table: Float32Array, width: number): Float32Array => {
  const rows = table.length / width
  const first = rows > 2 ? 2 : 1
  return Float32Array.from({ length: width }, (_, column) => {
    let sum = 0
    for (let row = first; row < rows; row++) sum += table[row * width + column] ?? 0
    return sum / (rows - first)
  })
}

/**
 * Gives the embedding table of a source rows for words that it has not met: those of word vectors where there are some, else the mean of its own rows, so that
 * an unmet word begins as an average one. Padding stays 0. The same words give the same table, bit for bit.
 *
 * @param source The source.
 * @param added The words.
 * @internal
 */
export const extendSource = async (source: SourceNetwork, { words, rows, start }: NewWords): Promise<ExtendedSource> => {
  const { trained, record } = source
  const known = vocabularyOfSource(source)
  const vocabulary = vocabularyOf({ tokeniser: known.tokeniser, tokens: [...known.tokens, ...words] })
  const leaf = flattenTree<Tensor>(trained.variables.params).find(({ path }) => path === tablePath)?.leaf
  const width = leaf?.shape[1]
  if (leaf === undefined || width === undefined) throw new TransferkitError('data/no-vocabulary', `The network ${record.network} has no embedding table.`)
  const [vector] = rows.values()
  if (vector !== undefined && vector.length !== width) throw new TransferkitError('data/vectors-width', `The word vectors have ${vector.length} numbers, but the embedding of the network ${record.network} has ${width}. Give the vectors that it was trained with.`)
  const old = await read(leaf)
  const values = new Float32Array(vocabulary.size * width)
  values.set(old)
  const mean = meanRow(values.subarray(0, known.size * width), width)
  words.forEach((word, index) => values.set(rows.get(word) ?? mean, (known.size + index) * width))
  const { classes, inputShape, options } = record
  const network = networkByName(record.network, { classes, inputShape, options, vocabulary: vocabulary.size, ...(start === undefined ? {} : { vectors: start(vocabulary) }) })
  const table = tensor(values, [vocabulary.size, width])
  const params = mapTree(trained.variables.params, (tensorAt, path) => (path === tablePath ? table : tensorAt))
  return { trained: { network, variables: { params, state: trained.variables.state } }, vocabulary, release: () => release(table) }
}
