import { differentiable, tidied, withoutRecording } from '../autodiff/tape.js'
import { TransferkitError } from '../error.js'
import type { Axes } from '../tensor/axes.js'
import type { Images, Tensor, Vectors } from '../tensor/tensor.js'
import { runKernel } from '../tensor/upstream.js'
import type { Padding } from '../kernels/accelerated.js'
import { add, multiply, subtract } from './arithmetic.js'
import { cast, equal } from './comparison.js'
import { mean } from './reduction.js'
import { pad, shapeOf } from './shape.js'

/** Settings of a pooling op. */
export interface PoolingOptions {
  /** Height and width of the window. */
  readonly size: number
  /** Step between windows, `size` unless told. */
  readonly strides?: number
  /** Border on all sides, or `[[top, bottom], [left, right]]`; 0 unless told. It never wins a maximum; average pooling does not offer it. */
  readonly padding?: number | Padding
}

interface Window {
  readonly filterSize: readonly [number, number]
  readonly strides: readonly [number, number]
  readonly pad: 'valid'
}

const windowOf = ({ size, strides = size }: PoolingOptions): Window => ({ filterSize: [size, size], strides: [strides, strides], pad: 'valid' })

const noBorder: Padding = [
  [0, 0],
  [0, 0],
]

const checkWindow = (name: string, input: Images, size: number, [[top, bottom], [left, right]]: Padding): void => {
  const [, height, width] = input.shape
  if (input.rank !== 4 || height + top + bottom < size || width + left + right < size) {
    throw new TransferkitError('shape/pooling', `${name}: a window of ${size} x ${size} does not fit into images of shape [${String(input.shape)}].`)
  }
}

/** The smallest finite number: what a border of a maximum must hold so that it never wins. */
const lowest = -3.4028234663852886e38

/** Sends each gradient to where the maximum of its window stood. Linear in the gradient; the adjoint of `takeMaxima`. */
const scatterToMaxima = (gradient: Tensor, input: Tensor, output: Tensor, window: Window): Tensor =>
  differentiable([gradient], () => runKernel<Axes>('MaxPoolGrad', { dy: gradient, input, output }, window), (outer) => [
    takeMaxima(outer, input, output, window),
  ])

/** Reads values where the maximum of each window stands; the first one in row order where several are largest. */
const takeMaxima = (values: Tensor, input: Tensor, output: Tensor, window: Window): Tensor =>
  differentiable(
    [values],
    () =>
      tidied(() =>
        withoutRecording(() => {
          const [, height = 0, width = 0] = shapeOf(output)
          const at = (x: Tensor, row: number, column: number): Tensor =>
            runKernel<Axes>(
              'StridedSlice',
              { x },
              {
                begin: [0, row, column, 0],
                end: [x.shape[0], row + (height - 1) * window.strides[0] + 1, column + (width - 1) * window.strides[1] + 1, x.shape[3]],
                strides: [1, ...window.strides, 1],
                beginMask: 0,
                endMask: 0,
                ellipsisMask: 0,
                newAxisMask: 0,
                shrinkAxisMask: 0,
              },
            )
          let open: Tensor | undefined
          let taken: Tensor | undefined
          for (let row = 0; row < window.filterSize[0]; row++) {
            for (let column = 0; column < window.filterSize[1]; column++) {
              const hit = cast<Axes, 'float32'>(equal(at(input, row, column), output), 'float32')
              const first = open === undefined ? hit : multiply(hit, open)
              open = open === undefined ? subtract(1, first) : subtract(open, first)
              const value = multiply(first, at(values, row, column))
              taken = taken === undefined ? value : add(taken, value)
            }
          }
          return [taken ?? output] as const
        }),
      )[0],
    (outer) => [scatterToMaxima(outer, input, output, window)],
  )

/**
 * Largest element of each window. Where several elements of a window are largest, the gradient goes to the first.
 *
 * @param input `[batch, height, width, channel]`.
 * @param options Window, step and border; the border never wins.
 * @returns `[batch, ⌊(height + 2 padding - size) / strides⌋ + 1, ..., channel]`.
 * @throws TransferkitError `shape/pooling` when the window does not fit into the image.
 *
 * @example
 * ```ts
 * import { maxPool, ones } from '@transferkit/tensor'
 *
 * const pooled = maxPool(ones([1, 8, 8, 3]), { size: 3, strides: 2, padding: 1 }) // [1, 4, 4, 3]
 * ```
 */
export const maxPool = (input: Images, options: PoolingOptions): Images => {
  const { size, padding = 0 } = options
  const border: Padding =
    typeof padding === 'number'
      ? [
          [padding, padding],
          [padding, padding],
        ]
      : padding
  checkWindow('maxPool', input, size, border)
  const window = windowOf(options)
  const x = border.flat().every((width) => width === 0) ? input : pad(input, [[0, 0], ...border, [0, 0]], lowest)
  return differentiable([x], () => runKernel<readonly ['batch', 'height', 'width', 'channel']>('MaxPool', { x }, window), (gradient, _wanted, output) => [
    scatterToMaxima(gradient, x, output, window),
  ])
}

const averageGradient = (gradient: Tensor, input: Tensor, window: Window): Tensor =>
  differentiable([gradient], () => runKernel<Axes>('AvgPoolGrad', { dy: gradient, input }, window), (outer) => [average(outer, window)])

const average = (x: Tensor, window: Window): Tensor =>
  differentiable([x], () => runKernel<Axes>('AvgPool', { x }, window), (gradient) => [averageGradient(gradient, x, window)])

/**
 * Mean of each window. Windows that would reach over the edge are left out.
 *
 * @param input `[batch, height, width, channel]`.
 * @param options Window and step.
 * @returns `[batch, ⌊(height - size) / strides⌋ + 1, ..., channel]`.
 * @throws TransferkitError `shape/pooling` when the window does not fit into the image.
 *
 * @example
 * ```ts
 * import { averagePool, ones } from '@transferkit/tensor'
 *
 * const pooled = averagePool(ones([1, 8, 8, 3]), { size: 2 }) // [1, 4, 4, 3]
 * ```
 */
export const averagePool = (input: Images, options: Omit<PoolingOptions, 'padding'>): Images => {
  checkWindow('averagePool', input, options.size, noBorder)
  // Pooled images are images.
  return average(input, windowOf(options)) as Images
}

/**
 * Mean over all positions of each image.
 *
 * @param input `[batch, height, width, channel]`.
 * @returns `[batch, channel]`.
 *
 * @example
 * ```ts
 * import { globalAveragePool, ones } from '@transferkit/tensor'
 *
 * const features = globalAveragePool(ones([2, 8, 8, 64])) // [2, 64]
 * ```
 */
export const globalAveragePool = (input: Images): Vectors =>
  mean(input, [1, 2])
