import {
  add,
  type Batch,
  foldIn,
  integerTensor,
  mapTree,
  type Network,
  type ProgramVariables,
  randomKey,
  randomNormal,
  scalar,
  type Tensor,
  tensor,
  type TensorTree,
  type TransferContext,
  type TransferProgram,
  valueAndGradWithAuxiliary,
} from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { classificationLoss, sgd } from '@transferkit/training'
import { textClassifier } from '../networks/text-classifier.js'
import type { RecurrentNetworkOptions } from '../networks/text-network-options.js'

/** Key of everything random in these tests. */
export const key = randomKey(3)

const classes = ['a', 'b', 'c']

/** A small sentence classifier with as many classes as the target. */
export const smallClassifier = (options: Partial<RecurrentNetworkOptions> = {}): Network =>
  textClassifier({ vocabulary: 9, classes: 3, maximumLength: 5, embeddingSize: 3, hiddenSize: 4, ...options })

/** Normal values. */
export const random = (name: string, shape: readonly number[], size = 1): Tensor => randomNormal(foldIn(key, name), shape, 0, size)

/** A source that is not at its start. */
export const contextOf = (source: Network, names: readonly string[] = classes): TransferContext => {
  const { params, state } = source.init(key, [1, ...source.inputShape])
  // The row of the padding stays 0.
  const shaken = (leaf: Tensor, path: string): Tensor => (path === 'embedding.table' ? leaf : add(leaf, random(path, leaf.shape, 0.3)))
  return { source: { network: source, variables: { params: mapTree(params, shaken), state } }, task: { kind: 'classification', classes: names }, inputShape: source.inputShape }
}

/** Four sentences, one of them with one word, in which the fifth step is padding for some. */
export const sentences: readonly (readonly number[])[] = [
  [2, 3, 4, 5, 6],
  [7, 2, 8, 0, 0],
  [5, 0, 0, 0, 0],
  [3, 3, 1, 6, 0],
]

/** Sentences as an input of a network. */
export const idsOf = (rows: readonly (readonly number[])[]): Tensor => tensor(Float32Array.from(rows.flat()), [rows.length, rows[0]?.length ?? 0])

/** The sentences with labels. */
export const batch = (): Batch => ({ inputs: idsOf(sentences), labels: integerTensor([0, 1, 2, 0], [4]) })

/** A tree with a tensor at a dotted path. */
export const nested = (path: string, leaf: Tensor): TensorTree => path.split('.').reduceRight<TensorTree>((tree, name) => ({ [name]: tree }), leaf)

/** Equal to the last bit. */
export const exactly = (actual: Tensor, expected: Tensor): void => expectClose(actual, expected, { absolute: 0, relative: 0 })

/** A model after one step of plain gradient descent on the sentences. */
export const afterStep = (program: TransferProgram, variables: ProgramVariables, learningRate = 0.1): ProgramVariables => {
  const { gradient, auxiliary } = valueAndGradWithAuxiliary((params: TensorTree) => {
    const { loss, state } = classificationLoss(program)({ variables: { ...variables, params }, batch: batch(), key, progress: scalar(0) })
    return { value: loss, auxiliary: state }
  })(variables.params)
  const optimiser = sgd({})
  const { params } = optimiser.update(gradient, optimiser.init(variables.params), variables.params, { learningRate: scalar(learningRate) })
  return { ...variables, params, state: auxiliary }
}
