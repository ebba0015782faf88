import type { Network, Optimiser, ParameterGroup } from '@transferkit/tensor'

/** Decides how the optimiser treats a parameter, by its dotted path. */
export type GroupOf = (path: string) => ParameterGroup

/**
 * Several decisions as one: their factors multiply.
 *
 * @param decisions The decisions; any order gives the same.
 *
 * @example
 * ```ts
 * import { combineGroups } from '@transferkit/training'
 *
 * const groupOf = combineGroups((path) => (path.startsWith('head.') ? { learningRate: 10 } : {}), () => ({ weightDecay: 0 }))
 * ```
 */
export const combineGroups =
  (...decisions: readonly GroupOf[]): GroupOf =>
  (path) =>
    decisions
      .map((decide) => decide(path))
      .reduce<Required<ParameterGroup>>(
        (product, { learningRate = 1, weightDecay = 1 }) => ({ learningRate: product.learningRate * learningRate, weightDecay: product.weightDecay * weightDecay }),
        { learningRate: 1, weightDecay: 1 },
      )

/**
 * The same optimiser with factors on learning rate and weight decay by parameter. Factors of an optimiser that has groups already multiply.
 *
 * @param optimiser The optimiser; it is left as it is.
 * @param groupOf Decides for each parameter.
 *
 * @example
 * ```ts
 * import { sgd, withParameterGroups } from '@transferkit/training'
 *
 * const optimiser = withParameterGroups(sgd({ momentum: 0.9 }), (path) => (path.startsWith('head.') ? { learningRate: 10 } : {}))
 * ```
 */
export const withParameterGroups = (optimiser: Optimiser, groupOf: GroupOf): Optimiser => ({
  specVersion: 1,
  init: (params) => optimiser.init(params),
  update: (gradients, state, params, settings) => {
    const outer: GroupOf = (path) => settings.parameterGroup?.(path) ?? {}
    return optimiser.update(gradients, state, params, { ...settings, parameterGroup: combineGroups(outer, groupOf) })
  },
})

/**
 * Groups whose learning rate falls from the head down: factor 1 at the head, `factor` at the last stage, `factor²` at the one before, and so on
 * (Howard and Ruder, 2018).
 *
 * @param network Gives the stages; parameters that belong to none are treated like the head.
 * @param factor How much slower each stage learns than the one after it, such as 0.65.
 *
 * @example
 * ```ts
 * import { flattenLayer, network } from '@transferkit/tensor'
 * import { layerwiseLearningRateDecay, sgd, withParameterGroups } from '@transferkit/training'
 *
 * const linear = network({ name: 'linear', inputShape: [2, 2, 1], stages: [{ name: 'pixels', module: flattenLayer() }], classes: 3 })
 * const optimiser = withParameterGroups(sgd(), layerwiseLearningRateDecay(linear, 0.65))
 * ```
 */
export const layerwiseLearningRateDecay = (network: Pick<Network, 'stages'>, factor: number): GroupOf => {
  const names = network.stages.map(({ name }) => name)
  return (path) => {
    const position = names.findIndex((name) => path.startsWith(`${name}.`))
    return position === -1 ? {} : { learningRate: factor ** (names.length - position) }
  }
}
