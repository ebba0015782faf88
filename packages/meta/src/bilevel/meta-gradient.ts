import {
  add,
  divide,
  flattenTree,
  grad,
  innerProduct,
  leavesOf,
  mapTree,
  maximum,
  multiply,
  type Scalar,
  scalar,
  scope,
  sqrt,
  subtract,
  type Tensor,
  type TensorTree,
  valueAndGrad,
  vectorJacobianProducts,
  zerosLike,
  zipTrees,
} from '@transferkit/tensor'
import type { BilevelProblem, InnerObjective, Iterate } from './bilevel-problem.js'
import type { Unrolled, UnrolledStep } from './unroll.js'

/**
 * How the second derivatives of the inner objectives are computed: exactly, by differentiating gradients; by central differences of first derivatives; or not at
 * all, except for the mixed one.
 */
export type MetaGradientForm = 'exact' | 'finiteDifference' | 'firstOrder'

/** How a meta-gradient is computed. */
export interface MetaGradientOptions {
  /** The form. */
  readonly form: MetaGradientForm
  /** Length of the step in parameter space of the forms with central differences, `‖ε q‖`; 1e-3 unless told, the length that agreed best with `exact` where any did. */
  readonly perturbation?: number
}

/** A meta-gradient with what it was started from. */
export interface MetaGradient {
  /** `J(φ)`, the outer objective. */
  readonly value: Scalar
  /** `∇φ J`, in a tree of the structure of the meta-parameters. */
  readonly gradient: TensorTree
  /** `∇θ L_out(θ_n)`, where the recursion starts. */
  readonly outerGradient: TensorTree
}

/** What the recursion carries backwards: `∂J/∂θ_k`, `∂J/∂v_k`, and the part of `∂J/∂φ` found so far. */
interface Adjoint extends Iterate {
  readonly meta: TensorTree
}

type PointInBoth = { readonly params: TensorTree; readonly meta: TensorTree }

const sumOf = (left: TensorTree, right: TensorTree): TensorTree => zipTrees(left, right, (a, b) => add(a, b))

const zerosOf = (tree: TensorTree): TensorTree => mapTree(tree, (leaf) => zerosLike(leaf))

/** A tree with other tensors in the places of its own, in the order of its leaves. */
const withLeaves = (tree: TensorTree, leaves: readonly Tensor[]): TensorTree => {
  const byPath = new Map(flattenTree<Tensor>(tree).map(({ path }, index) => [path, leaves[index]]))
  return mapTree(tree, (leaf, path) => byPath.get(path) ?? leaf)
}

/** Products of the transposed derivative of a function of a tree with gradients of its result, in a tree of the structure of its argument. */
const pulledBack = (f: (point: TensorTree) => TensorTree, point: TensorTree, resultGradients: TensorTree): TensorTree =>
  withLeaves(
    point,
    vectorJacobianProducts((...inputs) => leavesOf<Tensor>(f(withLeaves(point, inputs))), leavesOf<Tensor>(point), leavesOf<Tensor>(resultGradients)),
  )

/** All that an update depends on, or the adjoint in it. */
interface UpdatePoint {
  readonly iterate: { readonly params: TensorTree; readonly memory: TensorTree }
  readonly gradients: TensorTree
  readonly meta: TensorTree
}

/** The transposed derivative of the update of a step, applied to the adjoint behind it. */
const throughUpdate = (problem: BilevelProblem, { before: { params, memory }, gradients }: UnrolledStep, meta: TensorTree, adjoint: Adjoint): UpdatePoint => {
  const point = { iterate: { params, memory }, gradients, meta } satisfies TensorTree
  const update = (at: TensorTree): TensorTree => {
    // The leaves are those of the point.
    const { iterate, gradients: g, meta: phi } = at as unknown as UpdatePoint
    const next = problem.update(iterate, g, phi)
    return { params: next.params, memory: next.memory }
  }
  // As above
  return pulledBack(update, point, { params: adjoint.params, memory: adjoint.memory }) as unknown as UpdatePoint
}

