import { type Strategy, type StrategyDefinition, withClasses } from '@transferkit/tensor'
import { defineStrategy, isHead, networkProgram, type StageTreatment } from '@transferkit/training'
import { z } from 'zod'
import { checkOutput, treatment } from './treatment.js'

/** Options of {@link discreteStates}: what happens to each group of layers. The defaults, plain fine-tuning under a new head, are our choice. */
export interface DiscreteStatesOptions {
  /** The stage `embedding`; `fine-tuned` unless told. */
  readonly embedding?: StageTreatment
  /** All stages between the embedding and the classifier; `fine-tuned` unless told. */
  readonly hidden?: StageTreatment
  /** The classifier; `random` unless told. The others need as many classes in the target as in the source. */
  readonly output?: StageTreatment
}

/** Whether a stage or a variable belongs to the embedding. */
const isEmbedding = (path: string): boolean => path === 'embedding' || path.startsWith('embedding.')

/**
 * The grid of discrete transfer states of Mou et al.: embedding, hidden layers and classifier are each kept frozen, fine-tuned from the source, or trained
 * from a random start.
 *
 * The objective is `CE(y, head(body(x)))` over what is trained. Frozen stages run in inference mode, without dropout. A recurrent Parameter Transfer Unit
 * (`recurrent-ptu`) with held gates is each of these states; with learned gates it need not choose.
 *
 * @throws TransferkitError `nlp/output-classes`, from preparing it, when the source's classifier is to be kept but has another number of classes.
 *
 * @example
 * ```ts
 * import { discreteStates } from '@transferkit/nlp'
 *
 * const strategy = discreteStates({ embedding: 'frozen', hidden: 'fine-tuned' })
 * ```
 */
export const discreteStates: StrategyDefinition<DiscreteStatesOptions, Strategy> = defineStrategy({
  name: 'discrete-states',
  summary: 'Freezes, fine-tunes or re-initialises the embedding, the hidden layers and the classifier of a text network.',
  reference: { citation: 'Mou et al., How Transferable are Neural Networks in NLP Applications?, EMNLP 2016.', url: 'https://arxiv.org/abs/1603.06111' },
  options: z.strictObject({
    embedding: treatment.default('fine-tuned').describe('What happens to the embedding.'),
    hidden: treatment.default('fine-tuned').describe('What happens to the stages between embedding and classifier.'),
    output: treatment.default('random').describe('What happens to the classifier.'),
  }),
  prepare: ({ source, task }, { embedding, hidden, output }) => {
    checkOutput('discrete-states', output, source.network, task.classes.length)
    const treatmentOf = (path: string): StageTreatment => (isHead(path) ? output : isEmbedding(path) ? embedding : hidden)
    return networkProgram({
      network: withClasses(source.network, task.classes.length),
      source,
      startsFromSource: (path) => treatmentOf(path) !== 'random',
      trains: (path) => treatmentOf(path) !== 'frozen',
      staysInInference: (stage) => treatmentOf(stage === 'head' ? 'head.' : stage) === 'frozen',
    })
  },
})
