import {
  add,
  branchAt,
  exp,
  fanInUniform,
  foldIn,
  type Key,
  type Logits,
  type LossInputs,
  type LossOutputs,
  matMul,
  mergeTrees,
  type Mode,
  type Network,
  partitionTree,
  type ProgramVariables,
  reshape,
  runStages,
  scope,
  slice,
  type Tensor,
  type TensorTree,
  trainingMode,
  transpose,
  type TransferProgram,
  variable,
  type Variables,
  zeros,
} from '@transferkit/tensor'
import { sequencePoolingLayer } from '../layers/pooling-layer.js'
import { valuesOf } from '../sequence.js'
import { languageModelStages } from './language-model-stages.js'
import { nextWordsOf, nextWordSums, perWord, type WordClasses } from './next-words.js'

/** A text network as a language model. */
export interface LanguageModel {
  /** Its program: parameters of embedding and recurrent layers under their own paths, and `decoder`, from hidden states to words. The rest of the network waits in `frozen`. */
  readonly program: TransferProgram
  /**
   * Scores of the next word at every place, `[batch · step, classes]`.
   *
   * @param variables The model.
   * @param ids `[batch, step]`.
   * @param mode Inference, or training with a key.
   */
  scores(variables: ProgramVariables, ids: Tensor, mode: Mode): Logits
  /**
   * The text network, without the decoder.
   *
   * @param variables The model.
   */
  networkVariables(variables: ProgramVariables): Variables
}

/** What a language model is made of. */
export interface LanguageModelParts {
  /** The text network. */
  readonly network: Network
  /** Which tokens are classes. */
  readonly words: WordClasses
  /** Whether the words are scored by their vectors in the embedding. */
  readonly tied: boolean
}

const isDecoder = (path: string): boolean => path.startsWith('decoder.')

const lastHidden = sequencePoolingLayer({ pooling: 'last' })

/**
 * A program that trains a text network to tell the next word at every place.
 *
 * @param parts Network and words.
 * @throws TransferkitError `nlp/language-model` when the network does not read words from the first to the last.
 */
export const languageModel = ({ network, words, tied }: LanguageModelParts): LanguageModel => {
  const { stages, embeddingSize, hiddenSize } = languageModelStages(network)
  const isTrained = (path: string): boolean => stages.some(({ name }) => path.startsWith(`${name}.`))

  const initDecoder = (key: Key): TensorTree => ({
    weight: fanInUniform(foldIn(key, 'weight'), [hiddenSize, tied ? embeddingSize : words.count]),
    bias: zeros([words.count]),
  })

  const decoded = ({ params }: ProgramVariables, hidden: Tensor): Logits => {
    const decoder = branchAt(params, 'decoder')
    const own: Tensor = matMul(hidden, variable(decoder, 'weight'))
    const vectors = (): Tensor => slice(variable(branchAt(params, stages[0]?.name ?? ''), 'table'), [words.firstClassToken, 0], [words.count, embeddingSize])
    const scores: Tensor = tied ? matMul(own, transpose(vectors(), [1, 0])) : own
    // One row a place, one column a word.
    return add(scores, variable(decoder, 'bias')) as unknown as Logits
  }

  const hiddenStates = ({ params, state }: ProgramVariables, ids: Tensor, mode: Mode): ReturnType<typeof runStages> => runStages({ stages }, { params, state }, ids, mode)

  const scoresOf = (variables: ProgramVariables, sequence: Tensor): Logits => decoded(variables, reshape(valuesOf(sequence), [-1, hiddenSize]))

  const loss = ({ variables, batch, key }: LossInputs): LossOutputs => {
    const { output, taps, state } = hiddenStates(variables, batch.inputs, trainingMode(key))
    const sums = nextWordSums(scoresOf(variables, output), nextWordsOf(batch.inputs, batch.labels, words))
    const mean = perWord(sums.loss, sums)
    return {
      loss: mean,
      state,
      logits: decoded(variables, lastHidden.apply({ params: {}, state: {} }, output, trainingMode(key)).output),
      taps,
      metrics: { perplexity: exp(mean), 'next-word accuracy': perWord(sums.right, sums) },
    }
  }

  return {
    program: {
      init: (key) =>
        scope(() => {
          const { params, state } = network.init(foldIn(key, 'network'), [1, ...network.inputShape])
          const [parameters, statistics] = [partitionTree(params, isTrained), partitionTree(state, isTrained)]
          return {
            params: mergeTrees(parameters.selected, { decoder: initDecoder(foldIn(key, 'decoder')) }),
            state: statistics.selected,
            frozen: { params: parameters.rest, state: statistics.rest },
          }
        }),
      forward: (variables, inputs, mode) => {
        const { output, taps, state } = hiddenStates(variables, inputs, mode)
        return { logits: decoded(variables, lastHidden.apply({ params: {}, state: {} }, output, mode).output), taps, state }
      },
      loss,
    },
    scores: (variables, ids, mode) => scoresOf(variables, hiddenStates(variables, ids, mode).output),
    networkVariables: ({ params, state, frozen }) => ({
      params: mergeTrees(partitionTree(params, isDecoder).rest, branchAt(frozen, 'params')),
      state: mergeTrees(state, branchAt(frozen, 'state')),
    }),
  }
}
