import { add, divide, expm1, mapTree, multiply, negate, scalar, sqrt, square, type Tensor, type TensorTree, zerosLike, zipTrees } from '@transferkit/tensor'
import type { GradientTransform } from './transform.js'

/** Settings of {@link scaleByAdam}. */
export interface AdamMomentsOptions {
  /** `β₁`, how much of the mean of the gradients is kept, 0.9 unless told, as in the paper and PyTorch. */
  readonly firstDecay?: number
  /** `β₂`, how much of the mean of the squares is kept, 0.999 unless told, as in the paper and PyTorch. */
  readonly secondDecay?: number
  /** `ε` beside the root, 1e-8 unless told, as in the paper and PyTorch. */
  readonly epsilon?: number
}

/** The settings with what is left out filled in. @internal */
export const withDefaults = ({ firstDecay = 0.9, secondDecay = 0.999, epsilon = 1e-8 }: AdamMomentsOptions): Required<AdamMomentsOptions> => ({ firstDecay, secondDecay, epsilon })

/**
 * Adam's update: `m ← β₁ m + (1-β₁) g`, `s ← β₂ s + (1-β₂) g²`, `u = m̂ / (√ŝ + ε)` with `m̂ = m/(1-β₁ᵗ)` and `ŝ = s/(1-β₂ᵗ)`.
 *
 * As in PyTorch, `t` counts the steps of each parameter: one that joins in a later phase of the training begins at 1.
 *
 * @param options Decays and epsilon.
 * @returns A transform for {@link chain}.
 *
 * @example
 * ```ts
 * import { chain, clipByGlobalNorm, gradientDescent, scaleByAdam } from '@transferkit/training'
 *
 * const optimiser = gradientDescent(chain(clipByGlobalNorm(1), scaleByAdam({ secondDecay: 0.99 })))
 * ```
 */
export const scaleByAdam = (options: AdamMomentsOptions = {}): GradientTransform => ({
  init: (params) => ({
    count: mapTree<TensorTree>(params, () => scalar(0)),
    first: mapTree<TensorTree>(params, (parameter) => zerosLike(parameter)),
    second: mapTree<TensorTree>(params, (parameter) => zerosLike(parameter)),
  }),
  update: (gradients, state) => {
    const { firstDecay, secondDecay, epsilon } = withDefaults(options)
    const branch = (name: string): TensorTree =>
      // Parts of the tree that `init` made hold float tensors only. A model without parameters has no moments.
      (state as Readonly<Record<string, TensorTree>>)[name] ?? {}
    const smallest: Tensor = scalar(epsilon)
    const average = (old: TensorTree, decay: number, added: (gradient: Tensor) => Tensor): TensorTree => {
      const [keep, take]: readonly [Tensor, Tensor] = [scalar(decay), scalar(1 - decay)]
      return zipTrees<TensorTree>(gradients, old, (gradient, mean) => add(multiply(mean, keep), multiply(added(gradient), take)))
    }
    const [one, firstLogarithm, secondLogarithm]: readonly [Tensor, Tensor, Tensor] = [scalar(1), scalar(Math.log(firstDecay)), scalar(Math.log(secondDecay))]
    // 1 - βᵗ loses its digits in float32 while t is small; -expm1(t ln β) keeps them.
    const correction = (count: Tensor, logarithm: Tensor): Tensor => negate(expm1(multiply(count, logarithm)))
    const count = mapTree<TensorTree>(branch('count'), (steps) => add(steps, one))
    const first = average(branch('first'), firstDecay, (gradient) => gradient)
    const second = average(branch('second'), secondDecay, (gradient) => square(gradient))
    const corrected = zipTrees<TensorTree>(first, count, (mean, steps) => divide(mean, correction(steps, firstLogarithm)))
    const scale = zipTrees<TensorTree>(second, count, (meanSquare, steps) => add(divide(sqrt(meanSquare), sqrt(correction(steps, secondLogarithm))), smallest))
    return { updates: zipTrees<TensorTree>(corrected, scale, (mean, divisor) => divide(mean, divisor)), state: { count, first, second } }
  },
})
