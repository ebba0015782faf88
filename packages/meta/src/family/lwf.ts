import {
  branchAt,
  denseLayer,
  inference,
  type Key,
  type Logits,
  multiply,
  type Regulariser,
  type StrategyDefinition,
  type Tensor,
  type TensorTree,
  type TrainedNetwork,
  flattenTree,
  type Vectors,
} from '@transferkit/tensor'
import { defineRegulariser } from '@transferkit/training'
import { z } from 'zod'
import { targetFeatureShapes } from '../matching/feature-shapes.js'
import { distillationLoss, type DistillationOptions } from './distillation-loss.js'
import { featureTap } from './feature-tap.js'

/** Options of {@link lwf}. */
export interface LwfOptions extends DistillationOptions {
  /** `λ`, the weight of the term, 1 unless told, as in Li and Hoiem; 1 to 4 is customary. */
  readonly weight?: number
  /** Tap of the target model whose vectors the head over the source's classes reads; the last one that gives vectors unless told. */
  readonly tap?: string
  /** Start of the head over the source's classes: the source's own head, where it fits, or a random one; `'source'` unless told, as in the paper. */
  readonly headStart?: 'source' | 'random'
}

const options = z.strictObject({
  weight: z.number().nonnegative().default(1).describe('Weight of the term; 1 to 4 is customary.'),
  temperature: z.number().positive().default(2).describe('What scores are divided by before the softmax.'),
  temperatureSquared: z.boolean().default(true).describe('Whether the square of the temperature is a factor, as in the paper.'),
  tap: z.string().optional().describe('Tap whose vectors the head over the source classes reads; the last one that gives vectors unless told.'),
  headStart: z.enum(['source', 'random']).default('source').describe("Start of the head over the source's classes: 'source', where it fits, or 'random'."),
})

/** The source's head where it is a dense layer of this width, whose parameters the own head then has. */
const sourceHead = ({ network, variables }: TrainedNetwork, width: number): TensorTree | undefined => {
  const head = branchAt(variables.params, 'head')
  const shapes = Object.fromEntries(flattenTree<Tensor>(head).map(({ path, leaf }) => [path, String(leaf.shape)]))
  const fits = network.head.description.kind === 'dense' && shapes['weight'] === String([width, network.classes]) && shapes['bias'] === String([network.classes])
  return fits ? head : undefined
}

/**
 * Learning without Forgetting: the target model keeps a second head over the source's classes, and the source's answers on the target's examples are to stay:
 * `λ T² KL( softmax(z_S / T) ‖ softmax(z / T) )`, with `z` the scores of the second head and `z_S` those of the source.
 *
 * The targets `z_S` are what the frozen source gives for the examples of the batch, so that they are those recorded before training also where images are
 * augmented. The second head is trained along and dropped afterwards. It starts as the source's own head, where that is a dense layer on as many channels.
 * Defaults: `λ` 1 and `T` 2, as in the paper.
 *
 * @throws TransferkitError `lwf/no-feature`, from preparing it, when there is no such tap, naming the nearest.
 *
 * @example
 * ```ts
 * import { lwf } from '@transferkit/meta'
 * import { compose, fineTune } from '@transferkit/training'
 *
 * const strategy = compose(fineTune(), lwf({ temperature: 2, weight: 4 }))
 * ```
 */
export const lwf: StrategyDefinition<LwfOptions, Regulariser> = defineRegulariser({
  name: 'lwf',
  summary: "Keeps the source's answers on the target's examples, by a second head over its classes.",
  reference: { citation: 'Li and Hoiem, Learning without Forgetting, ECCV 2016.', url: 'https://arxiv.org/abs/1606.09282' },
  options,
  prepare: (context, structure, { weight, tap: wanted, headStart, temperature, temperatureSquared }) => {
    const { source } = context
    const { tap, width } = featureTap('lwf', targetFeatureShapes(structure, context.inputShape), wanted)
    const head = denseLayer({ units: source.network.classes })
    const start = (key: Key): TensorTree => head.init(key, [1, width]).params
    return {
      init: (key) => (headStart === 'source' ? (sourceHead(source, width) ?? start(key)) : start(key)),
      penalty: (inputs) => {
        // The tap was found among those of the model, and gives one vector an example.
        const feature = inputs.forward.taps[tap] as unknown as Vectors
        // One score for each class of the source.
        const student = head.apply({ params: inputs.ownParams, state: {} }, feature, inference).output as unknown as Logits
        return multiply(distillationLoss(student, inputs.source().logits, { temperature, temperatureSquared }), weight)
      },
    }
  },
})
