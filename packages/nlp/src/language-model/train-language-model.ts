import { type AnyTensor, type Dataset, leavesOf, type Network, release, type TrainedNetwork, TransferkitError } from '@transferkit/tensor'
import { type Run, runOf, train, type Trained, type TrainingEvent, type TrainingSettings } from '@transferkit/training'
import { evaluateNextWords, type NextWordEvaluation } from './evaluate-next-words.js'
import { languageModel } from './language-model-program.js'
import { languageModelStages } from './language-model-stages.js'

/** Rows of words from which the next words are told, such as `languageModelDataset` of `@transferkit/datasets` makes: the label of a row is the word behind it. */
export interface NextWordDataset extends Dataset {
  /** Id of the token that is class 0; the tokens that follow are the classes that follow. */
  readonly firstClassToken: number
}

/** What {@link trainLanguageModel} is given. */
export interface LanguageModelTrainingOptions extends Omit<TrainingSettings, 'validation' | 'patience' | 'keep' | 'transforms' | 'features' | 'sourceData' | 'inspectEvery'> {
  /** A text network whose recurrent layers run in one direction; its classes do not matter. */
  readonly network: Network
  /** Texts to learn from. */
  readonly dataset: NextWordDataset
  /** Other texts, with the same vocabulary and classes, to measure the perplexity on in the end; none unless told. */
  readonly heldOut?: NextWordDataset
  /** Whether the words are scored by their vectors in the embedding, so that fewer parameters are learned; false unless told. */
  readonly tied?: boolean
  /** Start of all randomness, 1 unless told. */
  readonly seed?: number
}

/** A text network that was trained as a language model: embedding and recurrent layers have learned, pooling and classifier are new. */
export interface TrainedLanguageModel extends TrainedNetwork, Omit<Trained, 'variables'> {
  /** Perplexity on the held-out texts, where there were some. */
  readonly heldOut?: NextWordEvaluation
  /**
   * Measures the perplexity on other texts, before {@link TrainedLanguageModel.release}.
   *
   * @param dataset Texts with the same vocabulary and classes.
   * @throws TransferkitError `nlp/language-model` when vocabulary or classes are others.
   */
  evaluate(dataset: NextWordDataset): Promise<NextWordEvaluation>
  /** Frees its tensors. */
  release(): void
}

const checkWords = (network: Network, dataset: NextWordDataset): void => {
  // Callers without types may give any data set.
  const { name, task, firstClassToken } = dataset as Omit<NextWordDataset, 'firstClassToken'> & { readonly firstClassToken: number | undefined }
  if (firstClassToken === undefined) {
    throw new TransferkitError('nlp/language-model', `'${name}' does not say which tokens its classes are, so its labels cannot be next words. Make it with languageModelDataset; to train on labels use pretrain.`)
  }
  const { vocabulary } = languageModelStages(network)
  if (firstClassToken + task.classes.length > vocabulary) {
    throw new TransferkitError('nlp/language-model', `'${network.name}' has an embedding of ${vocabulary} tokens, but '${name}' has ${task.classes.length} words from token ${firstClassToken} on. Make both with one vocabulary.`)
  }
}

const checkSameWords = (learned: NextWordDataset, other: NextWordDataset): void => {
  const [expected, found] = [learned.task.classes, other.task.classes]
  const differing = expected.findIndex((word, index) => found[index] !== word)
  if (learned.firstClassToken === other.firstClassToken && expected.length === found.length && differing === -1) return
  const place = differing === -1 ? '' : ` Word ${differing} is '${expected[differing] ?? ''}' in the one and '${found[differing] ?? ''}' in the other.`
  throw new TransferkitError('nlp/language-model', `'${learned.name}' has ${expected.length} words and '${other.name}' has ${found.length}, and they are not the same.${place} Make both with one vocabulary and one 'nextWords'.`)
}

/** Rows that are measured at a time, unless a step has fewer. */
const defaultBatchSize = 32

async function* training({ network, dataset, heldOut, tied = false, seed = 1, ...settings }: LanguageModelTrainingOptions): AsyncGenerator<TrainingEvent, TrainedLanguageModel> {
  checkWords(network, dataset)
  if (heldOut !== undefined) checkSameWords(dataset, heldOut)
  const words = { firstClassToken: dataset.firstClassToken, count: dataset.task.classes.length }
  const model = languageModel({ network, words, tied })
  const { variables, ...trained } = yield* train({
    ...settings,
    program: model.program,
    dataset,
    seed,
    identity: { languageModel: network.name, dataset: dataset.name, words: words.count, tied },
  })
  const free = (): void => {
    release(leavesOf<AnyTensor>({ ...variables }))
  }
  const evaluate = (other: NextWordDataset): Promise<NextWordEvaluation> => evaluateNextWords(model, variables, other, words, settings.batchSize ?? defaultBatchSize)
  try {
    return {
      ...trained,
      ...(heldOut === undefined ? {} : { heldOut: await evaluate(heldOut) }),
      network,
      variables: model.networkVariables(variables),
      evaluate: async (other) => {
        checkSameWords(dataset, other)
        return evaluate(other)
      },
      release: free,
    }
  } catch (error) {
    free()
    throw error
  }
}

/**
 * Trains the embedding and the recurrent layers of a text network as a language model: at every place of a text, tell the next word. The result is a source for any
 * transfer, pre-trained on texts without labels.
 *
 * The objective is the mean cross-entropy `-log softmax(W h_τ + b)[x_{τ+1}]` over all places whose next word is a class, with the softmax over all classes;
 * `tied` scores words by their vectors, `softmax(E W h_τ + b)`. Pooling and classifier of the network take no part and are new. The training is that of `pretrain`: events, checkpoints and `compile` are
 * the same, and each step reports its `perplexity` and `next-word accuracy`.
 *
 * @param options Network, texts, and how to train.
 * @throws TransferkitError `nlp/language-model` when the network reads from the end, has no embedding or no recurrent layer, or when the texts have other words; whatever `train` throws.
 *
 * @example
 * ```ts
 * import { adam } from '@transferkit/training'
 * import { type NextWordDataset, textClassifier, trainLanguageModel } from '@transferkit/nlp'
 *
 * const learn = async (dataset: NextWordDataset, vocabulary: number) =>
 *   await trainLanguageModel({ network: textClassifier({ vocabulary, classes: 2 }), dataset, epochs: 2, optimiser: adam() })
 * ```
 */
export const trainLanguageModel = (options: LanguageModelTrainingOptions): Run<TrainingEvent, TrainedLanguageModel> => runOf(() => training(options))
