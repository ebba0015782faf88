import { differentiable, withoutRecording } from '../autodiff/tape.js'
import { acceleratedKernels } from '../kernels/accelerated.js'
import type { Axes } from '../tensor/axes.js'
import type { Tensor } from '../tensor/tensor.js'
import { hasKernel, runKernel } from '../tensor/upstream.js'
import { add, divide, maximum, minimum, multiply, negate, square, subtract } from './arithmetic.js'
import { cast, greater } from './comparison.js'
import { constant } from './shape.js'

/** An op on one tensor, element by element. */
export type UnaryOp = <A extends Axes>(x: Tensor<A>) => Tensor<A>

/** Makes an op from a kernel and its derivative, which may use the output: being recorded like any other value, it carries its own gradient. */
const unary =
  (kernel: string, pullback: (gradient: Tensor, x: Tensor, output: Tensor) => Tensor, uses: 'input' | 'output' | 'both' = 'both'): UnaryOp =>
  <A extends Axes>(x: Tensor<A>) =>
    differentiable(
      [x],
      () => runKernel<A>(kernel, { x }),
      (gradient, _wanted, output) => [pullback(gradient, x, output)],
      (output) => (uses === 'input' ? [x] : uses === 'output' ? [output] : [x, output]),
    )

/**
 * The exponential function, `exp(x)`.
 *
 * @example
 * ```ts
 * import { exp, tensor } from '@transferkit/tensor'
 * 
 * const powers = exp(tensor([0, 1], [2])) // [1, 2.718]
 * ```
 */
export const exp: UnaryOp = unary('Exp', (gradient, _x, output) => multiply(gradient, output), 'output')

/**
 * `exp(x) - 1`, accurate near 0.
 *
 * @example
 * ```ts
 * import { expm1, tensor } from '@transferkit/tensor'
 * 
 * const growth = expm1(tensor([0, 1e-6], [2])) // [0, 1e-6]
 * ```
 */
export const expm1: UnaryOp = unary('Expm1', (gradient, _x, output) => multiply(gradient, add(output, 1)), 'output')

/**
 * The natural logarithm.
 *
 * @example
 * ```ts
 * import { log, tensor } from '@transferkit/tensor'
 * 
 * const exponents = log(tensor([1, Math.E], [2])) // [0, 1]
 * ```
 */
export const log: UnaryOp = unary('Log', (gradient, x) => divide(gradient, x), 'input')

/**
 * `log(1 + x)`, accurate near 0.
 *
 * @example
 * ```ts
 * import { log1p, tensor } from '@transferkit/tensor'
 * 
 * const exponents = log1p(tensor([0, 1e-6], [2])) // [0, 1e-6]
 * ```
 */
export const log1p: UnaryOp = unary('Log1p', (gradient, x) => divide(gradient, add(x, 1)), 'input')

/**
 * The square root.
 *
 * @example
 * ```ts
 * import { sqrt, tensor } from '@transferkit/tensor'
 * 
 * const roots = sqrt(tensor([4, 9], [2])) // [2, 3]
 * ```
 */
export const sqrt: UnaryOp = unary('Sqrt', (gradient, _x, output) => divide(multiply(gradient, 0.5), output), 'output')

/**
 * `1 / √x`.
 *
 * @example
 * ```ts
 * import { rsqrt, tensor } from '@transferkit/tensor'
 * 
 * const inverses = rsqrt(tensor([4, 16], [2])) // [0.5, 0.25]
 * ```
 */
export const rsqrt: UnaryOp = unary('Rsqrt', (gradient, x, output) => multiply(multiply(gradient, -0.5), divide(output, x)))

/**
 * The absolute value; its gradient at 0 is 0.
 *
 * @example
 * ```ts
 * import { abs, tensor } from '@transferkit/tensor'
 * 
 * const sizes = abs(tensor([-2, 3], [2])) // [2, 3]
 * ```
 */
export const abs: UnaryOp = unary('Abs', (gradient, x) => multiply(gradient, sign(x)), 'input')

/**
 * The hyperbolic tangent.
 *
 * @example
 * ```ts
 * import { tanh, tensor } from '@transferkit/tensor'
 * 
 * const squashed = tanh(tensor([0, 20], [2])) // [0, 1]
 * ```
 */
export const tanh: UnaryOp = unary('Tanh', (gradient, _x, output) => multiply(gradient, subtract(1, square(output))), 'output')

/**
 * The logistic function, `1 / (1 + exp(-x))`.
 *
 * @example
 * ```ts
 * import { sigmoid, tensor } from '@transferkit/tensor'
 * 
 * const openness = sigmoid(tensor([0, 20], [2])) // [0.5, 1]
 * ```
 */
export const sigmoid: UnaryOp = unary('Sigmoid', (gradient, _x, output) => multiply(gradient, multiply(output, subtract(1, output))), 'output')

/**
 * `log(1 + exp(x))`, without overflow.
 *
 * @example
 * ```ts
 * import { softplus, tensor } from '@transferkit/tensor'
 * 
 * const positive = softplus(tensor([0, 100], [2])) // [0.693, 100]
 * ```
 */
export const softplus: UnaryOp = unary('Softplus', (gradient, x) => multiply(gradient, sigmoid(x)), 'input')

/**
 * The sine of an angle in radians.
 *
 * @example
 * ```ts
 * import { sin, tensor } from '@transferkit/tensor'
 * 
 * const heights = sin(tensor([0, Math.PI / 2], [2])) // [0, 1]
 * ```
 */
export const sin: UnaryOp = unary('Sin', (gradient, x) => multiply(gradient, cos(x)), 'input')

