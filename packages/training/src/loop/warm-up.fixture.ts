import {
  branchAt,
  dropout,
  type Forward,
  inference,
  mean,
  type Mode,
  type ProgramVariables,
  runStages,
  softmaxCrossEntropy,
  type Strategy,
  type StrategyDefinition,
  type Tensor,
  trainingMode,
  type TransferProgram,
  type Vectors,
  withClasses,
} from '@transferkit/tensor'
import { z } from 'zod'
import { defineStrategy } from '../strategies/define-strategy.js'
import { fineTune } from '../strategies/fine-tune.js'

/** Fine-tuning after a phase in which only the head is trained, with dropout, on features of the source. */
export const warmUp: StrategyDefinition<{ readonly until?: number; readonly ownLoss?: boolean }, Strategy> = defineStrategy({
  name: 'warm-up',
  summary: 'Trains the head first.',
  reference: { citation: 'None.' },
  options: z.strictObject({ until: z.number().default(0.5), ownLoss: z.boolean().default(false) }),
  prepare: (context, { until, ownLoss }): TransferProgram => {
    const program = fineTune().prepare(context)
    const network = withClasses(context.source.network, context.task.classes.length)
    const compute = ({ params, state }: ProgramVariables, inputs: Tensor): Tensor => runStages(network, { params, state }, inputs, inference).output
    const onFeatures = ({ params, state }: ProgramVariables, features: Tensor, mode: Mode): Forward => {
      const dropped = mode.training ? dropout(features, mode.key, { rate: 0.25 }) : features
      const { output } = network.head.apply({ params: branchAt(params, 'head'), state: {} }, dropped as unknown as Vectors, mode)
      return { logits: output, taps: { pooled: features }, state }
    }
    const forward: TransferProgram['forward'] = (variables, inputs, mode) => onFeatures(variables, compute(variables, inputs), mode)
    const lossOn = (forwardPass: TransferProgram['forward']): NonNullable<TransferProgram['loss']> => ({ variables, batch, key }) => {
      const { logits, taps, state } = forwardPass(variables, batch.inputs, trainingMode(key))
      const loss = mean(softmaxCrossEntropy(logits, batch.labels) as Tensor)
      return { loss, logits, taps, state, metrics: { own: loss } }
    }
    return {
      ...program,
      phases: [
        {
          name: 'warm-up',
          until,
          trains: (path) => path.startsWith('head.'),
          program: {
            forward,
            prefix: {
              identity: `${network.name}: all stages`,
              tensors: ({ params, state }) => ({ params: network.stages.map(({ name }) => branchAt(params, name)), state }),
              compute,
              forward: onFeatures,
              ...(ownLoss ? { loss: lossOn(onFeatures) } : {}),
            },
            ...(ownLoss ? { loss: lossOn(forward) } : {}),
          },
        },
        { name: 'fine-tuning', until: 1 },
      ],
    }
  },
})
