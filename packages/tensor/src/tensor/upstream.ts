import { engine, type NamedAttrMap, type NamedTensorMap, type Tensor as UpstreamTensor, getKernel, type KernelConfig, Tensor as UpstreamTensorClass } from '@tensorflow/tfjs-core'
import type { Axes, DataType } from './axes.js'
import type { AnyTensor, Tensor } from './tensor.js'
import { explainFailure } from './without-backend.js'

/** The tensor of TensorFlow.js that a tensor is. @internal */
export const upstream = (tensor: AnyTensor): UpstreamTensor =>
  // The types of tensors are erased: a Tensor is an upstream tensor at run time, seen through a narrower interface.
  tensor as unknown as UpstreamTensor

/** The typed view of a tensor of TensorFlow.js. @internal */
export const typed = <A extends Axes, D extends DataType>(tensor: UpstreamTensor): Tensor<A, D> =>
  // The reverse of `upstream`; each caller names the axes that its kernel gives.
  tensor as unknown as Tensor<A, D>

/** Whether a value is a tensor. @internal */
export const isTensor = (value: unknown): value is AnyTensor => value instanceof UpstreamTensorClass

/** Whether the active backend has a kernel. @internal */
export const hasKernel = (name: string): boolean =>
  // Upstream says that there always is one, and returns undefined where there is none.
  (getKernel(name, engine().backendName) as KernelConfig | undefined) !== undefined

/** Inputs of a kernel by name, or in order for the kernels that take a list. @internal */
export type KernelInputs = Readonly<Record<string, AnyTensor>> | readonly AnyTensor[]

/**
 * Runs a kernel of the active backend and returns all its outputs. Nothing is recorded for differentiation. @internal
 */
export const runKernels = (name: string, inputs: KernelInputs, attributes: object = {}): readonly AnyTensor[] => {
  try {
    // Upstream types attributes and inputs by open maps; ours are closed interfaces of the same content.
    const outputs = engine().runKernel(name, inputs as unknown as NamedTensorMap, attributes as NamedAttrMap)
    // Upstream declares one tensor or a list of them and returns plain tensors in both cases.
    return (Array.isArray(outputs) ? outputs : [outputs]) as unknown as readonly AnyTensor[]
  } catch (error) {
    throw explainFailure(error)
  }
}

/** Runs a kernel with one output. @internal */
export const runKernel = <A extends Axes = Axes, D extends DataType = 'float32'>(
  name: string,
  inputs: KernelInputs,
  attributes: object = {},
): Tensor<A, D> => {
  const [output] = runKernels(name, inputs, attributes)
  // The caller states what its kernel gives.
  return output as unknown as Tensor<A, D>
}
