import {
  add,
  branchAt,
  foldIn,
  type Forward,
  inference,
  type Key,
  type LossInputs,
  type LossOutputs,
  mergeTrees,
  partitionTree,
  type PenaltyInputs,
  type ProgramVariables,
  type Regulariser,
  type RegulariserProgram,
  type Scalar,
  type Strategy,
  TransferkitError,
  type TrainedNetwork,
  trainingMode,
  type TrainingPhase,
  type TransferProgram,
} from '@transferkit/tensor'
import { combineGroups } from '../optimisers/parameter-groups.js'
import { classificationLoss } from './classification-loss.js'

/** Where the own parameters of regularisers stand in the tree of parameters; all other paths are those of the structure. */
const regularisersBranch = 'regularisers'

const ownPrefix = (name: string): string => `${regularisersBranch}.${name}.`

const belongsToStructure = (path: string): boolean => !path.startsWith(`${regularisersBranch}.`)

const withoutRegularisers = (variables: ProgramVariables): ProgramVariables => ({
  ...variables,
  params: partitionTree(variables.params, belongsToStructure).selected,
})

/** A function that computes its result at the first call and keeps it. */
const once = <T>(compute: () => T): (() => T) => {
  let kept: { readonly value: T } | undefined
  return () => (kept ??= { value: compute() }).value
}

const sourcePass = ({ network, variables }: TrainedNetwork, inputs: LossInputs['batch']['inputs']): ReturnType<PenaltyInputs['source']> => {
  const { output: logits, taps } = network.apply(variables, inputs, inference)
  return { logits, taps }
}

/**
 * A structure with any number of regularisers: their terms are added to its loss.
 *
 * The model is the structure's. Own parameters of a regulariser are trained along under `regularisers.<name>` and dropped from the trained model.
 * Factors of parameter groups multiply. The structure's phases stay, with the terms and the own parameters of regularisers in all of them; there is no frozen prefix.
 *
 * @param structure Builds the model.
 * @param regularisers Add to its loss, in this order.
 * @returns A strategy called, for example, `ptu+dan`.
 * @throws TransferkitError `strategy/repeated-regulariser` when two regularisers have one name.
 * @throws TransferkitError `strategy/cannot-compose` from `prepare`, when the structure has a training step of its own, which no term can be added to.
 *
 * @example
 * ```ts
 * import { compose, fineTune, l2SpPenalty } from '@transferkit/training'
 *
 * const strategy = compose(fineTune(), l2SpPenalty({ alpha: 0.01 }))
 * ```
 */
export const compose = (structure: Strategy, ...regularisers: readonly Regulariser[]): Strategy => {
  const names = regularisers.map(({ name }) => name)
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) throw new TransferkitError('strategy/repeated-regulariser', `The regulariser '${repeated}' is given twice; each can be added once.`)
  return {
    specVersion: 1,
    name: [structure.name, ...names].join('+'),
    options: { ...structure.options, regularisers: Object.fromEntries(regularisers.map(({ name, options }) => [name, options])) },
    usesSourceData: [structure, ...regularisers].some(({ usesSourceData }) => usesSourceData === true),
    composition: { structure, regularisers },
    prepare: (context) => {
      const program = structure.prepare(context)
      const terms = regularisers.map((regulariser) => ({ name: regulariser.name, term: regulariser.prepare(context, program) }))
      return composed(structure.name, program, terms, context.source)
    },
  }
}

interface Term {
  readonly name: string
  readonly term: RegulariserProgram
}

const composed = (structureName: string, structure: TransferProgram, terms: readonly Term[], source: TrainedNetwork): TransferProgram => {
  if (structure.step !== undefined) {
    throw new TransferkitError(
      'strategy/cannot-compose',
      `'${structureName}' runs its training steps itself, so '${terms.map(({ name }) => name).join("', '")}' cannot add to its loss. Use the regulariser with another structure.`,
    )
  }
  // A composition has no frozen prefix: regularisers look at activations and inputs of the whole network.
  const { prefix: _prefix, phases, ...kept } = structure
  const [fold, inspect] = [structure.fold?.bind(structure), structure.inspect?.bind(structure)]

  const init = (key: Key): ProgramVariables => {
    const variables = structure.init(key)
    const own = terms.map(({ name, term }) => ({ [regularisersBranch]: { [name]: term.init?.(foldIn(key, ownPrefix(name))) ?? {} } }))
    return { ...variables, params: mergeTrees(variables.params, ...own) }
  }

  return {
    ...kept,
    init,
    ...regularised(structure, terms, source),
    ...(phases === undefined ? {} : { phases: phases.map((phase) => regularisedPhase(phase, structure, terms, source)) }),
    publish: (variables) => {
      const trained = withoutRegularisers(variables)
      return structure.publish?.(trained) ?? trained
    },
    ...(fold === undefined ? {} : { fold: (variables) => fold(withoutRegularisers(variables)) }),
    ...(inspect === undefined ? {} : { inspect: (variables, inputs, labels) => inspect(withoutRegularisers(variables), inputs, labels) }),
  }
}

/** A phase of a structure: own parameters of regularisers are trained in all of them, and their terms are added to its loss. */
const regularisedPhase = (phase: TrainingPhase, structure: TransferProgram, terms: readonly Term[], source: TrainedNetwork): TrainingPhase => {
  const { name, until, program } = phase
  const trains = phase.trains?.bind(phase)
  return {
    name,
    until,
    ...(trains === undefined ? {} : { trains: (path) => !belongsToStructure(path) || trains(path) }),
    ...(program === undefined ? {} : { program: regularised({ ...structure, ...program }, terms, source) }),
  }
}

/** Forward pass, loss and parameter groups of a program, or of a phase of it, with the terms of regularisers. */
const regularised = (program: TransferProgram, terms: readonly Term[], source: TrainedNetwork): Required<Pick<TransferProgram, 'forward' | 'loss' | 'parameterGroup'>> => {
  const lossOf = program.loss?.bind(program) ?? classificationLoss(program)

  const loss = (inputs: LossInputs): LossOutputs => {
    const { batch, key, progress } = inputs
    const variables = withoutRegularisers(inputs.variables)
    const outputs = lossOf({ ...inputs, variables })
    const forward: Forward = { logits: outputs.logits, taps: outputs.taps, state: outputs.state }
    const shared = {
      params: variables.params,
      forward,
      batch,
      progress,
      source: once(() => sourcePass(source, batch.inputs)),
      onSourceData: once(() => {
        if (batch.source !== undefined) return program.forward(variables, batch.source.inputs, trainingMode(foldIn(key, 'source data')))
        throw new TransferkitError('strategy/no-source-data', `A regulariser needs source-domain examples, but the batch has none. Give 'sourceData' to the training.`)
      }),
    }
    const penalties: readonly (readonly [string, Scalar])[] = terms.map(({ name, term }) => [name, term.penalty({ ...shared, ownParams: branchAt(inputs.variables.params, `${regularisersBranch}.${name}`) })])
    return {
      ...outputs,
      loss: penalties.reduce<Scalar>((total, [, penalty]) => add(total, penalty), outputs.loss),
      metrics: { ...outputs.metrics, ...Object.fromEntries(penalties) },
    }
  }

  const groupOf = combineGroups(
    (path) => program.parameterGroup?.(path) ?? {},
    ...terms.map(({ term }) => (path: string) => term.parameterGroup?.(path) ?? {}),
  )
  return {
    forward: (variables, inputs, mode) => program.forward(withoutRegularisers(variables), inputs, mode),
    loss,
    parameterGroup: (path) => (belongsToStructure(path) ? groupOf(path) : {}),
  }
}
