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
  (kernel: string, pullback: (gradient: Tensor, x: Tensor, output: Tensor) => Tensor): UnaryOp =>
  <A extends Axes>(x: Tensor<A>) =>
    differentiable([x], () => runKernel<A>(kernel, { x }), (gradient, _wanted, output) => [pullback(gradient, x, output)])

/** The exponential function. */
export const exp: UnaryOp = unary('Exp', (gradient, _x, output) => multiply(gradient, output))

/** `exp(x) - 1`, accurate near 0. */
export const expm1: UnaryOp = unary('Expm1', (gradient, _x, output) => multiply(gradient, add(output, 1)))

/** The natural logarithm. */
export const log: UnaryOp = unary('Log', (gradient, x) => divide(gradient, x))

/** `log(1 + x)`, accurate near 0. */
export const log1p: UnaryOp = unary('Log1p', (gradient, x) => divide(gradient, add(x, 1)))

/** The square root. */
export const sqrt: UnaryOp = unary('Sqrt', (gradient, _x, output) => divide(multiply(gradient, 0.5), output))

/** `1 / √x`. */
export const rsqrt: UnaryOp = unary('Rsqrt', (gradient, x, output) => multiply(multiply(gradient, -0.5), divide(output, x)))

/** The absolute value; its gradient at 0 is 0. */
export const abs: UnaryOp = unary('Abs', (gradient, x) => multiply(gradient, sign(x)))

/** The hyperbolic tangent. */
export const tanh: UnaryOp = unary('Tanh', (gradient, _x, output) => multiply(gradient, subtract(1, square(output))))

/** The logistic function, `1 / (1 + exp(-x))`. */
export const sigmoid: UnaryOp = unary('Sigmoid', (gradient, _x, output) => multiply(gradient, multiply(output, subtract(1, output))))

/** `log(1 + exp(x))`, without overflow. */
export const softplus: UnaryOp = unary('Softplus', (gradient, x) => multiply(gradient, sigmoid(x)))

/** The sine of an angle in radians. */
export const sin: UnaryOp = unary('Sin', (gradient, x) => multiply(gradient, cos(x)))

/** The cosine of an angle in radians. */
export const cos: UnaryOp = unary('Cos', (gradient, x) => negate(multiply(gradient, sin(x))))

/** The error function. */
export const erf: UnaryOp = unary('Erf', (gradient, x) => multiply(multiply(gradient, 2 / Math.sqrt(Math.PI)), exp(negate(square(x)))))

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

/** The rectifier, `max(x, 0)`; its gradient at 0 is 0. */
export const relu: UnaryOp = unary('Relu', (gradient, _x, output) => reluGradient(gradient, output))

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
  // Composed of elementwise ops, which keep the axes.
  subtract(6, relu(subtract(6, relu(x)))) as Tensor<A>

/**
 * The rectifier with a small slope below 0.
 *
 * @param x A tensor.
 * @param slope Slope for negative elements, 0.01 unless told, as in PyTorch.
 *
 * @example
 * ```ts
 * import { leakyRelu, tensor } from '@transferkit/tensor'
 *
 * const leaky = leakyRelu(tensor([-1, 3], [2]))
 * ```
 */
export const leakyRelu = <A extends Axes>(x: Tensor<A>, slope = 0.01): Tensor<A> =>
  // As relu6.
  subtract(relu(x), multiply(relu(negate(x)), slope)) as Tensor<A>

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
  // As relu6. The exponential sees only elements below 0, so it cannot overflow.
  add(relu(x), expm1(negate(relu(negate(x))))) as Tensor<A>

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
  // As relu6.
  multiply(multiply(x as Tensor, 0.5), add(erf(multiply(x as Tensor, Math.SQRT1_2)), 1)) as Tensor<A>

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
    multiply(multiply(gradient, exponent), power(x as Tensor, exponent - 1)),
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
