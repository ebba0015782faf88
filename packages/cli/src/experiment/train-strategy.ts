import { createHash } from 'node:crypto'
import { countElements, partitionTree } from '@transferkit/tensor'
import type { FeatureStore, TargetModel } from '@transferkit/training'
import { type TrialFolder, transferInFolder } from '@transferkit/training/node'
import type { Progress } from '../console/progress.js'
import type { TargetSettings } from '../recipe/target-schema.js'
import { decimal } from '../report/format.js'
import type { ResultRow } from '../report/results.js'
import { errorAbout } from './error-about.js'
import type { TrialResult } from './experiment.js'
import { claimFolder, finishedBefore } from './finished-trial.js'
import { followTraining } from './follow-training.js'
import type { OpenedRuntime } from './open-backend.js'
import type { PlannedStrategy } from './planned-strategies.js'
import type { SourceNetwork } from './source-file.js'
import type { TargetData } from './target-data.js'
import { optionsOf } from './training-settings.js'

/** What all trainings of a run have in common. @internal */
export interface RunSurroundings {
  /** The source network. */
  readonly source: SourceNetwork
  /** SHA-256 of the source's tensors. */
  readonly sourceHash: string
  /** The backend that computes. */
  readonly runtime: Pick<OpenedRuntime, 'backend' | 'compile'>
  /** Where features of frozen networks are kept for all strategies; false to compute them in every step. */
  readonly features: FeatureStore | false
  /** Where progress is shown. */
  readonly progress: Progress
  /** Stops the training after its step, with a checkpoint. */
  readonly signal: AbortSignal
}

/** One strategy with one seed. @internal */
export interface Trial {
  /** What is trained on and how it is prepared. */
  readonly target: TargetSettings
  /** Its data. */
  readonly data: TargetData
  /** The strategy. */
  readonly planned: PlannedStrategy
  /** The seed. */
  readonly seed: number
  /** Where its log, checkpoints and artefact are kept. */
  readonly folder: TrialFolder
  /** What is shown beside the bar, such as `[3/21] fine-tune, seed 1`. */
  readonly label: string
}

/** Steps between two checkpoints: few enough to cost nothing, often enough that little is lost when the machine goes down. */
const checkpointEvery = 100

/** What decides the numbers of a trial. Change the version when the training changes what it computes. */
const identityOf = ({ planned: { strategy, settings }, seed, target, data: { identity } }: Trial, { sourceHash, source, runtime: { backend } }: RunSurroundings): string =>
  createHash('sha256')
    .update(JSON.stringify({ version: 2, strategy: strategy.name, options: strategy.options, settings, seed, target, normalisation: source.record.normalisation, sourceHash, backend, data: identity }))
    .digest('hex')

/** Number of parameters of a model's classifiers, which stand in branches called `head`. */
const headParameters = ({ variables: { params } }: TargetModel): number => countElements(partitionTree(params, (path) => path.split('.').includes('head')).selected)

/** Says of an error in training which strategy and seed it came from. */
const ofTrial = (error: unknown, { planned, seed }: Trial): unknown =>
  errorAbout(`${planned.name}, seed ${seed}`, error, (code) => code.startsWith('training/'))

/**
 * Trains one strategy with one seed, tests it, and keeps log, artefact and result; or takes the result over where that was done before.
 *
 * @param trial The strategy and seed.
 * @param surroundings What all trainings of the run have in common.
 * @throws TransferkitError What training throws. A training that was stopped goes on from its checkpoint at the next call.
 * @internal
 */
export const trainStrategy = async (trial: Trial, surroundings: RunSurroundings): Promise<TrialResult> => {
  const { planned, seed, folder, label, target, data } = trial
  const { source, features, progress, runtime, signal } = surroundings
  const identity = identityOf(trial, surroundings)
  const finished = await finishedBefore(folder, identity)
  if (finished !== undefined) {
    const { row, headParameters: ofHead } = finished
    progress.note(`${label}: ${decimal(100 * row.accuracy)} %, finished before`)
    return { row: { ...row, name: planned.name }, headParameters: ofHead }
  }
  signal.throwIfAborted()
  await claimFolder(folder, identity)
  const { train, test, source: from, transforms, record } = await data.split(seed, source)
  const { settings, strategy } = planned
  const run = transferInFolder(folder, {
    source: from,
    target: train,
    strategy,
    seed,
    ...optionsOf(settings),
    transforms,
    compile: runtime.compile,
    checkpointEvery,
    features,
    record,
    signal,
  })
  const model = await followTraining(run, label, progress).catch((error: unknown) => {
    throw ofTrial(error, trial)
  })
  try {
    const { accuracy } = await model.evaluate(test)
    const row: ResultRow = {
      source: `${source.record.network} (${source.record.dataset})`,
      target: target.dataset,
      strategy: strategy.name,
      name: planned.name,
      options: strategy.options,
      seed,
      examples: train.size,
      testExamples: test.size,
      accuracy,
      privateParameters: model.privateParameters,
      trainedParameters: model.trainedParameters,
      seconds: model.seconds,
    }
    const result: TrialResult = { row, headParameters: headParameters(model) }
    await folder.finish({ identity, ...result })
    progress.note(`${label}: ${decimal(100 * accuracy)} % in ${decimal(model.seconds)} s`)
    return result
  } finally {
    model.release()
  }
}
