import { multiply, type Optimiser, type OptimiserSettings, type ParameterGroup, scalar, type Scalar, subtract, type TensorTree, zipTrees } from '@transferkit/tensor'
import type { GradientTransform } from './transform.js'

const filledIn = ({ learningRate = 1, weightDecay = 1 }: ParameterGroup): Required<ParameterGroup> => ({ learningRate, weightDecay })

/** How the parameters of a step are treated. @internal */
export interface Groups {
  /**
   * Factors of one parameter.
   *
   * @param path Its dotted path.
   */
  readonly group: (path: string) => Required<ParameterGroup>
  /**
   * Learning rate of the parameters with a factor; one tensor for all of them.
   *
   * @param factor The factor.
   */
  readonly rateFor: (factor: number) => Scalar
}

/** Reads the groups of a step. @internal */
export const groupsOf = (settings: OptimiserSettings): Groups => {
  const rates = new Map<number, Scalar>([[1, settings.learningRate]])
  return {
    group: (path) => filledIn(settings.parameterGroup?.(path) ?? {}),
    rateFor: (factor) => {
      const rate = rates.get(factor) ?? multiply(settings.learningRate, scalar(factor))
      rates.set(factor, rate)
      return rate
    },
  }
}

/**
 * The optimiser that goes down along what a transform makes of the gradients: `p ← p - η c u`, with the learning rate `η` of the step and the
 * factor `c` of the parameter's group. A parameter whose factor is 0 stays as it is, bit for bit.
 *
 * @param transform From gradients to updates.
 *
 * @example
 * ```ts
 * import { chain, clipByGlobalNorm, gradientDescent, scaleByAdam } from '@transferkit/training'
 *
 * const optimiser = gradientDescent(chain(clipByGlobalNorm(1), scaleByAdam()))
 * ```
 */
export const gradientDescent = (transform: GradientTransform): Optimiser => ({
  specVersion: 1,
  init: (params) => transform.init(params),
  update: (gradients, state, params, settings) => {
    const { group, rateFor } = groupsOf(settings)
    const result = transform.update(gradients, state, { params, learningRate: settings.learningRate, group })
    return {
      params: zipTrees<TensorTree>(params, result.updates, (parameter, update, path) => {
        const factor = group(path).learningRate
        return factor === 0 ? parameter : subtract(parameter, multiply(update, rateFor(factor)))
      }),
      state: result.state,
    }
  },
})
