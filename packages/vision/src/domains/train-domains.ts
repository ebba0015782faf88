import {
  type AnyTensorTree,
  branchAt,
  countElements,
  foldIn,
  identity,
  mapTree,
  release,
  scalar,
  scope,
  flattenTree,
  type Tensor,
  type TensorTree,
  type TrainedNetwork,
  type TrainingState,
  TransferkitError,
  zerosLike,
} from '@transferkit/tensor'
import { type CheckpointSaved, cosine, type Run, runOf, targetModel, type TargetModel } from '@transferkit/training'
import { batchOnBackend, fresh, type Identity, idsOf, notFinite, type Progress, readCheckpoint, readMetrics, releaseAllBut, startOf, turnTaker, writeCheckpoint } from '@transferkit/training/loop'
import { adapterKindOf, checkOneKind } from './adapter-kinds.js'
import { addDomain, domainSet, type DomainSet } from './domain-set.js'
import { jointDomain, type JointDomain, training } from './joint-domain.js'
import type { DomainTrainingEvent, TrainDomainsOptions, TrainedDomains } from './train-domains-options.js'

/** Name of a domain in trees: by position, because names may be anything. */
const placeOf = (position: number): string => `domain${position}`

type NamedTrees = Readonly<Record<string, TensorTree>>

/** All domains side by side: the trees of each under its place, and what they share under `shared`. */
interface JointState {
  readonly params: NamedTrees
  readonly state: NamedTrees
  readonly optimiser: NamedTrees
}

const asTrainingState = ({ params, state, optimiser }: JointState): TrainingState => ({ params, state, optimiser, extra: {} })

const checkOptions = ({ domains, rounds }: TrainDomainsOptions): void => {
  if (!(Number.isSafeInteger(rounds) && rounds > 0)) throw new TransferkitError('domains/rounds', `The number of rounds is a whole number above 0; found ${rounds}. In each round every domain has one step.`)
  if (domains.length === 0) throw new TransferkitError('domains/no-domain', 'There is no domain to train. Give at least one in \'domains\'.')
  const names = domains.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new TransferkitError('domains/name-taken', `Two domains are called '${twice}'. Choose another name for one of them.`)
}

/** The variables of one domain and what it shares, as its step takes them. */
const turnOf = ({ params, state, optimiser }: JointState, place: string): TrainingState => ({
  params: { own: params[place] ?? {}, shared: params['shared'] ?? {} },
  state: state[place] ?? {},
  optimiser: { own: optimiser[place] ?? {}, shared: optimiser['shared'] ?? {} },
  extra: {},
})

const afterTurn = (joint: JointState, place: string, { params, state, optimiser }: TrainingState): JointState => ({
  params: { ...joint.params, [place]: branchAt(params, 'own'), shared: branchAt(params, 'shared') },
  state: { ...joint.state, [place]: state },
  optimiser: { ...joint.optimiser, [place]: branchAt(optimiser, 'own'), shared: branchAt(optimiser, 'shared') },
})

const zeroTree = (tree: TensorTree): TensorTree => mapTree(tree, (leaf) => zerosLike(leaf))

/** A step of another domain with a gradient of 0, by the optimiser of the domain whose turn it is. */
const withoutGradient = (joint: JointState, place: string, { optimiser }: JointDomain, learningRate: number): JointState => {
  const before = { params: { own: joint.params[place] ?? {}, shared: {} }, memory: { own: joint.optimiser[place] ?? {}, shared: {} } }
  const after = scope(() => optimiser.update({ own: zeroTree(before.params.own), shared: {} }, before.memory, before.params, { learningRate: scalar(learningRate) }), { donate: { ...before } })
  return { ...joint, params: { ...joint.params, [place]: branchAt(after.params, 'own') }, optimiser: { ...joint.optimiser, [place]: branchAt(after.state, 'own') } }
}

/** Variables that are constant during the training, by position of the domain. */
interface Start {
  readonly joint: JointState
  readonly frozen: readonly TensorTree[]
}