/** `θ + s ε q`. */
const moved = (params: TensorTree, direction: TensorTree, distance: Tensor): TensorTree => zipTrees(params, direction, (leaf, toward) => add(leaf, multiply(toward, distance)))

/** Central difference of first derivatives along a direction: the product of their Jacobian with it. */
const differenceAlong = (derivativeAt: (params: TensorTree) => TensorTree, params: TensorTree, direction: TensorTree, perturbation: number): TensorTree => {
  const length: Tensor = maximum(sqrt(innerProduct(direction, direction)), 1e-30)
  const distance: Tensor = divide(scalar(perturbation), length)
  const ahead = scope(() => derivativeAt(moved(params, direction, distance)))
  const behind = scope(() => derivativeAt(moved(params, direction, multiply(distance, -1))))
  const factor: Tensor = divide(length, 2 * perturbation)
  return zipTrees(ahead, behind, (after, before) => multiply(subtract(after, before), factor))
}

/** `∇θ ⟨∇θ L_k, q⟩` where the Hessian is wanted, and `∇φ ⟨∇θ L_k, q⟩` where the objective depends on `φ`. */
const secondDerivatives = (objective: InnerObjective, params: TensorTree, meta: TensorTree, q: TensorTree, wantsHessian: boolean, { form, perturbation = 1e-3 }: MetaGradientOptions): Partial<PointInBoth> => {
  const wanted = (at: TensorTree): TensorTree => ({ ...(wantsHessian ? { params: at } : {}), ...(objective.dependsOnMeta === false ? {} : { meta }) })
  const point = wanted(params)
  if (leavesOf(point).length === 0) return {}
  // What is differentiated in place of what is not, in trees of the structure of `wanted`.
  const completed = (at: TensorTree, other: TensorTree): PointInBoth => ({ params: other, meta, ...(at as unknown as Partial<PointInBoth>) })
  const found =
    form === 'exact'
      ? pulledBack((at) => grad((here: TensorTree) => objective.evaluate(here, completed(at, params).meta).value)(completed(at, params).params), point, q)
      : differenceAlong(
          (here) =>
            grad((at: TensorTree) => {
              const both = completed(at, here)
              return objective.evaluate(both.params, both.meta).value
            })(wanted(here)),
          params,
          q,
          perturbation,
        )
  // A derivative has the structure of its argument.
  return found as Partial<PointInBoth>
}

/** One step of the recursion. The adjoint behind it is freed as soon as it is pulled through the update, but for what is `kept` of it. */
const stepBack = (problem: BilevelProblem, objective: InnerObjective, step: UnrolledStep, meta: TensorTree, adjoint: Adjoint, kept: TensorTree, isFirst: boolean, options: MetaGradientOptions): Adjoint => {
  const [pulled] = scope(() => [throughUpdate(problem, step, meta, adjoint), kept] as const, { donate: [adjoint.params, adjoint.memory] })
  const { params: hessian, meta: mixed } = secondDerivatives(objective, step.before.params, meta, pulled.gradients, !isFirst && options.form !== 'firstOrder', options)
  return {
    params: hessian === undefined ? pulled.iterate.params : sumOf(pulled.iterate.params, hessian),
    memory: pulled.iterate.memory,
    meta: [pulled.meta, ...(mixed === undefined ? [] : [mixed])].reduce(sumOf, adjoint.meta),
  }
}

