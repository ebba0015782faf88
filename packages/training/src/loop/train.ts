import { countElements, foldIn, inference, type ProgramVariables, release, scalar, scope, type StepInputs, type TrainingState, TransferkitError } from '@transferkit/tensor'
import { evaluate } from '../metrics/evaluate.js'
import { cosine } from '../schedules/schedule.js'
import { batchOnBackend, batchReader, type BatchesAhead, readAhead } from './batches.js'
import { beginPhase, cachesFeatures } from './begin-phase.js'
import { type Kept, readCheckpoint, writeCheckpoint } from './checkpoint.js'
import { fresh, summariseEpoch, withBatch, withEpoch } from './epoch-summary.js'
import type { CheckpointSaved, TrainingEnd, TrainingEvent } from './events.js'
import type { FeatureStore } from './feature-store.js'
import { hasInspections, inspectModel } from './inspect-model.js'
import { memoryFeatureStore } from './memory-feature-store.js'
import { copyOf, idsOf, releaseAllBut, startOf } from './start.js'
import { notFinite, readMetrics } from './step-metrics.js'
import { trainingPlan } from './training-plan.js'
import type { Trained, TrainOptions } from './training-settings.js'
import { turnTaker } from './turn-taker.js'

const secondsSince = (begun: number): number => (performance.now() - begun) / 1000

