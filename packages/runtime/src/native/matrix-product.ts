import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { acceleratedKernels as name, type MatMulAttributes } from '@transferkit/tensor'
import { kernel } from '../kernel-arguments.js'
import type { Kernels } from '../registration.js'
import { flag, floatType } from './attributes.js'
import type { NativeBackend } from './backend.js'

/** Sizes below which a product is left to TensorFlow: what it lacks to a whole tile would be computed for nothing. */
const smallestSide = 16

/** Multiply-adds below which a product is left to TensorFlow: handing out the tasks would take as long. */
const leastWork = 2 ** 19

/**
 * Whether a product is computed by our own operation: one of two matrices that are large enough.
 *
 * @internal
 */
export const fitsMatrixProduct = ({ binding, isUsingGpuDevice }: NativeBackend, left: readonly number[], right: readonly number[], { transposeLeft, transposeRight }: MatMulAttributes): boolean => {
  if (binding.hasMatrixProduct !== true || isUsingGpuDevice || left.length !== 2 || right.length !== 2) return false
  const [rows = 0, depth = 0, columns = 0] = [left[transposeLeft ? 1 : 0], left[transposeLeft ? 0 : 1], right[transposeRight ? 0 : 1]]
  return Math.min(rows, depth, columns) >= smallestSide && rows * depth * columns >= leastWork
}

/** Product of two matrices or stacks of matrices. @internal */
export const matrixProduct = (backend: NativeBackend, left: TensorInfo, right: TensorInfo, attributes: MatMulAttributes): Tensor => {
  const { binding } = backend
  const { transposeLeft, transposeRight } = attributes
  return fitsMatrixProduct(backend, left.shape, right.shape, attributes)
    ? backend.executeSingleOutput('TransferkitMatMul', [flag(binding, 'transpose_left', transposeLeft), flag(binding, 'transpose_right', transposeRight)], [left, right])
    : backend.executeSingleOutput('BatchMatMulV2', [floatType(binding, 'T'), flag(binding, 'adj_x', transposeLeft), flag(binding, 'adj_y', transposeRight)], [left, right])
}

/** The kernel of matrix products. @internal */
export const matrixProductKernels: Kernels = {
  [name.matMul]: kernel<NativeBackend, 'left' | 'right', MatMulAttributes>(({ left, right }, attributes, backend) => matrixProduct(backend, left, right, attributes)),
}