/**
 * The gradient of the outer objective in the meta-parameters, `∇φ J`, by a recursion backwards over the inner steps.
 *
 * With `ā` for the derivative of `J` in `a`, it starts at `θ̄_n = ∇θ L_out`, `v̄_n = 0`, and goes for `k = n-1 … 0`:
 *
 * ```text
 * (θ̄, v̄, q, φ̄)  = the transposed derivative of U at step k, applied to (θ̄_k+1, v̄_k+1);  q belongs to g_k
 * θ̄_k           = θ̄ + ∇θ ⟨g_k, q⟩                   Hessian-vector product
 * v̄_k           = v̄
 * ∇φ J          += φ̄ + ∇φ ⟨g_k, q⟩                  mixed second derivative
 * ```
 *
 * For gradient descent with momentum `μ`, decay `λ` and rate `η`, where `v' = μ v + g + λ θ` and `θ' = θ - η v'`, that is `q = v̄' - η θ̄'`,
 * `θ̄ = (1 - ηλ) θ̄' + λ v̄' + H q`, `v̄ = μ q`. No step is differentiated through another, so that the graph of one step is alive at a time, and the number of inner
 * steps costs one copy of the parameters each.
 *
 * | form | second derivatives | cost of one step |
 * | --- | --- | --- |
 * | `exact` | by differentiating the gradient; all ops of `@transferkit/tensor` allow it | about three gradients |
 * | `finiteDifference` | central differences of the gradient in `θ` and `φ` along `q` | two gradients |
 * | `firstOrder` | the Hessian left out; the mixed derivative by central differences | two forward passes and the gradient in `φ` |
 *
 * The derivative in the start of the inner steps is never needed, so the step of `k = 0` costs less in every form.
 *
 * @param problem The problem.
 * @param unrolled What {@link unroll} gave for the problem.
 * @param meta `φ`, as in the unroll.
 * @param options The form.
 * @returns The value of the outer objective and its gradient, a tree with the names and shapes of `φ`.
 * @throws TransferkitError `gradient/not-a-scalar` when an objective gives more than one number.
 *
 * @example
 * ```ts
 * import { type BilevelProblem, metaGradient, unroll } from '@transferkit/meta'
 * import { innerProduct, multiply, scalar, subtract, type TensorTree, zipTrees } from '@transferkit/tensor'
 *
 * // θ is pulled towards φ, and shall come to 3.
 * const distance = (left: TensorTree, right: TensorTree) => {
 *   const difference = zipTrees(left, right, (a, b) => subtract(a, b))
 *   return innerProduct(difference, difference)
 * }
 * const problem: BilevelProblem = {
 *   inner: [{ name: 'pull', evaluate: (params, meta) => ({ value: distance(params, meta), auxiliary: {} }) }],
 *   update: ({ params, memory }, gradients) => ({ params: zipTrees(params, gradients, (p, g) => subtract(p, multiply(g, 0.1))), memory }),
 *   outer: (params) => distance(params, { x: scalar(3) }),
 * }
 * const meta = { x: scalar(2) }
 * const unrolled = unroll(problem, { params: { x: scalar(1) }, memory: {} }, meta)
 * const { gradient } = metaGradient(problem, unrolled, meta, { form: 'exact' }) // 2 (1.2 - 3) 0.2
 * ```
 */
export const metaGradient = (problem: BilevelProblem, { steps, last }: Unrolled, meta: TensorTree, options: MetaGradientOptions): MetaGradient =>
  scope(() => {
    const outer = valueAndGrad((point: TensorTree) => {
      // The two trees that are given.
      const { params, meta: at } = point as unknown as PointInBoth
      return problem.outer(params, at)
    })({ params: last.params, meta })
    // A gradient has the structure of its argument.
    const start = outer.gradient as unknown as PointInBoth
    let adjoint: Adjoint = { params: start.params, memory: zerosOf(last.memory), meta: start.meta }
    for (const [index, objective] of [...problem.inner.entries()].reverse()) {
      const step = steps[index]
      const isFirst = index === 0
      // The first step only matters by what depends on φ in it.
      if (step === undefined || (isFirst && objective.dependsOnMeta === false && problem.isAffine === true)) continue
      const after = adjoint
      adjoint = scope(() => stepBack(problem, objective, step, meta, after, start.params, isFirst, options))
    }
    return { value: outer.value, gradient: adjoint.meta, outerGradient: start.params }
  })
