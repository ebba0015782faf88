import {
  type AnyTensor,
  type AnyTensorTree,
  type BatchTransform,
  countElements,
  type Dataset,
  foldIn,
  type HostBatch,
  identity,
  inference,
  type Inspection,
  type Key,
  leavesOf,
  mapTree,
  type Metrics,
  type Optimiser,
  type ProgramVariables,
  randomKey,
  read,
  release,
  scalar,
  scope,
  type StepInputs,
  type TensorTree,
  type TrainingState,
  TransferkitError,
  type TransferProgram,
} from '@transferkit/tensor'
import { evaluate, type Evaluation } from '../metrics/evaluate.js'
import { withParameterGroups } from '../optimisers/parameter-groups.js'
import { sgd } from '../optimisers/sgd.js'
import { cosine } from '../schedules/schedule.js'
import { batchOnBackend, checkDataset, consecutive, inputsOf, readBatch, stepIndices, stepsPerEpoch } from './batches.js'
import { type Identity, type Kept, type Progress, readCheckpoint, writeCheckpoint } from './checkpoint.js'
import type { CheckpointSaved, EpochSummary, TrainingEnd, TrainingEvent } from './events.js'
import { cacheFeatures } from './feature-cache.js'
import { holdOut } from './hold-out.js'
import { trainingStep } from './training-step.js'
import type { Trained, TrainingSettings, TrainOptions } from './training-settings.js'

/** Number of looks at a model during a training, unless told otherwise. */
const inspections = 20

const fresh: Progress = { step: 0, seconds: 0, epoch: { loss: 0, accuracy: 0, count: 0 }, best: { accuracy: -1, age: 0 }, history: [] }

const secondsSince = (begun: number): number => (performance.now() - begun) / 1000

/** A turn for timers and signals; asking at every step would cost more than small steps take. */
const turnTaker = (): (() => Promise<void>) => {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < 20) return
    await new Promise<void>((resolve) => setTimeout(resolve))
    last = performance.now()
  }
}

const lengthOf = ({ steps, epochs }: TrainingSettings, perEpoch: number): number => {
  const total = steps ?? (epochs === undefined ? undefined : epochs * perEpoch)
  if (total !== undefined && (steps === undefined || epochs === undefined) && Number.isSafeInteger(total) && total > 0) return total
  throw new TransferkitError('training/length', `The length of a training is either 'steps' or 'epochs', a whole number above 0; found steps ${String(steps)} and epochs ${String(epochs)}.`)
}

/** Reads the numbers of a step and frees them. */
const readMetrics = async (metrics: Metrics): Promise<Readonly<Record<string, number>>> => {
  try {
    const numbers = await Promise.all(Object.entries(metrics).map(async ([name, value]) => [name, (await read(value))[0] ?? Number.NaN] as const))
    return Object.fromEntries(numbers)
  } finally {
    release(metrics)
  }
}

const notFinite = (step: number, loss: number, learningRate: number): TransferkitError =>
  new TransferkitError(
    'training/not-finite',
    `The loss is ${loss} at step ${step}, with learning rate ${learningRate}. The training is stopped; the last checkpoint is from before. Try a lower learning rate, warm-up steps or clipping, and check that the inputs are normalised.`,
  )

/** The state at the start: own copies of tensors that belong to somebody else, because each step frees the state of the one before. */
const startOf = (program: TransferProgram, optimiser: Optimiser, key: Key, shared: ReadonlySet<number>): TrainingState & { readonly frozen: TensorTree } =>
  scope(() => {
    const { params, state, frozen } = program.init(foldIn(key, 'init'))
    const foreign = new Set([...shared, ...leavesOf<AnyTensor>(frozen).map(({ id }) => id)])
    const owned = (tree: TensorTree): TensorTree => mapTree(tree, (leaf) => (foreign.has(leaf.id) ? identity(leaf) : leaf))
    const start = owned(params)
    return { params: start, state: owned(state), optimiser: optimiser.init(start), extra: program.initExtra?.(foldIn(key, 'extra'), start) ?? {}, frozen }
  })

const copyOf = ({ params, state }: Kept): Kept => ({ params: mapTree(params, (leaf) => identity(leaf)), state: mapTree(state, (leaf) => identity(leaf)) })

/** Frees the tensors of trees, except some. */
const releaseAllBut = (kept: ReadonlySet<number>, ...trees: readonly AnyTensorTree[]): void => {
  release(leavesOf<AnyTensor>(trees).filter(({ id }) => !kept.has(id)))
}

