import {
  branchAt,
  flattenTree,
  foldIn,
  type Forward,
  inference,
  type InferenceMode,
  type Key,
  type Logits,
  mergeTrees,
  type Mode,
  type Module,
  type Network,
  type ParameterGroup,
  partitionTree,
  type ProgramVariables,
  randomKey,
  runStages,
  scope,
  type Stage,
  type Tensor,
  type TensorTree,
  type TrainedNetwork,
  type TransferProgram,
  type Variables,
  type Vectors,
  zipTrees,
} from '@transferkit/tensor'

/** How a strategy treats the parts of a network. Stages are spoken of by name, parameters by dotted path; the head is a stage called `head`. */
export interface NetworkPlan {
  /** The target network, with a head for the target's classes. */
  readonly network: Network
  /** The source, where anything starts from it. */
  readonly source?: TrainedNetwork
  /**
   * Whether a variable starts from the source; it must have the same path there.
   *
   * @param path Dotted path of a parameter or a running statistic.
   */
  startsFromSource(path: string): boolean
  /**
   * Whether a parameter is trained.
   *
   * @param path Dotted path of the parameter.
   */
  trains(path: string): boolean
  /**
   * Whether a stage stays in inference mode during training: its batch norm uses running statistics and leaves them as they are.
   *
   * @param stage Name of the stage.
   */
  staysInInference(stage: string): boolean
  /**
   * How the optimiser treats a parameter; all alike unless told.
   *
   * @param path Dotted path of the parameter.
   */
  parameterGroup?(path: string): ParameterGroup
}

/** Name of the classifier in trees and as a stage. */
const head = 'head'

/** Name of the stage that a variable belongs to; names of stages may have dots themselves. */
const stageOf = (network: Network, path: string): string => network.stages.find(({ name }) => path.startsWith(`${name}.`))?.name ?? head

/** Number of elements in front of the first for which something does not hold. */
const lengthWhile = <T>(list: readonly T[], holds: (element: T) => boolean): number => {
  const first = list.findIndex((element) => !holds(element))
  return first === -1 ? list.length : first
}

const structureOf = ({ description, children }: Module): unknown => [description, Object.entries(children).map(([name, child]) => [name, structureOf(child)])]

/** What stages compute, in 16 characters: two networks of one name and equal tensors may still differ in a stride or an activation. */
const fingerprint = (stages: readonly Stage[]): string => {
  const { high, low } = foldIn(randomKey(0), JSON.stringify(stages.map(({ name, module }) => [name, structureOf(module)])))
  return [high, low].map((word) => word.toString(16).padStart(8, '0')).join('')
}

/** A tree in which some leaves are those of another tree. */
const replaceSome = (tree: TensorTree, other: TensorTree, chosen: (path: string) => boolean): TensorTree => {
  const { selected, rest } = partitionTree(tree, chosen)
  return mergeTrees(zipTrees(selected, partitionTree(other, chosen).selected, (_leaf, replacement) => replacement), rest)
}

/**
 * Parameters and statistics of the network that a program of {@link networkProgram} trains, the frozen ones among them.
 *
 * @param variables The model, at any time of the training.
 *
 * @example
 * ```ts
 * import { ones } from '@transferkit/tensor'
 * import { wholeVariables } from '@transferkit/training'
 *
 * const { params } = wholeVariables({ params: { head: ones([2]) }, state: {}, frozen: { params: { body: ones([3]) }, state: {} } }) // body and head
 * ```
 */
export const wholeVariables = ({ params, state, frozen }: ProgramVariables): Variables => ({
  params: mergeTrees(params, branchAt(frozen, 'params')),
  state: mergeTrees(state, branchAt(frozen, 'state')),
})