const startOfAll = (domains: readonly JointDomain[], foreign: ReadonlySet<number>): Start => {
  const starts = domains.map(({ joint, optimiser, key }) => startOf(joint, optimiser, key, foreign))
  const [params, state, optimiser]: [Record<string, TensorTree>, Record<string, TensorTree>, Record<string, TensorTree>] = [{}, {}, {}]
  starts.forEach((start, position) => {
    const place = placeOf(position)
    params[place] = branchAt(start.params, 'own')
    state[place] = start.state
    optimiser[place] = branchAt(start.optimiser, 'own')
    if (position === 0) {
      params['shared'] = branchAt(start.params, 'shared')
      optimiser['shared'] = branchAt(start.optimiser, 'shared')
    } else {
      // What is shared is the same in all of them; one copy is enough.
      release([branchAt(start.params, 'shared'), branchAt(start.optimiser, 'shared')])
    }
  })
  return { joint: { params, state, optimiser }, frozen: starts.map(({ frozen }) => frozen) }
}

/** The network with the shared filters as they are now, all its tensors its own. */
const trainedBase = ({ network, variables }: TrainedNetwork, shared: TensorTree): TrainedNetwork =>
  scope(() => {
    const trained = new Map(flattenTree<Tensor>(shared).map(({ path, leaf }) => [path, leaf]))
    return { network, variables: { params: mapTree(variables.params, (leaf, path) => identity(trained.get(path) ?? leaf)), state: mapTree(variables.state, (leaf) => identity(leaf)) } }
  })

const modelOf = ({ strategy: trainedBy, task, transforms, inputShape, key }: JointDomain, source: TrainedNetwork, joint: JointState, place: string): TargetModel => {
  const strategy = training(trainedBy, 'private')
  const program = strategy.prepare({ source, task: task.dataset.task, inputShape })
  const variables = scope(() => {
    const { frozen } = program.init(foldIn(key, 'init'))
    const own = (tree: TensorTree): TensorTree => mapTree(tree, (leaf) => identity(leaf))
    const model = { params: own(joint.params[place] ?? {}), state: own(joint.state[place] ?? {}), frozen }
    return program.publish?.(model) ?? model
  })
  const record = task.model?.record ?? {}
  return targetModel({ strategy, source, program, variables, task: task.dataset.task, inputShape, record, transforms: transforms.filter(({ deterministic }) => deterministic) })
}

