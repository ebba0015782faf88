import { type ModuleDescription, modulesInside, type Network } from '@transferkit/tensor'
import type { PytorchNames } from './renaming.js'

/** A tensor that the PyTorch code of a network has, with the sizes that the layer itself tells; the others follow from what stands in front of it. */
export interface OutlinedTensor {
  /** Official name. */
  readonly name: string
  /** Sizes in PyTorch's order, `undefined` where the layer does not tell. */
  readonly shape: readonly (number | undefined)[]
}

type Sizes = OutlinedTensor['shape']

const sizeOf = (setting: ModuleDescription[string]): number | undefined => (typeof setting === 'number' ? setting : undefined)

const window = ({ kernelSize }: ModuleDescription): Sizes => (typeof kernelSize === 'object' ? kernelSize : [sizeOf(kernelSize), sizeOf(kernelSize)])

const biased = (weight: Sizes, { bias }: ModuleDescription): Readonly<Record<string, Sizes>> => ({ weight, ...(bias === true ? { bias: weight.slice(0, 1) } : {}) })

const perChannel: Sizes = [undefined]

/** Tensors of the layers that have any, by kind. */
const tensorsOf: Readonly<Record<string, (description: ModuleDescription) => Readonly<Record<string, Sizes>>>> = {
  convolution: (description) => biased([sizeOf(description['channels']), undefined, ...window(description)], description),
  'depthwise-convolution': (description) => biased([undefined, 1, ...window(description)], description),
  dense: (description) => biased([sizeOf(description['units']), undefined], description),
  'batch-norm': () => ({ weight: perChannel, bias: perChannel, running_mean: perChannel, running_var: perChannel }),
}

/**
 * What tensors the PyTorch code of a network has, without making the network's variables.
 *
 * @param network The network.
 * @param names Names of its modules.
 */
export const outlinePytorch = (network: Network, names: PytorchNames): readonly OutlinedTensor[] =>
  modulesInside(network).flatMap(([path, { description }]) =>
    Object.entries(tensorsOf[description.kind]?.(description) ?? {}).map(([name, shape]) => ({ name: `${names.nameOf(path)}.${name}`, shape })),
  )
