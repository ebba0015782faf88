import {
  argMax,
  cast,
  equal,
  type Logits,
  type Labels,
  mean,
  type Scalar,
  type StepInputs,
  type StepOutputs,
  type Tensor,
  type TensorTree,
  type TransferProgram,
  valueAndGradWithAuxiliary,
} from '@transferkit/tensor'
import { classificationLoss } from '../strategies/classification-loss.js'
import { everything, type TrainedPart } from './trained-part.js'

/** Share of the examples whose largest score is that of their class. */
const accuracyOf = (logits: Logits, labels: Labels): Scalar => mean(cast(equal(argMax(logits), labels), 'float32'))

/** The training step of a program that changes a part of the parameters; no gradient of the others is computed. @internal */
export const stepOfPart = (program: TransferProgram, part: TrainedPart): ((inputs: StepInputs) => StepOutputs) => {
  if (program.step !== undefined) return program.step.bind(program)
  const lossOf = program.loss?.bind(program) ?? classificationLoss(program)
  return ({ training, frozen, batch, key, progress, optimiser, learningRate }) => {
    const trained = part.params(training.params)
    const differentiated = valueAndGradWithAuxiliary((params: TensorTree) => {
      const { loss, state, logits, metrics } = lossOf({ variables: { params: part.replace(training.params, params), frozen, state: training.state }, batch, key, progress })
      return { value: loss, auxiliary: { state, metrics: { ...metrics, accuracy: accuracyOf(logits, batch.labels) } } }
    })
    const { value, gradient, auxiliary } = differentiated(trained)
    const updated = optimiser.update(gradient, part.memory(training.optimiser), trained, { learningRate })
    return {
      training: {
        params: part.replace(training.params, updated.params),
        optimiser: part.replace(training.optimiser, updated.state),
        state: auxiliary.state,
        extra: training.extra,
      },
      metrics: { ...auxiliary.metrics, loss: value satisfies Tensor },
    }
  }
}

/**
 * The training step of a program: its own where it has one, else one step of the optimiser down the gradient of its loss.
 *
 * A step is a pure function; the caller runs it in a scope that is given the old state.
 *
 * @param program The target model.
 *
 * @example
 * ```ts
 * import { scope, type StepInputs, type TransferProgram } from '@transferkit/tensor'
 * import { trainingStep } from '@transferkit/training'
 *
 * const oneStep = (program: TransferProgram, inputs: StepInputs) => scope(() => trainingStep(program)(inputs), { donate: inputs.training.params })
 * ```
 */
export const trainingStep = (program: TransferProgram): ((inputs: StepInputs) => StepOutputs) => stepOfPart(program, everything)
