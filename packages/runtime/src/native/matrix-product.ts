import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { acceleratedKernels as name, type MatMulAttributes } from '@transferkit/tensor'
import { kernel } from '../kernel-arguments.js'
import type { Kernels } from '../registration.js'
import { flag, floatType } from './attributes.js'
import type { NativeBackend } from './backend.js'
import { asRows, release, reshape } from './operations.js'

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

const rowsOf = ({ shape }: TensorInfo): readonly [number, number] => [shape.slice(0, -1).reduce((product, size) => product * size, 1), shape.at(-1) ?? 1]

/**
 * Product of two tensors as matrices of one row for each of all but the last axis, by our own operation; undefined where that does not fit.
 *
 * @internal
 */
export const productOfRows = (backend: NativeBackend, left: TensorInfo, right: TensorInfo, shape: readonly number[], attributes: MatMulAttributes): Tensor | undefined => {
  if (!fitsMatrixProduct(backend, rowsOf(left), rowsOf(right), attributes)) return undefined
  // Two matrices.
  const product = asRows(backend, [left, right], (...rows) => matrixProduct(backend, ...(rows as readonly [Tensor, Tensor]), attributes))
  try {
    return reshape(backend, product, shape)
  } finally {
    release([product])
  }
}

/** The kernel of matrix products. @internal */
export const matrixProductKernels: Kernels = {
  [name.matMul]: kernel<NativeBackend, 'left' | 'right', MatMulAttributes>(({ left, right }, attributes, backend) => matrixProduct(backend, left, right, attributes)),
}
