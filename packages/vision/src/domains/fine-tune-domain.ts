import { type AnyTensor, type AnyTensorTree, type Dataset, identity, leavesOf, mapTree, TransferkitError } from '@transferkit/tensor'
import { constant, type Run, runOf, type TargetModel, targetModel, train, type Trained, type TrainingEvent, type TrainingSettings } from '@transferkit/training'
import { domainModel, type DomainSet } from './domain-set.js'

/** What {@link fineTuneDomain} is told besides set, domain and data: how to train; 10 epochs at a constant rate of 0.01 unless told, our choice. */
export interface FineTuneDomainSettings extends TrainingSettings {
  /** Start of all randomness, 1 unless told. */
  readonly seed?: number
}

/** A set with a domain that was trained on. */
export interface FineTunedDomain extends Omit<Trained, 'variables'> {
  /** The set with the new model. The old model is left as it is, and belongs to the caller like the new one. */
  readonly set: DomainSet
  /** The new model. */
  readonly model: TargetModel
}

const checkTask = (name: string, { task }: TargetModel, dataset: Dataset): void => {
  const { classes } = dataset.task
  if (classes.length === task.classes.length && classes.every((known, index) => known === task.classes[index])) return
  throw new TransferkitError(
    'domains/other-task',
    `The model of '${name}' tells apart the ${task.classes.length} classes ${task.classes.slice(0, 5).join(', ')}${task.classes.length > 5 ? ', …' : ''}, but '${dataset.name}' is labelled with ${classes.length}: ${classes.slice(0, 5).join(', ')}${classes.length > 5 ? ', …' : ''}. Give data of the same task.`,
  )
}

async function* fineTuning(set: DomainSet, name: string, dataset: Dataset, given: FineTuneDomainSettings): AsyncGenerator<TrainingEvent, FineTunedDomain> {
  const { seed = 1, ...settings } = given
  const old = domainModel(set, name)
  checkTask(name, old, dataset)
  const { strategy, source, transforms: known } = old
  const transforms = settings.transforms ?? known
  const ofSource = new Set(leavesOf<AnyTensor>({ params: source.variables.params, state: source.variables.state }).map(({ id }) => id))
  const length = settings.steps === undefined && settings.epochs === undefined ? { epochs: 10 } : {}
  const { variables, ...trained } = yield* train({
    schedule: constant(0.01),
    ...settings,
    ...length,
    transforms,
    dataset,
    seed,
    // The training copies what it changes; the model keeps its own tensors.
    program: { ...old.program, init: () => ({ ...old.variables, frozen: mapTree(old.variables.frozen, (leaf) => (ofSource.has(leaf.id) ? leaf : identity(leaf))) }) },
    shared: { source: { ...source.variables }, old: { ...old.variables } } satisfies AnyTensorTree,
    identity: { domain: name, strategy: strategy.name, options: strategy.options, source: set.identity.sha256, dataset: dataset.name },
  })
  const model = targetModel({ ...old, variables, transforms: transforms.filter(({ deterministic }) => deterministic) })
  return { ...trained, model, set: { ...set, domains: new Map([...set.domains].map(([other, present]) => [other, other === name ? model : present])) } }
}

/**
 * Trains what is private to a domain further, from where it is: after a compression the private halves of the adapters, batch norm and head. The base, and all other
 * domains, stay as they are.
 *
 * Like `transfer`, the call can be awaited, or iterated for its progress and then awaited.
 *
 * @param set The set; it is left as it is.
 * @param name Name of the domain.
 * @param dataset Labelled examples of the domain's task.
 * @param settings How to train; 10 epochs at a constant rate of 0.01 unless told.
 * @throws TransferkitError `domains/unknown-domain`, `domains/other-task` when the data have other classes, and whatever `train` throws.
 *
 * @example
 * ```ts
 * import type { Dataset } from '@transferkit/tensor'
 * import { type DomainSet, fineTuneDomain } from '@transferkit/vision'
 *
 * const trainedOn = async (set: DomainSet, signs: Dataset) => (await fineTuneDomain(set, 'signs', signs, { batchSize: 16 })).set
 * ```
 */
export const fineTuneDomain = (set: DomainSet, name: string, dataset: Dataset, settings: FineTuneDomainSettings = {}): Run<TrainingEvent, FineTunedDomain> =>
  runOf(() => fineTuning(set, name, dataset, settings))
