import { branchAt, convolutionLayer, flattenTree, globalAveragePoolLayer, inference, integerTensor, layer, mapTree, mergeTrees, network, type Network, partitionTree, randomKey, randomNormal, readSync, scalar, sequential, type StepInputs, tanh, type Tensor, type TensorTree, type TransferContext, type TransferProgram } from '@transferkit/tensor'
import { sgd } from '@transferkit/training'
import { sourceFeatures } from '../matching/weighted-matching.js'
import { defineL2tWw, iterationSettings } from './l2t-ww.js'
import type { IterationSettings } from './l2t-ww-iteration.js'
import { type L2tWwOptions, l2tWwOptions } from './l2t-ww-options.js'

/** Two stages of convolution and tanh: smooth, so that differences of the loss mean something. */
export const smooth = (widths: readonly [number, number], classes: number): Network => {
  const stage = (channels: number, strides: number): ReturnType<typeof sequential> =>
    sequential({ convolution: convolutionLayer({ channels, kernelSize: 3, strides, padding: 1, bias: true }), tanh: layer({ description: { kind: 'tanh' }, apply: (_variables, x: Tensor) => ({ output: tanh(x) }) }) })
  return network({
    name: 'smooth',
    inputShape: [6, 6, 2],
    stages: [{ name: 'stage1', module: stage(widths[0], 1) }, { name: 'stage2', module: stage(widths[1], 2) }, { name: 'pooled', module: globalAveragePoolLayer() }],
    classes,
  })
}

/** A random source, a target of other widths, and a batch. */
export const setting = (given: L2tWwOptions, source = smooth([3, 5], 4), target = smooth([4, 6], 3)): { readonly settings: IterationSettings; readonly program: TransferProgram; readonly inputs: StepInputs } => {
  const context: TransferContext = {
    source: { network: source, variables: source.init(randomKey(1), [1, ...source.inputShape]) },
    task: { kind: 'classification', classes: ['a', 'b', 'c'] },
    inputShape: source.inputShape,
  }
  const options = { target: 'target', ...given }
  const definition = defineL2tWw({ networks: { target: () => target } })
  const program = definition(options).prepare(context)
  const { params, state } = program.init(randomKey(2))
  const optimiser = sgd({ momentum: 0.9, weightDecay: 0.01 })
  // Momentum that is not zero.
  const memory = optimiser.update(mapTree(params, (leaf, path) => randomNormal(randomKey(path.length), leaf.shape, 0, 0.02)), optimiser.init(params), params, { learningRate: scalar(0) }).state
  return {
    program,
    settings: iterationSettings({ target: () => target }, context, l2tWwOptions.parse(options)),
    inputs: {
      training: { params, state, optimiser: memory, extra: program.initExtra?.(randomKey(3), params) ?? {} },
      frozen: {},
      batch: { inputs: randomNormal(randomKey(4), [6, ...source.inputShape]), labels: integerTensor([0, 1, 2, 0, 1, 2], [6]) },
      key: randomKey(5),
      progress: scalar(0),
      optimiser,
      learningRate: scalar(0.3),
    },
  }
}

export const metaOf = ({ training }: StepInputs): TensorTree => branchAt(training.extra, 'meta')

/** The state beside the model with other meta-networks. */
export const replaceMeta = (extra: TensorTree, meta: TensorTree): TensorTree => mergeTrees(partitionTree(extra, (path) => !path.startsWith('meta.')).selected, { meta })

export const withMeta = (inputs: StepInputs, change: (leaf: Tensor, path: string) => Tensor): StepInputs => ({
  ...inputs,
  training: { ...inputs.training, extra: replaceMeta(inputs.training.extra, mapTree(metaOf(inputs), change)) },
})

/** Meta-networks that say something else for every pair and example. */
export const scattered = (inputs: StepInputs): StepInputs => withMeta(inputs, (leaf, path) => randomNormal(randomKey(path.length + leaf.size), leaf.shape, path.endsWith('bias') ? 0.5 : 0, 0.5))

export const sourceOf = ({ source, matching }: IterationSettings, { batch }: StepInputs): ReturnType<typeof sourceFeatures> =>
  sourceFeatures(matching.pairs, source.network.apply(source.variables, batch.inputs, inference).taps)

/** Norm of the difference of two trees over that of the second. */
export const distance = (left: TensorTree, right: TensorTree): number => {
  const [a, b] = [left, right].map((tree) => flattenTree<Tensor>(tree).flatMap(({ leaf }) => [...readSync(leaf)]))
  const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((total, value) => total + value * value, 0))
  return norm(a!.map((value, index) => value - (b![index] ?? 0))) / norm(b!)
}
