import { composite, denseLayer, dropoutLayer, layer, type Module, multiply, reluLayer, sigmoid, type Tensor, TransferkitError } from '@transferkit/tensor'
import { meanOverPositions, overPositions } from './positions.js'

/** Settings of {@link featureGate}. */
export interface FeatureGateOptions {
  /** Number of channels of the feature, `C`. */
  readonly channels: number
  /** Number of hidden units, `H`; `C/16` in the paper. */
  readonly hiddenUnits: number
  /** Probability that a hidden unit is dropped in training; 0.7 unless told, as in the official code. */
  readonly dropout?: number
}

/**
 * A gate that a feature computes for itself, as the Gated Transfer Network has it. With `p` the feature, or the mean over all positions of a map `x`:
 *
 * ```text
 * g = σ(drop(relu(p W_reduce)) W_expand)       one number an example and channel, from 0 (closed) to 1 (open)
 * y = g ⊙ x                                    at every position
 * ```
 *
 * Neither map has a bias, and nothing is added to what the gate lets through. Variables: `reduce.weight [C, H]` and `expand.weight [H, C]`, `2CH` numbers
 * in all. The opening is the tap `opening`, of shape `[batch, C]`. With `W_expand = 0` the gate is open by exactly 0.5; so it is, and stays for ever, where
 * every hidden unit is 0 for every example: the gate is dead then.
 *
 * @param options Channels, hidden units, dropout.
 * @throws TransferkitError `gate/shape` from `init`, when what it is put behind is neither vectors nor images.
 *
 * @example
 * ```ts
 * import { featureGate } from '@transferkit/gates'
 * import { inference, ones, randomKey } from '@transferkit/tensor'
 *
 * const gate = featureGate({ channels: 64, hiddenUnits: 16 })
 * const { output, taps } = gate.apply(gate.init(randomKey(1), [1, 64]), ones([8, 64]), inference)
 * const opening = taps['opening']
 * ```
 */
export const featureGate = ({ channels, hiddenUnits, dropout = 0.7 }: FeatureGateOptions): Module =>
  composite({
    description: { kind: 'feature-gate', channels, hiddenUnits, dropout },
    children: {
      reduce: denseLayer({ units: hiddenUnits, bias: false }),
      relu: reluLayer(),
      dropout: dropoutLayer(dropout),
      expand: denseLayer({ units: channels, bias: false }),
      opening: layer({ description: { kind: 'sigmoid' }, apply: (_variables, x: Tensor) => ({ output: sigmoid(x) }) }),
    },
    forward: (run, x: Tensor) => {
      if (x.rank !== 2 && x.rank !== 4) {
        throw new TransferkitError('gate/shape', `A feature gate takes vectors [batch, channel] or images [batch, height, width, channel], but the activation has shape [${String(x.shape)}].`)
      }
      const hidden = run('dropout', run('relu', run('reduce', meanOverPositions(x))))
      const opening = run('opening', run('expand', hidden))
      return multiply(x, overPositions(opening, x))
    },
  })
