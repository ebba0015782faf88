import { writeFileSync } from 'node:fs'
import { add, foldIn, identity, item, mapTree, randomKey, randomNormal, scalar, scope } from '@transferkit/tensor'
import { liveTensors } from '@transferkit/tensor/testing'
import { trainingStep, writeSafetensors } from '@transferkit/training'
import { answer } from './contestant.mjs'
import { profile } from './profile.mjs'

/**
 * @typedef {object} TrainingSide What a contestant of ours trains.
 * @property {import('@transferkit/runtime').Runtime} runtime
 * @property {string | undefined} mode `compiled`, `eager`, or `profile`, which says where the time goes.
 * @property {import('@transferkit/tensor').TransferProgram} program
 * @property {import('@transferkit/tensor').ProgramVariables} start
 * @property {import('@transferkit/tensor').TensorTree} [extra] Anything that the program's own step carries along.
 * @property {import('@transferkit/tensor').Batch} batch The same batch in all steps.
 * @property {import('@transferkit/tensor').Optimiser} optimiser
 * @property {number} learningRate
 * @property {import('@transferkit/tensor').Precision} [precision] What a compiled step computes in.
 * @property {readonly string[]} [losses] Names of the metrics whose sum is told as the loss; `loss` unless told.
 */

/**
 * Trains on one batch, a step whenever it is asked for.
 *
 * @param {TrainingSide} side
 */
export const trainOnRequest = async ({ runtime, mode, program, start, extra = {}, batch, optimiser, learningRate, precision = 'float32', losses = ['loss'] }) => {
  const key = randomKey(1)
  const [rate, progress] = [scalar(learningRate), scalar(0)]
  const eagerStep = trainingStep(program)
  const oneStep = mode === 'compiled' ? runtime.compile(eagerStep, { precision }) : eagerStep
  /** @type {(tree: import('@transferkit/tensor').TensorTree) => import('@transferkit/tensor').TensorTree} */
  const own = (tree) => mapTree(tree, (leaf) => identity(leaf))
  // Copies, because a step frees what it replaces, and a target may start as the frozen source's own tensors.
  /** @type {import('@transferkit/tensor').TrainingState} */
  let training = { params: own(start.params), state: own(start.state), optimiser: optimiser.init(start.params), extra: own(extra) }
  let done = 0
  const step = () => {
    const before = training
    const { training: after, loss } = scope(
      () => {
        const { training, metrics } = oneStep({ training: before, frozen: start.frozen, batch, key: foldIn(key, done++), progress, optimiser, learningRate: rate })
        return { training, loss: losses.reduce((sum, name) => sum + item(metrics[name] ?? progress), 0) }
      },
      { donate: [before.params, before.state, before.optimiser, before.extra] },
    )
    training = after
    return loss
  }
  if (mode === 'profile') profile(step)
  else await answer({ step, describe: () => ({ backend: runtime.backend, reason: runtime.reason, tensors: liveTensors() }) })
}

/**
 * Parameters with the gates of transfer units moved: they start at zero, and from elsewhere an error in them shows in the losses.
 *
 * @param {import('@transferkit/tensor').Key} key
 * @param {import('@transferkit/tensor').TensorTree} params
 * @returns {import('@transferkit/tensor').TensorTree}
 */
export const withMovedGates = (key, params) => mapTree(params, (leaf, path) => (path.startsWith('units.') ? add(leaf, randomNormal(foldIn(key, path), leaf.shape, 0, 0.05)) : leaf))

/**
 * Writes where a training starts, so that others can start there too.
 *
 * @param {string} file
 * @param {readonly import('@transferkit/training').SafetensorsEntry[]} entries
 */
export const writeStart = (file, entries) => writeFileSync(file, writeSafetensors(entries))
