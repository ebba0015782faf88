/** @import { PlannedRun, PlannedStrategy } from './planned-runs.js' */

/** What can be changed to spend more or less time. */
const budget = {
  batchSize: 32,
  /** Steps by per cent of the target's examples; what is finished under other steps is trained again. */
  steps: { 1: 60, 10: 120, 100: 240 },
  /** Of all strategies: that at which fine-tuning and scratch get furthest on CR and MPQA in these steps, of 0.001, 0.003, 0.005 and 0.01 with one seed. */
  learningRate: 0.005,
  /** Epochs on the source. */
  sourceEpochs: 4,
  hiddenSize: 100,
  embeddingSize: 100,
  maximumLength: 40,
  seeds: [1, 2, 3, 4, 5],
  /** Runs in which the classifier is frozen and fine-tuned too, where source and target have as many classes; it is new in all others. */
  withEveryOutput: ['mr-cr-10'],
}

/** Test examples that stand in no split of their own are a fifth of each class. */
const fifth = { share: 0.2 }

/** `factor`: how many times the steps, for many classes and short texts. `sizes`: per cent of the target's examples, all of the budget's unless told. */
const pairs = [
  { id: 'mr-cr', task: 'MR → CR (sentiment, near)', network: 'lstm', source: { dataset: 'mr/all' }, target: { dataset: 'cr/all', test: fifth } },
  { id: 'sst5-cr', sizes: ['10'], task: 'SST-5 → CR (sentiment, near, other classes)', network: 'lstm', source: { dataset: 'sst5/train', test: 'sst5/test' }, target: { dataset: 'cr/all', test: fifth } },
  { id: 'mr-mpqa', factor: 2, task: 'MR → MPQA (sentiment, distant)', network: 'lstm', source: { dataset: 'mr/all' }, target: { dataset: 'mpqa/all', test: fifth } },
  { id: 'clinc150-banking77', task: 'CLINC150 → BANKING77 (intents)', network: 'lstm', factor: 3, source: { dataset: 'clinc150/train', test: 'clinc150/test' }, target: { dataset: 'banking77/train', test: 'banking77/test' } },
  { id: 'sick-rte', sizes: ['10'], task: 'SICK → RTE (sentence pairs)', network: 'lstm-pair', source: { dataset: 'sick/train', test: 'sick/test' }, target: { dataset: 'rte/train', test: 'rte/dev' } },
]

const treatments = ['frozen', 'fine-tuned', 'random']

/** States that are strategies of their own name. */
const known = new Map([
  ['frozen frozen random', 'feature-extraction'],
  ['fine-tuned fine-tuned random', 'fine-tune'],
  ['random random random', 'scratch'],
])

/** @type {(outputs: readonly string[]) => readonly PlannedStrategy[]} */
const discreteStates = (outputs) =>
  outputs.flatMap((output) =>
    treatments.flatMap((embedding) =>
      treatments.flatMap((hidden) => {
        // Nothing would be trained.
        if ([embedding, hidden, output].every((treatment) => treatment === 'frozen')) return []
        const strategy = known.get(`${embedding} ${hidden} ${output}`)
        const name = `embedding ${embedding}, hidden ${hidden}${output === 'random' ? '' : `, output ${output}`}`
        return [{ cost: 1, entry: strategy ?? { strategy: 'discrete-states', name, options: { embedding, hidden, output } } }]
      }),
    ),
  )

/** @type {readonly PlannedStrategy[]} */
const units = [
  { cost: 2.5, entry: { strategy: 'recurrent-ptu', name: 'PTU light', options: { candidate: 'light' } } },
  { cost: 3, entry: { strategy: 'recurrent-ptu', name: 'PTU three states', options: { candidate: 'threeState', layers: 'all' } } },
]

/**
 * The runs of the text area, the small ones first. The tf-idf row comes with every text recipe.
 *
 * @type {readonly PlannedRun[]}
 */
export const nlpRuns = Object.entries(budget.steps).flatMap(([size, ofSize]) =>
  pairs.flatMap(({ id: pair, task, network, factor = 1, sizes, source, target }) => {
    if (sizes !== undefined && !sizes.includes(size)) return []
    const [id, steps] = [`${pair}-${size}`, factor * ofSize]
    const run = {
      id,
      task,
      size: `${size} %`,
      steps,
      seeds: budget.seeds,
      strategies: [...units, ...discreteStates(budget.withEveryOutput.includes(id) ? ['random', 'fine-tuned', 'frozen'] : ['random'])],
      recipe: {
        source: {
          network,
          options: { hiddenSize: budget.hiddenSize, embeddingSize: budget.embeddingSize, pooling: 'max', dropout: 0.3 },
          text: { maximumLength: budget.maximumLength },
          pretrain: { ...source, epochs: budget.sourceEpochs, batchSize: budget.batchSize, optimiser: 'adam', learningRate: 0.001, weightDecay: 0 },
        },
        target: { ...target, trainShare: Number(size) / 100 },
        training: { steps, batchSize: budget.batchSize, optimiser: 'adam', learningRate: budget.learningRate, weightDecay: 0 },
      },
    }
    return [run]
  }),
)
