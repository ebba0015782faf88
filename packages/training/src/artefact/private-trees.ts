import { type AnyTensor, countElements, leavesOf, partitionTree, type ProgramVariables, type TensorTree, type TrainedNetwork } from '@transferkit/tensor'

/** The tensors of a target model, and the source that some of them belong to. */
export interface ModelTensors {
  /** All tensors of the model. */
  readonly variables: ProgramVariables
  /** The source that it was built on. */
  readonly source: TrainedNetwork
}

/** Whether a tensor is one of the source's own. @internal */
export const belongsTo = ({ variables }: TrainedNetwork): ((leaf: AnyTensor) => boolean) => {
  const ids = new Set(leavesOf<AnyTensor>({ params: variables.params, state: variables.state }).map(({ id }) => id))
  return ({ id }) => ids.has(id)
}

/** Trees of a model that are private to the target: all but the source's own tensors. @internal */
export interface PrivateTrees {
  readonly params: TensorTree
  readonly state: TensorTree
  readonly frozen: TensorTree
}

/** The private trees of a model. @internal */
export const privateTrees = ({ variables, source }: ModelTensors): PrivateTrees => {
  const isSource = belongsTo(source)
  return { params: variables.params, state: variables.state, frozen: partitionTree(variables.frozen, (_path, leaf) => !isSource(leaf)).selected }
}

/** Sizes of what a target needs for itself. */
export interface PrivateSizes {
  /** Number of parameters that are stored for the target, trained or not. */
  readonly privateParameters: number
  /** Number of running statistics that are stored for the target. */
  readonly privateStatistics: number
}

/**
 * Counts the tensors that a model needs for itself, all but those of its source.
 *
 * @param model A target model, or its tensors and its source.
 *
 * @example
 * ```ts
 * import { privateSizes, type TargetModel } from '@transferkit/training'
 *
 * const parametersOf = (model: TargetModel) => privateSizes(model).privateParameters
 * ```
 */
export const privateSizes = (model: ModelTensors): PrivateSizes => {
  const { params, state, frozen } = privateTrees(model)
  return { privateParameters: countElements(params) + countElements(frozen), privateStatistics: countElements(state) }
}
