import { type AnyTensor, countElements, leavesOf, partitionTree, type ProgramVariables, type TensorTree, type TrainedNetwork } from '@transferkit/tensor'

/** The tensors of a target model, and the source that some of them belong to. @internal */
export interface ModelTensors {
  readonly variables: ProgramVariables
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

/** Counts the private tensors of a model. @internal */
export const privateSizes = (model: ModelTensors): PrivateSizes => {
  const { params, state, frozen } = privateTrees(model)
  return { privateParameters: countElements(params) + countElements(frozen), privateStatistics: countElements(state) }
}