/**
 * The program of a target model that is the source's network with another head, each part of it frozen, started from the source, or random.
 *
 * Frozen parameters, and running statistics of stages in inference mode, stand in the `frozen` tree; stages in front of the first trained one are a
 * frozen prefix, whose output the training may keep.
 *
 * @param plan How each part is treated.
 *
 * @example
 * ```ts
 * import { withClasses } from '@transferkit/tensor'
 * import { defineStrategy, networkProgram } from '@transferkit/training'
 * import { z } from 'zod'
 *
 * const probe = defineStrategy({
 *   name: 'my-probe',
 *   summary: 'Trains the head only.',
 *   reference: { citation: 'An example.' },
 *   options: z.strictObject({}),
 *   prepare: ({ source, task }) =>
 *     networkProgram({
 *       network: withClasses(source.network, task.classes.length),
 *       source,
 *       startsFromSource: (path) => !path.startsWith('head.'),
 *       trains: (path) => path.startsWith('head.'),
 *       staysInInference: () => true,
 *     }),
 * })
 * ```
 */
export const networkProgram = (plan: NetworkPlan): TransferProgram => {
  const { network, source } = plan
  const staysFrozen = (path: string): boolean => plan.staysInInference(stageOf(network, path))

  const start = (key: Key): Variables => {
    const random = network.init(key, [1, ...network.inputShape])
    if (source === undefined) return random
    return {
      params: replaceSome(random.params, source.variables.params, (path) => plan.startsFromSource(path)),
      state: replaceSome(random.state, source.variables.state, (path) => plan.startsFromSource(path)),
    }
  }

  const init = (key: Key): ProgramVariables =>
    scope(() => {
      const { params, state } = start(key)
      const parameters = partitionTree(params, (path) => plan.trains(path))
      const statistics = partitionTree(state, (path) => !staysFrozen(path))
      return { params: parameters.selected, state: statistics.selected, frozen: { params: parameters.rest, state: statistics.rest } }
    })

  const modeOf =
    (mode: Mode) =>
    (stage: string): Mode | InferenceMode =>
      plan.staysInInference(stage) ? inference : mode

  /** Runs the network from the stage at a position on. */
  const runFrom = (position: number, variables: ProgramVariables, x: Tensor, mode: Mode): Forward => {
    const all = wholeVariables(variables)
    const stages = runStages({ stages: network.stages.slice(position) }, all, x, modeOf(mode))
    const applied = network.head.apply(
      { params: branchAt(all.params, head), state: branchAt(all.state, head) },
      // The last stage of a network gives one vector an example, and so does a prefix that holds all stages.
      stages.output as unknown as Vectors,
      modeOf(mode)(head),
    )
    const state = mergeTrees(stages.state, { [head]: applied.state })
    // A stage that was not run keeps its state, which is frozen all the same.
    return { logits: applied.output satisfies Logits, taps: stages.taps, state: partitionTree(state, (path) => !staysFrozen(path)).selected }
  }

  const names = network.stages.map(({ name }) => name)
  const inFront = names.slice(0, lengthWhile(names, (name) => plan.staysInInference(name)))
  const prefixLength = (variables: ProgramVariables): number => {
    const trained = new Set(flattenTree<Tensor>(variables.params).map(({ path }) => stageOf(network, path)))
    return lengthWhile(inFront, (name) => !trained.has(name))
  }

  return {
    init,
    forward: (variables, inputs, mode) => runFrom(0, variables, inputs, mode),
    ...(inFront.length > 0
      ? {
          prefix: {
            // Stages with parameters that are trained end the prefix too; their tensors are not among those that the features depend on.
            identity: `${network.name} of ${network.inputShape.join('x')}: ${inFront.join(', ')} (${fingerprint(network.stages.slice(0, inFront.length))})`,
            tensors: (variables) => {
              const all = wholeVariables(variables)
              const stages = new Set(names.slice(0, prefixLength(variables)))
              const belongs = (path: string): boolean => stages.has(stageOf(network, path))
              return { params: partitionTree(all.params, belongs).selected, state: partitionTree(all.state, belongs).selected }
            },
            compute: (variables, inputs) => runStages({ stages: network.stages.slice(0, prefixLength(variables)) }, wholeVariables(variables), inputs, inference).output,
            forward: (variables, features, mode) => runFrom(prefixLength(variables), variables, features, mode),
          },
        }
      : {}),
    ...(plan.parameterGroup === undefined ? {} : { parameterGroup: plan.parameterGroup.bind(plan) }),
    fold: (variables) => ({ network, variables: wholeVariables(variables) }),
  }
}
