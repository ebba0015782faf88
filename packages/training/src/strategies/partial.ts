import { nearestSpelling, type Network, type Strategy, type StrategyDefinition, TransferkitError, withClasses } from '@transferkit/tensor'
import { z } from 'zod'
import { defineStrategy } from './define-strategy.js'
import { headGroups, headLearningRate, isHead } from './head.js'
import { networkProgram } from './network-program.js'

const treatment = z.enum(['frozen', 'fine-tuned', 'random'])

const options = z.strictObject({
  freezeFirst: z.int().nonnegative().default(0).describe('Number of stages, counted from the input, that are frozen.'),
  fineTuneFirst: z.int().nonnegative().optional().describe('Number of stages, counted from the input, that start from the source; later ones start at random. All unless told.'),
  stages: z.record(z.string(), treatment).default({}).describe("Treatment of single stages by name: 'frozen', 'fine-tuned' or 'random'; goes before the counts."),
  headLearningRate,
})

/** What happens to a stage: it stays as in the source, starts from the source, or starts at random. */
export type StageTreatment = 'frozen' | 'fine-tuned' | 'random'

/** Options of {@link partial}. Without any, it is fine-tuning. */
export interface PartialOptions {
  /** Number of stages, counted from the input, that are frozen; 0 unless told. */
  readonly freezeFirst?: number
  /** Number of stages, counted from the input, that start from the source; later ones start at random. All unless told. */
  readonly fineTuneFirst?: number
  /** Treatment of single stages by name; goes before the counts. */
  readonly stages?: Record<string, StageTreatment>
  /** Factor on the learning rate of the new head; 1 unless told, our choice, so that one rate holds for all; 10 is customary. */
  readonly headLearningRate?: number
}

/** The treatment of every stage, with names and counts checked. */
const treatments = (network: Network, { freezeFirst, fineTuneFirst, stages }: z.infer<typeof options>): ReadonlyMap<string, StageTreatment> => {
  const names = network.stages.map(({ name }) => name)
  const unknown = Object.keys(stages).find((name) => !names.includes(name))
  if (unknown !== undefined) {
    const nearest = nearestSpelling(unknown, names)
    throw new TransferkitError(
      'strategy/unknown-stage',
      `Strategy 'partial', option 'stages': the network '${network.name}' has no stage '${unknown}'.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`} Its stages are: ${names.join(', ')}.`,
    )
  }
  for (const [option, count] of Object.entries({ freezeFirst, fineTuneFirst })) {
    if (count !== undefined && count > names.length) {
      throw new TransferkitError('strategy/stage-count', `Strategy 'partial', option '${option}': found ${count}, but the network '${network.name}' has ${names.length} stages: ${names.join(', ')}.`)
    }
  }
  const byPosition = (position: number): StageTreatment => (position < freezeFirst ? 'frozen' : position < (fineTuneFirst ?? names.length) ? 'fine-tuned' : 'random')
  return new Map(names.map((name, position) => [name, stages[name] ?? byPosition(position)]))
}

/**
 * Partial transfer: each stage is frozen (in inference mode), fine-tuned from the source, or trained from a random start; the head is new.
 *
 * `freezeFirst: k` and `fineTuneFirst: k` are the sweeps of Yosinski et al.; `stages` sets single stages.
 *
 * @throws TransferkitError, from preparing it, `strategy/unknown-stage` with the nearest name, or `strategy/stage-count` when a count is larger than the network has stages.
 *
 * @example
 * ```ts
 * import { partial } from '@transferkit/training'
 *
 * const sweep = [0, 1, 2, 3].map((count) => partial({ freezeFirst: count }))
 * const mixed = partial({ stages: { stem: 'frozen', stage4: 'random' } }) // all other stages are fine-tuned
 * ```
 */
export const partial: StrategyDefinition<PartialOptions, Strategy> = defineStrategy({
  name: 'partial',
  summary: 'Freezes, fine-tunes or re-initialises each stage.',
  reference: { citation: 'Yosinski et al., How transferable are features in deep neural networks?, NeurIPS 2014.', url: 'https://arxiv.org/abs/1411.1792' },
  options,
  prepare: ({ source, task }, chosen) => {
    const network = withClasses(source.network, task.classes.length)
    const treated = treatments(network, chosen)
    const treatmentOf = (path: string): StageTreatment => [...treated].find(([name]) => path.startsWith(`${name}.`))?.[1] ?? 'random'
    return networkProgram({
      network,
      source,
      startsFromSource: (path) => !isHead(path) && treatmentOf(path) !== 'random',
      trains: (path) => isHead(path) || treatmentOf(path) !== 'frozen',
      staysInInference: (stage) => treated.get(stage) === 'frozen',
      parameterGroup: headGroups(chosen.headLearningRate),
    })
  },
})