async function* trainingDomains(options: TrainDomainsOptions): AsyncGenerator<DomainTrainingEvent, TrainedDomains> {
  const { source, rounds, schedule = cosine(0.01), shared = 'frozen', untouched = 'absent', seed = 1, readEvery = 1, saveCheckpoint } = options
  checkOptions(options)
  const empty = await domainSet(source)
  for (const { name, model } of options.domains) if (model !== undefined) await addDomain(empty, name, model)
  const domains = options.domains.map((task) => jointDomain(options, task))
  const identityOfRun: Identity = {
    source: empty.identity.sha256,
    domains: domains.map(({ name, task, strategy, batchSize, transforms }) => ({ name, dataset: task.dataset.name, strategy: strategy.name, options: strategy.options, batchSize, transforms: transforms.map((transform) => transform.name) })),
    rounds,
    shared,
    untouched,
    seed,
  }
  const totalSteps = rounds * domains.length

  const foreign = idsOf([source.variables.params, source.variables.state, ...options.domains.map(({ model }): AnyTensorTree => ({ ...model?.variables }))])
  const start = startOfAll(domains, foreign)
  const { frozen } = start
  let joint = start.joint
  let progress: Progress = fresh
  try {
    checkOneKind(domains.map(({ name }, position) => ({ name, kind: adapterKindOf({ params: joint.params[placeOf(position)] ?? {}, frozen: frozen[position] ?? {} }) })))
    if (options.resumeFrom !== undefined) {
      const restored = readCheckpoint(options.resumeFrom, asTrainingState(joint), identityOfRun)
      release([joint.params, joint.state, joint.optimiser])
      // The checkpoint has the structure of the state.
      joint = restored.training as unknown as JointState
      progress = restored.progress
    }
    yield { type: 'training-start', totalSteps, step: progress.step, domains: domains.map(({ name }) => name), trainedParameters: countElements(joint.params) }

    const checkpoint = async (): Promise<CheckpointSaved> => {
      await saveCheckpoint?.(await writeCheckpoint(asTrainingState(joint), undefined, progress, identityOfRun), progress.step)
      return { type: 'checkpoint-saved', step: progress.step }
    }
    const takeTurn = turnTaker()

    while (progress.step < totalSteps) {
      if (options.signal?.aborted === true) {
        if (saveCheckpoint !== undefined) yield await checkpoint()
        const advice = saveCheckpoint === undefined ? '' : ' A checkpoint was saved; resume from it to go on.'
        throw new TransferkitError('training/aborted', `The training was stopped after step ${progress.step} of ${totalSteps}.${advice}`)
      }
      const position = progress.step % domains.length
      const round = Math.floor(progress.step / domains.length)
      const domain = domains[position]
      // The position is one of the list.
      if (domain === undefined) break
      const place = placeOf(position)

      const begun = performance.now()
      const host = await domain.batches.next(round)
      const learningRate = schedule(round, rounds)
      const before = turnOf(joint, place)
      const { optimiser } = domain
      const key = foldIn(foldIn(domain.key, 'step'), round)
      const outputs = scope(
        () => domain.step({ training: before, frozen: frozen[position] ?? {}, key, optimiser, batch: batchOnBackend(host), learningRate: scalar(learningRate), progress: scalar(round / rounds) }),
        { donate: { ...before } },
      )
      joint = afterTurn(joint, place, outputs.training)
      if (untouched === 'zero') {
        const others = domains.map((_domain, other) => other).filter((other) => other !== position && (round > 0 || other < position))
        joint = others.reduce((current, other) => withoutGradient(current, placeOf(other), domain, learningRate), joint)
      }
      progress = { ...progress, step: progress.step + 1 }

      const isLast = progress.step === totalSteps
      const savesNow = saveCheckpoint !== undefined && options.checkpointEvery !== undefined && progress.step % options.checkpointEvery === 0 && !isLast
      const metrics = progress.step % readEvery === 0 || savesNow || isLast ? await readMetrics(outputs.metrics) : undefined
      if (metrics === undefined) release(outputs.metrics)
      const seconds = (performance.now() - begun) / 1000
      progress = { ...progress, seconds: progress.seconds + seconds }
      if (metrics !== undefined) {
        const { loss = Number.NaN } = metrics
        if (!Number.isFinite(loss)) throw notFinite(progress.step, loss, learningRate)
        yield { type: 'step-end', domain: domain.name, step: progress.step, totalSteps, loss, metrics, learningRate, examplesPerSecond: host.labels.length / seconds }
      }
      if (savesNow) yield await checkpoint()
      await takeTurn()
    }

    yield { type: 'training-end', step: progress.step, seconds: progress.seconds, reason: 'finished' }
    const base = shared === 'trained' ? trainedBase(source, joint.params['shared'] ?? {}) : source
    const models = new Map(domains.map((domain, position) => [domain.name, modelOf(domain, base, joint, placeOf(position))]))
    const set: DomainSet = { ...(base === source ? empty : await domainSet(base)), domains: models }
    return { set, steps: progress.step, seconds: progress.seconds }
  } finally {
    await Promise.all(domains.map(({ batches }) => batches.settle()))
    // The models have copies of their own.
    releaseAllBut(foreign, { ...joint }, frozen)
  }
}

/**
 * Trains several domains on one network together, in turns: each step takes a batch of the next domain and changes the private tensors of that domain only, and with
 * `shared: 'trained'` also the filters that all have in common.
 *
 * With frozen filters the domains do not influence each other, and a domain gets bit for bit what it would get alone. Joint training of the filters is what series
 * adapters need, which are no good on a network that was trained without them: the filters are then a new base, on which further domains can be added.
 *
 * The call can be awaited for the set of domains, or iterated for its progress and then awaited.
 *
 * @param options Base, strategy, domains, number of rounds, and how to train.
 * @throws TransferkitError `domains/no-domain`, `domains/name-taken`, `domains/rounds`, `domains/strategy`, `domains/trains-shared` or `domains/mixed-kinds` for a
 * training that cannot be; `training/not-finite`, `training/aborted` and `training/checkpoint-mismatch` as in `train`.
 *
 * @example
 * ```ts
 * import type { Dataset, TrainedNetwork } from '@transferkit/tensor'
 * import { parallelAdapters, trainDomains } from '@transferkit/vision'
 *
 * const together = async (source: TrainedNetwork, digits: Dataset, signs: Dataset) => {
 *   const domains = [
 *     { name: 'digits', dataset: digits },
 *     { name: 'signs', dataset: signs, strategy: parallelAdapters({ weightDecay: { adapters: 10 } }) },
 *   ]
 *   const run = trainDomains({ source, strategy: parallelAdapters(), domains, rounds: 200 })
 *   for await (const event of run) if (event.type === 'step-end') event.loss
 *   return (await run).set
 * }
 * ```
 */
export const trainDomains = (options: TrainDomainsOptions): Run<DomainTrainingEvent, TrainedDomains> => runOf(() => trainingDomains(options))