/** Looks at a model with some examples. */
const inspect = async (program: TransferProgram, variables: ProgramVariables, dataset: Dataset, transforms: readonly BatchTransform[], batchSize: number): Promise<readonly Inspection[]> => {
  const [indices = new Int32Array(0)] = consecutive(dataset.size, batchSize)
  const batch = await readBatch(dataset, indices, transforms, randomKey(0))
  return scope(() => program.inspect?.(variables, inputsOf(batch)) ?? [])
}

/** Numbers of an epoch from the sums over its batches, with validation and inspection where they are asked for. */
const summarise = async (
  { epoch: sums, step }: Progress,
  epoch: number,
  validate: (() => Promise<Evaluation>) | undefined,
  look: (() => Promise<readonly Inspection[]>) | undefined,
): Promise<EpochSummary> => {
  const evaluation = await validate?.()
  return {
    epoch,
    step,
    trainingLoss: sums.loss / sums.count,
    trainingAccuracy: sums.accuracy / sums.count,
    ...(evaluation === undefined ? {} : { validationAccuracy: evaluation.accuracy, validationLoss: evaluation.loss }),
    inspections: (await look?.()) ?? [],
  }
}

const withEpoch = (progress: Progress, summary: EpochSummary): Progress => {
  const { validationAccuracy = -1 } = summary
  const isBetter = validationAccuracy > progress.best.accuracy
  return {
    ...progress,
    epoch: fresh.epoch,
    best: isBetter ? { accuracy: validationAccuracy, age: 0 } : { ...progress.best, age: progress.best.age + 1 },
    history: [...progress.history, summary],
  }
}

/** Examples of a step, read and transformed; a pure function of the key and the number of the step. */
const batchReader = (key: Key, batchSize: number, dataset: Dataset, transforms: readonly BatchTransform[]): ((step: number) => Promise<HostBatch>) => {
  const indicesOf = stepIndices(foldIn(key, 'order'), dataset.size, batchSize)
  const transformKey = foldIn(key, 'transforms')
  return (step) => readBatch(dataset, indicesOf(step), transforms, foldIn(transformKey, step))
}

