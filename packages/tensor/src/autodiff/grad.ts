import { TransferkitError } from '../error.js'
import { scope, tensorsIn } from '../memory/scope.js'
import { add, multiply } from '../ops/arithmetic.js'
import { onesLike, zerosLike } from '../ops/creation.js'
import { sum } from '../ops/reduction.js'
import { identity } from '../ops/shape.js'
import type { AnyTensor, Scalar, Tensor } from '../tensor/tensor.js'
import { leavesOf, mapTree, type TensorTree, type Tree, zipTrees } from '../tree/tree.js'
import { differentiable, pullBack, recordOn, withoutRecording } from './tape.js'

/** A value and its gradient. */
export interface ValueAndGradient<P extends TensorTree> {
  /** Value of the function. */
  readonly value: Scalar
  /** Gradient with respect to each tensor of the first argument, in a tree of the same structure. */
  readonly gradient: P
}

/** A value, its gradient, and whatever else the function returned. */
export interface ValueAndGradientWithAuxiliary<P extends TensorTree, Auxiliary> extends ValueAndGradient<P> {
  /** What the function returned beside its value. */
  readonly auxiliary: Auxiliary
}

/** Result of a function that is differentiated and has more to say than its value. */
export interface WithAuxiliary<Auxiliary> {
  /** The number to differentiate. */
  readonly value: Scalar
  /** Anything else: metrics, new batch statistics, activations. */
  readonly auxiliary: Auxiliary
}

/**
 * Copies of the tensors of a tree that only one differentiation sees, so that a tensor which is also used elsewhere (inside a nested gradient, or
 * captured by the function) is not mistaken for the argument.
 */
const ownCopies = <P extends TensorTree>(tree: P): P =>
  mapTree(tree, (leaf) => identity(leaf))

const treeLeaves = (tree: TensorTree): readonly Tensor[] => leavesOf<Tensor>(tree)

const differentiate = <P extends TensorTree, Auxiliary>(
  f: (params: P) => WithAuxiliary<Auxiliary>,
  params: P,
): ValueAndGradientWithAuxiliary<P, Auxiliary> => {
  const copies = ownCopies(params)
  const inputs = treeLeaves(copies)
  const {
    result: { value, auxiliary },
    tape,
  } = recordOn(inputs, () => f(copies))
  // A function in plain JavaScript may return a vector all the same.
  if ((value.shape as readonly number[]).length !== 0) {
    throw new TransferkitError(
      'gradient/not-a-scalar',
      `Only a single number has a gradient, but the function returned a tensor of shape [${String(value.shape)}]. Sum it, or take its mean.`,
    )
  }
  const kept = new Set([value.id, ...tensorsIn(auxiliary).map(({ id }) => id)])
  const found = pullBack(tape, [[value, onesLike(value)]], inputs, kept)
  const gradients = new Map(inputs.map(({ id }, index) => [id, found[index]]))
  const gradient = mapTree(copies, (leaf) => gradients.get(leaf.id) ?? zerosLike(leaf))
  return { value, auxiliary, gradient }
}

/**
 * Value and gradient of a function of a tree of tensors, and whatever else the function computed.
 *
 * Everything that is needed of the computation must be returned, in `auxiliary`: other intermediate results are freed during the backward pass.
 *
 * @param f Returns `{ value, auxiliary }`; only `value`, a single number, is differentiated.
 * @returns A function of the tree and of any further arguments that `f` takes.
 * @throws TransferkitError `gradient/not-a-scalar` when `value` is not a single number.
 *
 * @example
 * ```ts
 * import { multiply, square, sum, tensor, valueAndGradWithAuxiliary } from '@transferkit/tensor'
 *
 * const f = valueAndGradWithAuxiliary((x: { a: ReturnType<typeof tensor> }) => {
 *   const squares = square(x.a)
 *   return { value: sum(squares), auxiliary: squares }
 * })
 * const { value, gradient, auxiliary } = f({ a: tensor([1, 2], [2]) })
 * ```
 */
