import type { DataId, KernelBackend, Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import type { Key, Shape } from '@transferkit/tensor'

/** An attribute of a TensorFlow operation, as the binding takes it. @internal */
export interface OperationAttribute {
  readonly name: string
  readonly type: number
  readonly value: unknown
}

/** The parts of the binding that are used: upstream's, all of which have been there since its first version. @internal */
export interface NativeBinding {
  readonly TF_Version: string
  readonly TF_FLOAT: number
  readonly TF_INT32: number
  readonly TF_ATTR_STRING: number
  readonly TF_ATTR_INT: number
  readonly TF_ATTR_FLOAT: number
  readonly TF_ATTR_BOOL: number
  readonly TF_ATTR_TYPE: number
  readonly TF_ATTR_SHAPE: number
  readonly TF_STRING: number
  createTensor(shape: readonly number[], type: number, values: unknown): number
  executeOp(operation: string, attributes: readonly OperationAttribute[], ids: readonly number[], outputs: number): readonly OutputMetadata[]
  tensorDataSync(id: number): unknown
  deleteTensor(id: number): void
  /** Our own addition: absent in a binding that was built by upstream's installer. */
  readonly defineFunction?: (graphDefinition: Uint8Array, name: string, inputs: readonly string[], outputs: readonly string[]) => void
  /** Our own addition: whether there is the operation `TransferkitDropoutMask`. */
  readonly hasDropoutMask?: boolean
  /** Our own addition: the number that channels have to be multiples of for the operation `TransferkitConvolution`; absent where the processor has no fast form of it. */
  readonly winogradChannels?: number
  /** Our own addition: whether `TransferkitConvolution` and its gradient take maps in bfloat16, too. */
  readonly hasBfloat16Winograd?: boolean
  /** Our own addition: gives memory that was freed back to the system; else it stays in the process for what is computed next. */
  readonly releaseFreedMemory?: () => void
  /** Our own addition: whether there are the operations on whole sequences, such as `TransferkitLstm`. */
  readonly hasRecurrent?: boolean
  /** Our own addition: whether there are the operations `TransferkitBatchNorm`, `TransferkitBatchNormGradient` and `TransferkitBatchNormInference`. */
  readonly hasBatchNorm?: boolean
  /** Our own addition: whether there are the operations that are a step of an optimiser, such as `TransferkitSgd`. */
  readonly hasDescent?: boolean
  /** Our own addition, as {@link NativeBinding.defineFunction}. */
  readonly removeFunction?: (name: string) => void
}

/** What the binding says of a result. @internal */
export interface OutputMetadata {
  readonly id: number
  readonly shape: readonly number[]
  readonly dtype: number
}

/** What the backend knows of a tensor's data. @internal */
export interface NativeData {
  readonly id: number
  /** Element type as TensorFlow numbers it. */
  readonly dtype: number
}

/** The parts of upstream's Node backend that are used. @internal */
export interface NativeBackend extends KernelBackend {
  readonly binding: NativeBinding
  readonly isUsingGpuDevice: boolean
  readonly tensorMap: { get(dataId: DataId): NativeData }
  getInputTensorIds(tensors: readonly TensorInfo[]): number[]
  createOutputTensor(metadata: OutputMetadata): Tensor
  executeSingleOutput(operation: string, attributes: readonly OperationAttribute[], inputs: readonly TensorInfo[]): Tensor
  executeMultipleOutputs(
    operation: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly TensorInfo[],
    outputs: number,
  ): Tensor[]
  /** Our own addition, there while a function is recorded: a tensor that is computed anew from the input's key at every replay; undefined for a key that does not follow from the input. */
  readonly computeFromKey?: (key: Key, shape: Shape, compute: (key: Key) => Float32Array | Int32Array) => TensorInfo | undefined
}
