import { convolutionLayer, type Images, inference, type Key, type TensorTree, variable } from '@transferkit/tensor'

/** Numbers of channels that a projection leads between. */
export interface ProjectionChannels {
  /** Channels of the target, which it takes. */
  readonly target: number
  /** Channels of the source, which it gives. */
  readonly source: number
}

const layerTo = (channels: number): ReturnType<typeof convolutionLayer> => convolutionLayer({ channels, kernelSize: 1, bias: true })

/**
 * Parameters of a projection `R`, a convolution of 1 x 1 with bias from the target's channels to the source's: `filter [1, 1, target, source]` and `bias [source]`,
 * both uniform in ±1/√(target channels), as in the official code.
 *
 * @param key Source of randomness.
 * @param channels Between which numbers of channels it leads.
 *
 * @example
 * ```ts
 * import { initProjection } from '@transferkit/meta'
 * import { randomKey } from '@transferkit/tensor'
 *
 * const params = initProjection(randomKey(1), { target: 64, source: 16 })
 * ```
 */
export const initProjection = (key: Key, { target, source }: ProjectionChannels): TensorTree => layerTo(source).init(key, [1, 1, 1, target]).params

/**
 * Target maps projected to the channels of the source, `R(T)`.
 *
 * @param params What {@link initProjection} made.
 * @param target Target maps, `[batch, height, width, channel]`.
 *
 * @example
 * ```ts
 * import { initProjection, project } from '@transferkit/meta'
 * import { ones, randomKey } from '@transferkit/tensor'
 *
 * const projected = project(initProjection(randomKey(1), { target: 64, source: 16 }), ones([2, 8, 8, 64])) // [2, 8, 8, 16]
 * ```
 */
export const project = (params: TensorTree, target: Images): Images => layerTo(variable(params, 'bias').size).apply({ params, state: {} }, target, inference).output
