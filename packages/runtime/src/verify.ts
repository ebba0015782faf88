import { conv2d, expectAxes, grad, type Images, integerArray, multiply, randomKey, readSync, scope, splitKey, sum, tensor } from '@transferkit/tensor'
import type { BackendName } from './backend.js'
import { type ConvolutionCase, outputShape, referenceFilterGradient, referenceInputGradient, referenceOutput } from './reference-convolution.js'

/** Result of one comparison of a backend with plain loops. */
export interface VerificationCheck {
  /** What was computed. */
  readonly name: string
  /** Largest absolute difference; NaN when the backend gave a NaN. */
  readonly difference: number
  /** Whether every number was right. */
  readonly passed: boolean
}

/** Result of a numerical check of a backend. */
export interface Verification {
  /** The backend that was checked. */
  readonly backend: BackendName
  /** Whether every check passed. */
  readonly passed: boolean
  /** The single checks. */
  readonly checks: readonly VerificationCheck[]
}

// Odd sizes, a stride and a different padding on every side: what goes wrong shows here.
const definition = {
  inputShape: [2, 7, 6, 3],
  filterShape: [3, 2, 3, 4],
  strides: [2, 1],
  padding: [
    [1, 2],
    [0, 1],
  ],
  depthwise: false,
} as const satisfies ConvolutionCase

/** Small whole numbers, whose sums of products are exact in 32-bit floating point. */
const wholeNumbers = (key: ReturnType<typeof randomKey>, shape: readonly number[]): Float32Array =>
  Float32Array.from(integerArray(key, shape.reduce((product, size) => product * size, 1), 9), (value) => value - 4)

const compare = (name: string, found: ArrayLike<number>, expected: Float32Array): VerificationCheck => {
  const difference = expected.reduce((worst, value, index) => Math.max(worst, Math.abs((found[index] ?? Number.NaN) - value)), 0)
  return { name, difference, passed: found.length === expected.length && difference === 0 }
}

/**
 * Computes a convolution and its two gradients on the active backend and compares them with plain loops, exactly: the numbers are
 * small integers. It takes milliseconds.
 *
 * @param backend The backend that is active, for the report.
 * @returns What was compared, and whether it was right.
 *
 * @example
 * ```ts
 * import { openRuntime, verifyBackend } from '@transferkit/runtime'
 *
 * const { backend, close } = await openRuntime({ backend: 'cpu' })
 * const { passed } = verifyBackend(backend) // true
 * close()
 * ```
 */
export const verifyBackend = (backend: BackendName): Verification => {
  const { inputShape, filterShape, strides, padding } = definition
  const keys = splitKey(randomKey(1), 3)
  const outputSize = outputShape(definition)
  const [input = new Float32Array(), filter = new Float32Array(), outputGradient = new Float32Array()] = [inputShape, filterShape, outputSize].map(
    (shape, index) => wholeNumbers(keys[index] ?? randomKey(index), shape),
  )
  const checks = scope(() => {
    const images: Images = expectAxes(tensor(input, inputShape), ['batch', 'height', 'width', 'channel'], { what: 'images' })
    const filters = tensor(filter, filterShape)
    const weights = tensor(outputGradient, outputSize)
    const convolve = (x: typeof images, w: typeof filters) => conv2d(x, w, { strides, padding })
    const gradients = grad(({ x, w }: { x: typeof images; w: typeof filters }) => sum(multiply(convolve(x, w), weights)))({ x: images, w: filters })
    return [
      compare('convolution', readSync(convolve(images, filters)), referenceOutput(definition, input, filter)),
      compare('gradient of the input', readSync(gradients.x), referenceInputGradient(definition, outputGradient, filter)),
      compare('gradient of the filter', readSync(gradients.w), referenceFilterGradient(definition, input, outputGradient)),
    ]
  })
  return { backend, passed: checks.every(({ passed }) => passed), checks }
}
