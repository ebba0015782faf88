import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core'
import type { ConvolutionAttributes } from '@transferkit/tensor'

/** Attributes of the gradient of a convolution with respect to its input. @internal */
export interface InputGradientAttributes extends ConvolutionAttributes {
  readonly inputShape: readonly [number, number, number, number]
}

/** Attributes of the gradient of a convolution with respect to its filter. @internal */
export interface FilterGradientAttributes extends ConvolutionAttributes {
  readonly filterShape: readonly [number, number, number, number]
}

/**
 * A kernel written against typed inputs, attributes and backend. @internal
 *
 * @typeParam Input Names of its inputs.
 */
export type TypedKernel<Backend, Input extends string, Attributes> = (
  inputs: Readonly<Record<Input, TensorInfo>>,
  attributes: Attributes,
  backend: Backend,
) => TensorInfo | TensorInfo[]

/** Makes a kernel for the registry, whose types are open. @internal */
export const kernel =
  <Backend, Input extends string, Attributes>(run: TypedKernel<Backend, Input, Attributes>): KernelFunc =>
  ({ inputs, attrs, backend }) =>
    // The registry stores kernels of all backends under one type; a kernel is only called with what it was registered for.
    run(inputs as Record<Input, TensorInfo>, attrs as Attributes, backend as Backend)