/**
 * Trains a target model.
 *
 * All randomness is a function of the seed and the number of the step, so that a training can be resumed at any step with the same numbers. Memory is
 * constant over the steps: each replaces the state of the one before.
 *
 * @param options The model, the data and how to train.
 * @returns Events as they happen, and in the end the trained model.
 * @throws TransferkitError `training/not-finite` when the loss is NaN or infinite; it names the step, and the last good checkpoint is kept.
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
  const { program, seed, batchSize = 32, transforms = [], schedule = cosine(0.01), keep = 'last', readEvery = 1 } = options
  const key = randomKey(seed)
  checkDataset(options.dataset)
  const { training: dataset, validation } =
    typeof options.validation === 'number' ? holdOut(options.dataset, options.validation, foldIn(key, 'validation')) : { training: options.dataset, validation: options.validation }
  if (validation === undefined && (keep === 'best' || options.patience !== undefined)) {
    throw new TransferkitError('training/no-validation', `Keeping the best epoch, or stopping early, needs validation examples. Give 'validation'.`)
  }
  const perEpoch = stepsPerEpoch(dataset.size, batchSize)
  const totalSteps = lengthOf(options, perEpoch)
  const inspectEvery = options.inspectEvery ?? Math.ceil(totalSteps / perEpoch / inspections)
  const testTransforms = transforms.filter(({ deterministic }) => deterministic)
  const identityOfRun: Identity = { ...options.identity, seed, totalSteps, batchSize, examples: dataset.size, transforms: transforms.map(({ name }) => name) }
  const optimiser = withParameterGroups(options.optimiser ?? sgd({ momentum: 0.9, weightDecay: 5e-4 }), (path) => program.parameterGroup?.(path) ?? {})

  const shared = new Set(leavesOf<AnyTensor>(options.shared ?? []).map(({ id }) => id))
  const { frozen, ...start } = startOf(program, optimiser, key, shared)
  let training: TrainingState = start
  let best: Kept | undefined
  let result: ProgramVariables | undefined
  try {
    let progress = fresh
    if (options.resumeFrom !== undefined) {
      const restored = readCheckpoint(options.resumeFrom, training, identityOfRun)
      release({ ...training })
      ;({ training, best, progress } = restored)
    }
    const trainedParameters = countElements(training.params)
    yield { type: 'training-start', totalSteps, stepsPerEpoch: perEpoch, step: progress.step, examples: dataset.size, trainedParameters }

    const { saveCheckpoint } = options
    const checkpoint = async (): Promise<CheckpointSaved> => {
      await saveCheckpoint?.(await writeCheckpoint(training, best, progress, identityOfRun), progress.step)
      return { type: 'checkpoint-saved', step: progress.step }
    }
    let begun = performance.now()
    const worthCaching = options.cacheFeatures !== false && (totalSteps - progress.step) * batchSize > dataset.size
    const cached = worthCaching ? await cacheFeatures(program, { ...training, frozen }, dataset, transforms, batchSize) : undefined
    progress = { ...progress, seconds: progress.seconds + secondsSince(begun) }
    const nextBatch = batchReader(key, batchSize, cached?.dataset ?? dataset, cached === undefined ? transforms : [])
    const nextSourceBatch = options.sourceData === undefined ? undefined : batchReader(foldIn(key, 'source data'), batchSize, options.sourceData, transforms)
    const eagerStep = trainingStep(cached?.program ?? program)
    const step = options.compile?.(eagerStep) ?? eagerStep
    const takeTurn = turnTaker()
    let sinceRead = { examples: 0, seconds: 0 }
    let reason: TrainingEnd['reason'] = 'finished'

    while (progress.step < totalSteps && reason === 'finished') {
      if (options.signal?.aborted === true) {
        if (saveCheckpoint !== undefined) yield await checkpoint()
        const advice = saveCheckpoint === undefined ? '' : ' A checkpoint was saved; resume from it to go on.'
        throw new TransferkitError('training/aborted', `The training was stopped after step ${progress.step} of ${totalSteps}.${advice}`)
      }

      begun = performance.now()
      const host = await nextBatch(progress.step)
      const source = await nextSourceBatch?.(progress.step)
      const learningRate = schedule(progress.step, totalSteps)
      const before: Pick<StepInputs, 'training' | 'frozen' | 'key' | 'optimiser'> = { training, frozen, key: foldIn(foldIn(key, 'step'), progress.step), optimiser }
      const done = progress.step / totalSteps
      const outputs = scope(() => step({ ...before, batch: batchOnBackend(host, source), learningRate: scalar(learningRate), progress: scalar(done) }), { donate: { ...training } })
      training = outputs.training
      progress = { ...progress, step: progress.step + 1 }

      const isLast = progress.step === totalSteps
      const endsEpoch = progress.step % perEpoch === 0 || isLast
      const savesNow = saveCheckpoint !== undefined && options.checkpointEvery !== undefined && progress.step % options.checkpointEvery === 0 && !isLast
      const readsNow = progress.step % readEvery === 0 || endsEpoch || savesNow
      const metrics = readsNow ? await readMetrics(outputs.metrics) : undefined
      if (metrics === undefined) release(outputs.metrics)
      const seconds = secondsSince(begun)
      progress = { ...progress, seconds: progress.seconds + seconds }
      sinceRead = { examples: sinceRead.examples + host.labels.length, seconds: sinceRead.seconds + seconds }

      if (metrics !== undefined) {
        const { loss = Number.NaN, accuracy = 0 } = metrics
        if (!Number.isFinite(loss)) throw notFinite(progress.step, loss, learningRate)
        const { epoch } = progress
        progress = { ...progress, epoch: { loss: epoch.loss + loss, accuracy: epoch.accuracy + accuracy, count: epoch.count + 1 } }
        yield { type: 'step-end', step: progress.step, totalSteps, loss, metrics, learningRate, examplesPerSecond: sinceRead.examples / sinceRead.seconds }
        sinceRead = { examples: 0, seconds: 0 }
      }
      if (endsEpoch) {
        const epoch = Math.ceil(progress.step / perEpoch)
        const variables = { ...training, frozen }
        const summary = await summarise(
          progress,
          epoch,
          validation && (() => evaluate((inputs) => program.forward(variables, inputs, inference).logits, validation, { transforms: testTransforms })),
          program.inspect && (isLast || epoch % inspectEvery === 0) ? () => inspect(program, variables, dataset, testTransforms, batchSize) : undefined,
        )
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

    yield { type: 'training-end', step: progress.step, seconds: progress.seconds, reason }
    const model: ProgramVariables = { ...(best ?? { params: training.params, state: training.state }), frozen }
    result = scope(() => program.publish?.(model) ?? model)
    return { variables: result, history: progress.history, trainedParameters, steps: progress.step, seconds: progress.seconds }
  } finally {
    // What the result does not hold is freed, whether the training came to its end or not.
    const kept = new Set([...shared, ...leavesOf<AnyTensor>({ ...result }).map(({ id }) => id)])
    releaseAllBut(kept, { ...training }, { ...best }, frozen)
  }
}
