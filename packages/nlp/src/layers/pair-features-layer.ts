import { abs, concat, layer, type Module, multiply, subtract, type Tensor, unstack } from '@transferkit/tensor'

/**
 * Two vectors an example to what tells them apart: `[batch, 2, channel]` to `[u ; v ; |u - v| ; u ⊙ v]`, `[batch, 4 · channel]` (Mou et al. 2016, Conneau
 * et al. 2017).
 *
 * @example
 * ```ts
 * import { pairFeaturesLayer } from '@transferkit/nlp'
 * import { inference, ones } from '@transferkit/tensor'
 *
 * const { output } = pairFeaturesLayer().apply({ params: {}, state: {} }, ones([3, 2, 8]), inference) // shape [3, 32]
 * ```
 */
export const pairFeaturesLayer = (): Module =>
  layer({
    description: { kind: 'pair-features' },
    apply: (_variables, pair: Tensor) => {
      // A pair has two parts.
      const [u, v] = unstack(pair, 1) as readonly [Tensor, Tensor]
      return { output: concat([u, v, abs(subtract(u, v)), multiply(u, v)], -1) }
    },
  })
