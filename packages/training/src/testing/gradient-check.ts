import { type LossInputs, randomKey, scalar, scope, type TensorTree } from '@transferkit/tensor'
import { expectGradients } from '@transferkit/tensor/conformance'
import { batchOnBackend, readBatch } from '../loop/batches.js'
import { classificationLoss } from '../strategies/classification-loss.js'
import type { StrategyProperty } from './conformance-setting.js'
import { programOf, withStart } from './trained-values.js'

/** @internal */
export const gradients: StrategyProperty = {
  name: 'gradients',
  title: 'the gradient of the loss agrees with finite differences',
  run: async (setting) => {
    const program = programOf(setting)
    const lossOf = program.loss?.bind(program) ?? classificationLoss(program)
    const { target, sourceData, strategy } = setting
    const read = async (dataset: typeof target): Promise<Awaited<ReturnType<typeof readBatch>>> => readBatch(dataset, Int32Array.from({ length: 8 }, (_, index) => index), [], randomKey(0))
    const [host, hostSource] = [await read(target), strategy.usesSourceData === true ? await read(sourceData) : undefined]
    await withStart(setting, program, 7, (variables) =>
      scope(() => {
        const given: Omit<LossInputs, 'variables'> = { batch: batchOnBackend(host, hostSource), key: randomKey(8), progress: scalar(0.5) }
        expectGradients((params: TensorTree) => lossOf({ ...given, variables: { ...variables, params } }).loss, variables.params)
      }),
    )
  },
}
