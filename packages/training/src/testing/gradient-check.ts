import { type LossInputs, mapTree, randomKey, readSync, scalar, scope, tensor, type TensorTree, valueAndGrad } from '@transferkit/tensor'
import { batchOnBackend, readBatch } from '../loop/batches.js'
import { classificationLoss } from '../strategies/classification-loss.js'
import { type ConformanceCheck, fail } from './conformance-setting.js'
import { programOf, valuesOf, withStart } from './trained-values.js'

const relative = 0.03

/** @internal */
export const gradients: ConformanceCheck = {
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
        const loss = (params: TensorTree): ReturnType<typeof lossOf>['loss'] => lossOf({ ...given, variables: { ...variables, params } }).loss
        const { gradient } = valueAndGrad(loss)(variables.params)
        const all = valuesOf(gradient)
        const whole = Math.sqrt([...all.values()].reduce((total, values) => total + squaredNorm(values), 0))
        for (const [path, values] of all) checkAlong(path, values, whole, variables.params, (params) => readSync(loss(params))[0] ?? Number.NaN)
      }),
    )
  },
}

const squaredNorm = (values: Float32Array): number => values.reduce((total, value) => total + value * value, 0)

/** Moves one tensor along its gradient, or along ones where that is 0, and compares the slope of the loss. */
const checkAlong = (path: string, gradient: Float32Array, whole: number, params: TensorTree, lossAt: (params: TensorTree) => number): void => {
  const norm = Math.sqrt(squaredNorm(gradient))
  const isFlat = norm < 1e-4 * whole
  const direction = gradient.map((value) => (isFlat ? 1 / Math.sqrt(gradient.length) : value / norm))
  const moved = (distance: number): TensorTree =>
    mapTree(params, (leaf, at) => (at === path ? tensor(readSync(leaf).map((value, index) => value + distance * (direction[index] ?? 0)), leaf.shape) : leaf))
  const slope = (step: number): number => scope(() => (lossAt(moved(step)) - lossAt(moved(-step))) / (2 * step))
  const expected = isFlat ? gradient.reduce((total, value, index) => total + value * (direction[index] ?? 0), 0) : norm
  // A step may cross the kink of a rectifier; a shorter one then does not.
  const found = [1e-2, 3e-3, 1e-3].map(slope)
  const closest = Math.min(...found.map((value) => Math.abs(value - expected)))
  if (!(closest <= relative * Math.max(norm, 0.02 * whole))) {
    fail(`The gradient of '${path}' is wrong: along it the loss changes by ${found.join(', ')} per unit, but the gradient says ${expected}. Is a part of the loss cut off from it?`)
  }
}