export const valueAndGradWithAuxiliary =
  <P extends TensorTree, Auxiliary, Rest extends readonly unknown[]>(f: (params: P, ...rest: Rest) => WithAuxiliary<Auxiliary>) =>
  (params: P, ...rest: Rest): ValueAndGradientWithAuxiliary<P, Auxiliary> =>
    scope(() => differentiate((copies) => f(copies, ...rest), params))

/**
 * Value and gradient of a function of a tree of tensors.
 *
 * The gradient is exact, and being made of ops it can be differentiated again, to any order.
 *
 * @param f Returns a single number.
 * @returns A function of the tree and of any further arguments that `f` takes. The gradient is a tree of the same names and shapes, with zeros for what `f` does not use.
 * @throws TransferkitError `gradient/not-a-scalar` when `f` returns more than one number.
 *
 * @example
 * ```ts
 * import { square, sum, tensor, valueAndGrad } from '@transferkit/tensor'
 *
 * const { value, gradient } = valueAndGrad((x: ReturnType<typeof tensor>) => sum(square(x)))(tensor([1, 2], [2]))
 * ```
 */
export const valueAndGrad =
  <P extends TensorTree, Rest extends readonly unknown[]>(f: (params: P, ...rest: Rest) => Scalar) =>
  (params: P, ...rest: Rest): ValueAndGradient<P> => {
    const { value, gradient } = scope(() => differentiate((copies) => ({ value: f(copies, ...rest), auxiliary: undefined }), params))
    return { value, gradient }
  }

/**
 * Gradient `∂f/∂p` of a function of a tree of tensors, without the value; {@link valueAndGrad} gives both for the same work.
 *
 * @param f Returns a single number.
 * @returns A function of the tree and of any further arguments that `f` takes. It gives a tree of the same names and shapes, with zeros for what `f` does not use.
 * @throws TransferkitError `gradient/not-a-scalar` when `f` returns more than one number.
 *
 * @example
 * ```ts
 * import { grad, square, sum, tensor } from '@transferkit/tensor'
 *
 * const slope = grad((x: ReturnType<typeof tensor>) => sum(square(x)))(tensor([1, 2], [2])) // [2, 4]
 * const curvature = grad((x: ReturnType<typeof tensor>) => sum(grad((y: typeof x) => sum(square(y)))(x)))(tensor([1, 2], [2])) // [2, 2]
 * ```
 */
export const grad =
  <P extends TensorTree, Rest extends readonly unknown[]>(f: (params: P, ...rest: Rest) => Scalar) =>
  (params: P, ...rest: Rest): P =>
    scope(() => valueAndGrad(f)(params, ...rest).gradient)

/**
 * Product of the Hessian of a function with a direction, `H v = ∇ ⟨∇f, v⟩`, without forming the Hessian.
 *
 * It costs about as much as three gradients.
 *
 * @param f Returns a single number.
 * @throws TransferkitError `gradient/not-a-scalar` when `f` returns more than one number, `tree/structure` when the direction has another structure.
 * @returns A function of the point, of the direction (a tree of the same structure) and of any further arguments that `f` takes.
 *
 * @example
 * ```ts
 * import { hessianVectorProduct, square, sum, tensor } from '@transferkit/tensor'
 *
 * const product = hessianVectorProduct((x: ReturnType<typeof tensor>) => sum(square(x)))(tensor([1, 2], [2]), tensor([1, 0], [2])) // [2, 0]
 * ```
 */
export const hessianVectorProduct =
  <P extends TensorTree, Rest extends readonly unknown[]>(f: (params: P, ...rest: Rest) => Scalar) =>
  (params: P, direction: P, ...rest: Rest): P =>
    grad((point: P) => innerProduct(grad(f)(point, ...rest), direction))(params)

