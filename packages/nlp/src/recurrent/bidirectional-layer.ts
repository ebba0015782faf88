import { type Applied, composite, concat, foldIn, type Mode, type Module, partMode, type Tensor, type Variables } from '@transferkit/tensor'
import { maskedSequence, maskOf, valuesOf } from '../sequence.js'
import type { RecurrentCell } from './cell.js'
import { dropoutOfValues, recurrentLayer } from './recurrent-layer.js'

/** Settings of {@link bidirectionalLayer}. */
export interface BidirectionalLayerOptions {
  /** The cell; each direction has parameters of its own. */
  readonly cell: RecurrentCell
  /** Probability that a value of the input is dropped in training, from 0 to below 1, the same in both directions; 0 unless told, as in PyTorch. */
  readonly dropout?: number
}

/** What stands in the description of a layer of both directions. */
export const bidirectionalKind = 'bidirectional'

const droppingInput = (module: Module, rate: number): Module => ({
  ...module,
  withChildren: (children) => droppingInput(module.withChildren(children), rate),
  apply: (variables: Variables, sequence: Tensor, mode: Mode): Applied => {
    const keyed = partMode(mode, (key) => foldIn(key, 'dropout'))
    return module.apply(variables, dropoutOfValues(sequence, keyed, rate), mode)
  },
})

/**
 * Two recurrent layers over the same sequence, one in each direction, with their hidden states side by side: `[batch, step, channel + mask]` to
 * `[batch, step, 2 · hiddenSize + mask]`. Its children are `forward` and `backward`.
 *
 * @param options Cell and dropout.
 * @throws TransferkitError from `apply`: `nlp/sequence` when the input has other axes, `nlp/no-steps` when it has no step, `dropout/rate` in training with a rate of 1 or more.
 *
 * @example
 * ```ts
 * import { bidirectionalLayer, gruCell } from '@transferkit/nlp'
 * import { randomKey } from '@transferkit/tensor'
 *
 * const layer = bidirectionalLayer({ cell: gruCell({ hiddenSize: 64 }) })
 * const variables = layer.init(randomKey(1), [1, 40, 301])
 * ```
 */
export const bidirectionalLayer = ({ cell, dropout = 0 }: BidirectionalLayerOptions): Module => {
  const both = composite({
    description: { kind: bidirectionalKind, cell: cell.kind, hiddenSize: cell.hiddenSize, dropout },
    children: { forward: recurrentLayer({ cell }), backward: recurrentLayer({ cell, reverse: true }) },
    forward: (run, sequence: Tensor) => {
      const [forward, backward] = [run('forward', sequence), run('backward', sequence)]
      return maskedSequence(concat([valuesOf(forward), valuesOf(backward)], -1), maskOf(sequence))
    },
  })
  return dropout === 0 ? both : droppingInput(both, dropout)
}