/**
 * The cosine of an angle in radians.
 *
 * @example
 * ```ts
 * import { cos, tensor } from '@transferkit/tensor'
 * 
 * const widths = cos(tensor([0, Math.PI], [2])) // [1, -1]
 * ```
 */
export const cos: UnaryOp = unary('Cos', (gradient, x) => negate(multiply(gradient, sin(x))), 'input')

/**
 * The error function, `2/√π ∫₀ˣ exp(-t²) dt`.
 *
 * @example
 * ```ts
 * import { erf, tensor } from '@transferkit/tensor'
 * 
 * const shares = erf(tensor([0, 3], [2])) // [0, 1]
 * ```
 */
export const erf: UnaryOp = unary('Erf', (gradient, x) => multiply(multiply(gradient, 2 / Math.sqrt(Math.PI)), exp(negate(square(x)))), 'input')

/**
 * -1, 0 or 1 by the sign of each element. It has no gradient.
 *
 * @param x A tensor.
 *
 * @example
 * ```ts
 * import { sign, tensor } from '@transferkit/tensor'
 *
 * const signs = sign(tensor([-2, 0, 3], [3]))
 * ```
 */
export const sign = <A extends Axes>(x: Tensor<A>): Tensor<A> => runKernel<A>('Sign', { x })

/** Passes a gradient where the rectifier was open. Linear in the gradient, so that its own pull-back is itself. */
const reluGradient = (gradient: Tensor, output: Tensor): Tensor =>
  differentiable(
    [gradient],
    () =>
      hasKernel(acceleratedKernels.reluGradient)
        ? runKernel<Axes>(acceleratedKernels.reluGradient, { outputGradient: gradient, output })
        : withoutRecording(() => multiply(gradient, cast(greater(output, 0), 'float32'))),
    (outer) => [reluGradient(outer, output)],
  )

/**
 * The rectifier, `max(x, 0)`; its gradient at 0 is 0.
 *
 * @example
 * ```ts
 * import { relu, tensor } from '@transferkit/tensor'
 * 
 * const rectified = relu(tensor([-1, 3], [2])) // [0, 3]
 * ```
 */
export const relu: UnaryOp = unary('Relu', (gradient, _x, output) => reluGradient(gradient, output), 'output')

/**
 * The rectifier cut off at 6, `min(max(x, 0), 6)`; its gradient is 0 at and outside both ends.
 *
 * @param x A tensor.
 *
 * @example
 * ```ts
 * import { relu6, tensor } from '@transferkit/tensor'
 *
 * const clipped = relu6(tensor([-1, 3, 8], [3])) // [0, 3, 6]
 * ```
 */
export const relu6 = <A extends Axes>(x: Tensor<A>): Tensor<A> =>
  subtract(6, relu(subtract(6, relu(x))))

/**
 * The rectifier with a small slope below 0: `x` where `x ≥ 0`, else `slope · x`.
 *
 * @param x A tensor.
 * @param slope Slope for negative elements, 0.01 unless told, as in PyTorch.
 *
 * @example
 * ```ts
 * import { leakyRelu, tensor } from '@transferkit/tensor'
 *
 * const leaky = leakyRelu(tensor([-1, 3], [2])) // [-0.01, 3]
 * ```
 */
export const leakyRelu = <A extends Axes>(x: Tensor<A>, slope = 0.01): Tensor<A> =>
  subtract(relu(x), multiply(relu(negate(x)), slope))

/**
 * The exponential linear unit: `x` above 0, `exp(x) - 1` below.
 *
 * @param x A tensor.
 *
 * @example
 * ```ts
 * import { elu, tensor } from '@transferkit/tensor'
 *
 * const smooth = elu(tensor([-1, 3], [2]))
 * ```
 */
export const elu = <A extends Axes>(x: Tensor<A>): Tensor<A> =>
  // The exponential sees only elements below 0, so it cannot overflow.
  add(relu(x), expm1(negate(relu(negate(x)))))

/**
 * The Gaussian error linear unit, `x Φ(x)` with the exact distribution function.
 *
 * @param x A tensor.
 *
 * @example
 * ```ts
 * import { gelu, tensor } from '@transferkit/tensor'
 *
 * const smooth = gelu(tensor([-1, 3], [2]))
 * ```
 */
export const gelu = <A extends Axes>(x: Tensor<A>): Tensor<A> =>
  multiply(multiply(x, 0.5), add(erf(multiply(x, Math.SQRT1_2)), 1))

/**
 * `x` raised to a constant power.
 *
 * @param x A tensor; positive where the exponent is not a whole number.
 * @param exponent The power.
 *
 * @example
 * ```ts
 * import { power, tensor } from '@transferkit/tensor'
 *
 * const cubes = power(tensor([1, 2], [2]), 3)
 * ```
 */
export const power = <A extends Axes>(x: Tensor<A>, exponent: number): Tensor<A> =>
  differentiable([x], () => runKernel<A>('Pow', { a: x, b: constant([], exponent) }), (gradient) => [
    // Where nothing depends on `x` any more, 0 times an infinite power would be NaN at 0.
    exponent === 0 ? undefined : multiply(multiply(gradient, exponent), power(x as Tensor, exponent - 1)),
  ])

/**
 * Elements limited to an interval; the gradient is 0 for those outside.
 *
 * @param x A tensor.
 * @param lowest Lower end.
 * @param highest Upper end.
 *
 * @example
 * ```ts
 * import { clip, tensor } from '@transferkit/tensor'
 *
 * const limited = clip(tensor([-1, 3], [2]), 0, 1)
 * ```
 */
export const clip = <A extends Axes>(x: Tensor<A>, lowest: number, highest: number): Tensor<A> => minimum(maximum(x, lowest), highest)
