import { type LossInputs, type ProgramVariables, randomKey, type Scalar, scalar, scope, type TensorTree, type TransferProgram } from '@transferkit/tensor'
import { expectGradients } from '@transferkit/tensor/conformance'
import { batchOnBackend, readBatch } from '../loop/batches.js'
import { classificationLoss } from '../strategies/classification-loss.js'
import type { ConformanceSetting, StrategyProperty } from './conformance-setting.js'
import { programOf, withStart } from './trained-values.js'

/** A loss of a model, for a batch. */
type LossOf = (program: TransferProgram, inputs: LossInputs) => Scalar

/** Compares the gradient of a loss at the start of the strategy under test with finite differences. @internal */
export const checkGradient = async (setting: ConformanceSetting, lossOf: LossOf): Promise<void> => {
  const program = programOf(setting)
  const { target, sourceData, strategy } = setting
  const read = async (dataset: typeof target): Promise<Awaited<ReturnType<typeof readBatch>>> => readBatch(dataset, Int32Array.from({ length: 8 }, (_, index) => index), [], randomKey(0))
  const [host, hostSource] = [await read(target), strategy.usesSourceData === true ? await read(sourceData) : undefined]
  await withStart(setting, program, 7, (variables: ProgramVariables) =>
    scope(() => {
      const given: Omit<LossInputs, 'variables'> = { batch: batchOnBackend(host, hostSource), key: randomKey(8), progress: scalar(0.5) }
      expectGradients((params: TensorTree) => lossOf(program, { ...given, variables: { ...variables, params } }), variables.params)
    }),
  )
}

/** @internal */
export const gradients: StrategyProperty = {
  name: 'gradients',
  title: 'the gradient of the loss agrees with finite differences',
  run: async (setting) => checkGradient(setting, (program, inputs) => (program.loss?.(inputs) ?? classificationLoss(program)(inputs)).loss),
}
