import {
  add,
  divide,
  grad,
  innerProduct,
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

/** `⟨U(θ, v, g, φ), adjoint⟩`, whose gradients are the products of the transposed derivative of the update with the adjoint. */
const alongAdjoint = (problem: BilevelProblem, iterate: Iterate, gradients: TensorTree, meta: TensorTree, { params, memory }: Adjoint): Scalar => {
  const next = problem.update(iterate, gradients, meta)
  return innerProduct({ params: next.params, memory: next.memory }, { params, memory })
}

/** One step of the recursion by automatic differentiation of the whole inner step, gradient and all. */
const exactStep = (problem: BilevelProblem, objective: InnerObjective, { before }: UnrolledStep, meta: TensorTree, adjoint: Adjoint, isFirst: boolean): Adjoint => {
  const gradientAt = (params: TensorTree, at: TensorTree): TensorTree => grad((point: TensorTree) => objective.evaluate(point, at).value)(params)
  const along = ({ params, memory, meta: at }: Adjoint): Scalar => alongAdjoint(problem, { params, memory }, gradientAt(params, at), at, adjoint)
  if (isFirst) {
    // Nobody asks for the derivative in the start of the inner steps.
    const found = grad((at: TensorTree) => along({ ...before, meta: at }))(meta)
    return { ...adjoint, meta: sumOf(adjoint.meta, found) }
  }
  // The leaves are those that the trees of the point have.
  const found = grad((point: TensorTree) => along(point as unknown as Adjoint))({ ...before, meta }) as unknown as Adjoint
  return { ...found, meta: sumOf(adjoint.meta, found.meta) }
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

/** One step of the recursion in which second derivatives are differences of first ones. */
const differenceStep = (problem: BilevelProblem, objective: InnerObjective, step: UnrolledStep, meta: TensorTree, adjoint: Adjoint, wantsHessian: boolean, perturbation: number): Adjoint => {
  const { before, gradients } = step
  // The update is pulled back at once in all it depends on.
  const pulled = grad((point: TensorTree) => {
    // The leaves are those of the tree below.
    const { iterate, gradients: g, meta: at } = point as unknown as { readonly iterate: Iterate; readonly gradients: TensorTree; readonly meta: TensorTree }
    return alongAdjoint(problem, iterate, g, at, adjoint)
  })({ iterate: { params: before.params, memory: before.memory }, gradients, meta } satisfies TensorTree) as unknown as { readonly iterate: Iterate; readonly gradients: TensorTree; readonly meta: TensorTree } // As above
  const dependsOnMeta = objective.dependsOnMeta !== false
  const both = (params: TensorTree): TensorTree => {
    if (!wantsHessian) return { meta: grad((at: TensorTree) => objective.evaluate(params, at).value)(meta) }
    // The two trees that are given.
    const at = (point: TensorTree): PointInBoth => point as unknown as PointInBoth
    return grad((point: TensorTree) => objective.evaluate(at(point).params, at(point).meta).value)({ params, meta })
  }
  const found = wantsHessian || dependsOnMeta ? differenceAlong(both, before.params, pulled.gradients, perturbation) : {}
  // The trees that `both` gives.
  const { params: hessian, meta: mixed } = found as Partial<PointInBoth>
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
export const metaGradient = (problem: BilevelProblem, { steps, last }: Unrolled, meta: TensorTree, { form, perturbation = 1e-3 }: MetaGradientOptions): MetaGradient =>
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
      adjoint = scope(() =>
        form === 'exact'
          ? exactStep(problem, objective, step, meta, after, isFirst)
          : differenceStep(problem, objective, step, meta, after, form === 'finiteDifference' && !isFirst, perturbation),
      )
    }
    return { value: outer.value, gradient: adjoint.meta, outerGradient: start.params }
  })