/**
 * Inner product of two trees, the sum over all elements of both.
 *
 * @param left A tree of tensors.
 * @param right A tree of the same structure and shapes.
 * @throws TransferkitError `tree/structure` when the structures differ, `tree/empty` when there is no tensor.
 *
 * @example
 * ```ts
 * import { innerProduct, tensor } from '@transferkit/tensor'
 *
 * const product = innerProduct({ a: tensor([1, 2], [2]) }, { a: tensor([3, 4], [2]) }) // 11
 * ```
 */
export const innerProduct = (left: TensorTree, right: TensorTree): Scalar => {
  const products = zipTrees(left, right, (a, b) => sum(multiply(a, b)))
  // Each is the sum over all axes.
  const [first, ...others] = leavesOf<Scalar>(products as Tree<Scalar>)
  if (first === undefined) throw new TransferkitError('tree/empty', 'An inner product needs trees with at least one tensor.')
  return others.reduce<Scalar>((total, product) => add(total, product), first)
}

/**
 * Products of the transposed Jacobian of a function of tensors with gradients of its results.
 *
 * @param f A function of tensors that returns a list of tensors.
 * @param inputs Where to evaluate it.
 * @param outputGradients One a result, of its shape; `undefined` where there is none.
 * @returns One gradient an input; zeros where no result depends on it.
 *
 * @example
 * ```ts
 * import { square, tensor, vectorJacobianProducts } from '@transferkit/tensor'
 *
 * const [gradient] = vectorJacobianProducts((x) => [square(x)], [tensor([1, 2], [2])], [tensor([1, 1], [2])])
 * ```
 */
export const vectorJacobianProducts = <const I extends readonly Tensor[]>(
  f: (...inputs: { readonly [K in keyof I]: Tensor }) => readonly Tensor[],
  inputs: I,
  outputGradients: readonly (Tensor | undefined)[],
): { readonly [K in keyof I]: Tensor } => {
  const pull = (): readonly Tensor[] => {
    const copies = inputs.map((input) => identity(input))
    // `copies` has one tensor an input.
    const { result, tape } = recordOn(copies, () => f(...(copies as unknown as { readonly [K in keyof I]: Tensor })))
    const starts = result.flatMap((output, index) => {
      const gradient = outputGradients[index]
      return gradient === undefined ? [] : [[output, gradient] as const]
    })
    const gradients = pullBack(tape, starts, copies, new Set())
    return copies.map((copy, index) => {
      const gradient = gradients[index]
      if (gradient === undefined) return zerosLike(copy)
      // A result is the caller's to release, and so is what the caller gave: they must not be one tensor.
      return outputGradients.includes(gradient) ? identity(gradient) : gradient
    })
  }
  // One gradient an input, in order.
  return scope(pull) as unknown as { readonly [K in keyof I]: Tensor }
}

/**
 * Gives a function a gradient of its own, for example one that is reversed, passed straight through, or cheaper to compute.
 *
 * @param inputs What the result depends on.
 * @param forward Computes the result from constants: its own gradient is not recorded.
 * @param pullback Pulls the gradient of the result back to each input; write it with ops, so that it can be differentiated in turn.
 *
 * @example
 * ```ts
 * import { identity, multiply, tensor, withGradient } from '@transferkit/tensor'
 *
 * const x = tensor([1, 2], [2])
 * const reversed = withGradient([x], () => identity(x), (gradient) => [multiply(gradient, -1)])
 * ```
 */
export const withGradient = <T extends Tensor>(
  inputs: readonly AnyTensor[],
  forward: () => T,
  pullback: (gradient: Tensor, wanted: readonly boolean[]) => readonly (Tensor | undefined)[],
): T => {
  // Gradients are freed when they have been used, but a pull-back may return a tensor that the caller still needs.
  const copied = (gradient: Tensor, wanted: readonly boolean[]): readonly (Tensor | undefined)[] => pullback(gradient, wanted).map((part) => part && identity(part))
  return differentiable(inputs, () => withoutRecording(forward), copied)
}