/**
 * Trains a target model.
 *
 * All randomness is a function of the seed and the number of the step, so that a training can be resumed at any step with the same numbers. Memory is
 * constant over the steps: each replaces the state of the one before. A program with phases runs one after the other; validation always looks at the model as the
 * program itself runs it.
 *
 * @param options The model, the data and how to train.
 * @returns Events as they happen, and in the end the trained model.
 * @throws TransferkitError `training/not-finite` when the loss is NaN or infinite, or the program finds fault with a step; it names the step, and the last good checkpoint is kept.
 * @throws TransferkitError, before the first step, `training/length` unless exactly one of `steps` and `epochs` is given, `training/no-validation` when the best epoch is to
 * be kept or the training to stop early without a validation set, `training/validation-fraction`, `data/empty`, `data/label-out-of-range`, `random/seed`.
 * @throws TransferkitError `training/checkpoint-mismatch` when `resumeFrom` belongs to another training or is no checkpoint, `safetensors/corrupt` when it is damaged.
 * @throws TransferkitError `evaluation/not-finite` when a validation gives NaN or infinity.
 * @throws TransferkitError `training/phases` when the phases of the program are wrong; it names the phase.
 * @throws TransferkitError `training/aborted` when the signal stopped the training.
 *
 * @example
 * ```ts
 * import { train, type TrainOptions } from '@transferkit/training'
 *
 * const lossesOf = async (options: TrainOptions) => {
 *   const losses: number[] = []
 *   for await (const event of train(options)) if (event.type === 'step-end') losses.push(event.loss)
 *   return losses
 * }
 * ```
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainingEvent, Trained> {
  const { program, schedule = cosine(0.01), keep = 'last', readEvery = 1, saveCheckpoint } = options
  const plan = trainingPlan(options)
  const { key, batchSize, dataset, validation, testTransforms, totalSteps } = plan

  const shared = idsOf(options.shared ?? [])
  const { frozen, ...start } = startOf(program, plan.optimiser, key, shared)
  let training: TrainingState = start
  let best: Kept | undefined
  let result: ProgramVariables | undefined
  let batches: BatchesAhead | undefined
  let sourceBatches: BatchesAhead | undefined
  try {
    let progress = fresh
    if (options.resumeFrom !== undefined) {
      const restored = readCheckpoint(options.resumeFrom, training, plan.identity)
      release({ ...training })
      ;({ training, best, progress } = restored)
    }
    const trainedParameters = countElements(training.params)
    yield { type: 'training-start', totalSteps, stepsPerEpoch: plan.stepsPerEpoch, step: progress.step, examples: dataset.size, trainedParameters }

    const checkpoint = async (): Promise<CheckpointSaved> => {
      await saveCheckpoint?.(await writeCheckpoint(training, best, progress, plan.identity), progress.step)
      return { type: 'checkpoint-saved', step: progress.step }
    }
    sourceBatches = options.sourceData && readAhead(batchReader(foldIn(key, 'source data'), batchSize, options.sourceData, plan.transforms), totalSteps)
    const takeTurn = turnTaker()
    let sinceRead = { examples: 0, seconds: 0 }
    let reason: TrainingEnd['reason'] = 'finished'
    let ownStore: FeatureStore | undefined

    for (const phase of plan.phases.filter(({ end }) => end > progress.step)) {
      const caches = options.features !== false && cachesFeatures(phase, plan)
      // Kept from phase to phase as long as features are of use.
      ownStore = caches ? (ownStore ?? memoryFeatureStore()) : undefined
      const store = caches ? options.features || ownStore : undefined
      let begun = performance.now()
      const { step, optimiser, readBatch, ...running } = await beginPhase(phase, { options, plan, store, takeTurn, current: () => ({ ...training, frozen }) })
      progress = { ...progress, seconds: progress.seconds + secondsSince(begun) }
      if (phase.name !== undefined && progress.step === phase.start) yield { type: 'phase-start', name: phase.name, step: progress.step, trainedParameters: running.trainedParameters }
      if (running.features !== undefined) yield { type: 'features-cached', step: progress.step, ...running.features }

      batches = readAhead(readBatch, phase.end)
      while (progress.step < phase.end && reason === 'finished') {
        if (options.signal?.aborted === true) {
          if (saveCheckpoint !== undefined) yield await checkpoint()
          const advice = saveCheckpoint === undefined ? '' : ' A checkpoint was saved; resume from it to go on.'
          throw new TransferkitError('training/aborted', `The training was stopped after step ${progress.step} of ${totalSteps}.${advice}`)
        }

        begun = performance.now()
        const host = await batches.next(progress.step)
        const source = await sourceBatches?.next(progress.step)
        const learningRate = schedule(progress.step, totalSteps)
        const before: Pick<StepInputs, 'training' | 'frozen' | 'key' | 'optimiser'> = { training, frozen, key: foldIn(foldIn(key, 'step'), progress.step), optimiser }
        const done = progress.step / totalSteps
        const outputs = scope(() => step({ ...before, batch: batchOnBackend(host, source), learningRate: scalar(learningRate), progress: scalar(done) }), { donate: { ...training } })
        training = outputs.training
        progress = { ...progress, step: progress.step + 1 }

        const isLast = progress.step === totalSteps
        const endsEpoch = progress.step % plan.stepsPerEpoch === 0 || isLast
        const savesNow = saveCheckpoint !== undefined && options.checkpointEvery !== undefined && progress.step % options.checkpointEvery === 0 && !isLast
        const readsNow = progress.step % readEvery === 0 || endsEpoch || savesNow
        const metrics = readsNow ? await readMetrics(outputs.metrics) : undefined
        if (metrics === undefined) release(outputs.metrics)
        const seconds = secondsSince(begun)
        progress = { ...progress, seconds: progress.seconds + seconds }
        sinceRead = { examples: sinceRead.examples + host.labels.length, seconds: sinceRead.seconds + seconds }

        if (metrics !== undefined) {
          const { loss = Number.NaN, accuracy = 0 } = metrics
          const fault = program.faultOf?.(metrics)
          if (fault !== undefined || !Number.isFinite(loss)) throw notFinite(progress.step, loss, learningRate, fault)
          progress = withBatch(progress, loss, accuracy)
          yield { type: 'step-end', step: progress.step, totalSteps, loss, metrics, learningRate, examplesPerSecond: sinceRead.examples / sinceRead.seconds }
          sinceRead = { examples: 0, seconds: 0 }
        }
        if (endsEpoch) {
          const epoch = Math.ceil(progress.step / plan.stepsPerEpoch)
          const variables: ProgramVariables = { params: training.params, state: training.state, frozen }
          const looksNow = plan.inspectEvery > 0 && hasInspections(program) && (isLast || epoch % plan.inspectEvery === 0)
          const summary = await summariseEpoch(progress, epoch, {
            validate: validation && (() => evaluate((inputs) => program.forward(variables, inputs, inference).logits, validation, { transforms: testTransforms })),
            inspect: looksNow ? () => inspectModel(program, { ...variables, extra: training.extra }, dataset, testTransforms, batchSize) : undefined,
          })
          progress = withEpoch(progress, summary)
          if (keep === 'best' && progress.best.age === 0) {
            if (best !== undefined) release({ ...best })
            best = copyOf(training)
          }
          yield { type: 'epoch-end', ...summary }
          if (options.patience !== undefined && progress.best.age >= options.patience && !isLast) reason = 'early-stopping'
        }
        if (savesNow) yield await checkpoint()
        await takeTurn()
      }
      if (reason !== 'finished') break
    }

    yield { type: 'training-end', step: progress.step, seconds: progress.seconds, reason }
    const model: ProgramVariables = { ...(best ?? { params: training.params, state: training.state }), frozen }
    result = scope(() => program.publish?.(model) ?? model)
    return { variables: result, history: progress.history, trainedParameters, steps: progress.step, seconds: progress.seconds }
  } finally {
    await batches?.settle()
    await sourceBatches?.settle()
    // What the result does not hold is freed, whether the training came to its end or not.
    const kept = new Set([...shared, ...idsOf({ ...result })])
    releaseAllBut(kept, { ...training }, { ...best }, frozen)
  }
}
