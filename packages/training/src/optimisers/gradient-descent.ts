import { multiply, type Optimiser, type ParameterGroup, subtract, type Tensor, type TensorTree, zipTrees } from '@transferkit/tensor'
import { scalarsByValue } from './scalars.js'
import type { GradientTransform } from './transform.js'

const filledIn = ({ learningRate = 1, weightDecay = 1 }: ParameterGroup): Required<ParameterGroup> => ({ learningRate, weightDecay })

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
    const learningRate: Tensor = settings.learningRate
    const group = (path: string): Required<ParameterGroup> => filledIn(settings.parameterGroup?.(path) ?? {})
    const result = transform.update(gradients, state, { params, learningRate: settings.learningRate, group })
    const scalarOf = scalarsByValue()
    const rates = new Map<number, Tensor>([[1, learningRate]])
    const rateFor = (factor: number): Tensor => {
      const rate = rates.get(factor) ?? multiply(learningRate, scalarOf(factor))
      rates.set(factor, rate)
      return rate
    }
    return {
      params: zipTrees<TensorTree>(params, result.updates, (parameter, update, path) => {
        const factor = group(path).learningRate
        return factor === 0 ? parameter : subtract(parameter, multiply(update, rateFor(factor)))
      }),
      state: result.state,
    }
  },
})
