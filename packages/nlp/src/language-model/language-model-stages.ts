import { type Network, type Stage, TransferkitError } from '@transferkit/tensor'
import { bidirectionalKind } from '../recurrent/bidirectional-layer.js'
import { embeddingKind } from '../layers/embedding-layer.js'
import { isRecurrentLayer } from '../recurrent/recurrent-layer.js'

/** The part of a text network that a language model trains. */
export interface LanguageModelStages {
  /** The embedding and the recurrent layers behind it. */
  readonly stages: readonly Stage[]
  /** Size of the vectors of words. */
  readonly embeddingSize: number
  /** Number of token ids. */
  readonly vocabulary: number
  /** Size of the last hidden state. */
  readonly hiddenSize: number
}

const refusal = (network: Network, reason: string): TransferkitError => new TransferkitError('nlp/language-model', `'${network.name}' cannot be trained as a language model: ${reason}`)

/**
 * Finds the embedding and the recurrent layers of a text network.
 *
 * @param network The network.
 * @throws TransferkitError `nlp/language-model` when it does not read words from the first to the last.
 */
export const languageModelStages = (network: Network): LanguageModelStages => {
  const [embedding, ...others] = network.stages
  if (embedding?.module.description.kind !== embeddingKind) throw refusal(network, 'it has no embedding of token ids as its first stage. Use a text network, such as textClassifier.')
  const end = others.findIndex(({ module }) => !isRecurrentLayer(module))
  const layers = end === -1 ? others : others.slice(0, end)
  const behind = others[layers.length]?.module.description.kind
  if (behind === bidirectionalKind) {
    throw refusal(network, 'it also reads from the end, and so sees the word that it is to tell. Train one of one direction, such as lstm or gru, or pre-train this one by classification.')
  }
  const last = layers.at(-1)?.module
  if (last === undefined || !isRecurrentLayer(last)) throw refusal(network, 'it has no recurrent layer behind the embedding. Use lstm or gru, or pre-train this one by classification.')
  if (layers.some(({ module }) => isRecurrentLayer(module) && module.reverse)) throw refusal(network, 'a layer of it runs from the end, and so sees the word that it is to tell.')
  const { vocabulary, size } = embedding.module.description
  return { stages: [embedding, ...layers], vocabulary: Number(vocabulary), embeddingSize: Number(size), hiddenSize: last.cell.hiddenSize }
}
