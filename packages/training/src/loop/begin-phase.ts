import { countElements, flattenTree, type HostBatch, type Optimiser, type StepInputs, type StepOutputs, type Tensor, type TensorTree, type TrainingState, TransferkitError } from '@transferkit/tensor'
import { withParameterGroups } from '../optimisers/parameter-groups.js'
import { batchReader } from './batches.js'
import { cacheFeatures, type CachedFeatures, mayCacheFeatures, type ProgramWithPrefix } from './cached-features.js'
import type { FeatureStore } from './feature-store.js'
import type { RunPhase } from './phases.js'
import { idsOf } from './start.js'
import { everything, trainedPart } from './trained-part.js'
import type { TrainingPlan } from './training-plan.js'
import type { TrainOptions } from './training-settings.js'
import { stepOfPart } from './training-step.js'

/** A phase that is ready to run. @internal */
export interface RunningPhase {
  readonly step: (inputs: StepInputs) => StepOutputs
  readonly optimiser: Optimiser
  /** Reads the batch of any step. */
  readonly readBatch: (step: number) => Promise<HostBatch>
  readonly trainedParameters: number
  /** Where the features came from that it trains on, if it does. */
  readonly features: CachedFeatures['report'] | undefined
}

/** Where the training is when the phase begins. @internal */
export interface PhaseSurroundings {
  readonly options: TrainOptions
  readonly plan: TrainingPlan
  /** The model, as it is when asked. */
  readonly current: () => TrainingState & { readonly frozen: TensorTree }
  readonly store: FeatureStore | undefined
  readonly takeTurn: () => Promise<void>
}

/**
 * Whether the features of a phase are computed once an example: where they can be, and where its steps look at more examples than there are. That depends on the whole
 * phase, so that a resumed training decides as the straight one did.
 *
 * @internal
 */
export const cachesFeatures = ({ program, start, end }: RunPhase, { transforms, batchSize, dataset }: TrainingPlan): boolean =>
  mayCacheFeatures(program, transforms) && (end - start) * batchSize > dataset.size

const checkPrefix = ({ prefix }: ProgramWithPrefix, name: string | undefined, trained: TensorTree, model: TrainingState & { readonly frozen: TensorTree }): void => {
  const ids = idsOf(trained)
  const moving = flattenTree<Tensor>(prefix.tensors(model)).find(({ leaf }) => ids.has(leaf.id))
  if (moving === undefined) return
  throw new TransferkitError(
    'training/prefix-trained',
    `${name === undefined ? 'The training' : `Phase '${name}' of the training`}: the features of '${prefix.identity}' depend on '${moving.path}', which is trained. Give a prefix that ends before it, or none.`,
  )
}

/**
 * Prepares the step of a phase, and the features that it trains on where it can.
 *
 * @throws TransferkitError `training/phases` when it trains nothing, `training/prefix-trained` when its features would change.
 * @internal
 */
export const beginPhase = async (phase: RunPhase, { options, plan, current, store, takeTurn }: PhaseSurroundings): Promise<RunningPhase> => {
  const { program, name, trains } = phase
  const { key, batchSize, dataset, transforms } = plan
  const model = current()
  const part = trains === undefined ? everything : trainedPart(name ?? '', trains, plan.optimiser, model)
  const trained = part.params(model.params)
  let cached: CachedFeatures | undefined
  if (store !== undefined && mayCacheFeatures(program, transforms)) {
    checkPrefix(program, name, trained, model)
    const shouldStop = async (): Promise<boolean> => {
      await takeTurn()
      return options.signal?.aborted === true
    }
    cached = await cacheFeatures({ program, variables: current, dataset, transforms, store, shouldStop })
  }
  const eagerStep = stepOfPart(cached?.program ?? program, part)
  return {
    step: options.compile?.(eagerStep, { precision: options.precision ?? 'float32' }) ?? eagerStep,
    optimiser: withParameterGroups(plan.optimiser, (path) => program.parameterGroup?.(path) ?? {}),
    readBatch: batchReader(key, batchSize, cached?.dataset ?? dataset, cached === undefined ? transforms : []),
    trainedParameters: countElements(trained),
    features: cached?.report,
  }
}
