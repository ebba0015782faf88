import { composite, concat, convolutionLayer, expandDimensions, type Module, multiply, relu, squeeze, type Tensor } from '@transferkit/tensor'
import { eachSequence, maskedSequence, maskOf, valuesOf } from '../sequence.js'

/** Settings of {@link sequenceConvolutionLayer}. */
export interface SequenceConvolutionOptions {
  /** Numbers of steps that the filters see, such as `[3, 4, 5]`. */
  readonly widths: readonly number[]
  /** Number of filters of each width. */
  readonly channels: number
}

/** Zeros around a sequence so that there is one window a step, in its middle or just behind. */
const border = (width: number): readonly [readonly [number, number], readonly [number, number]] => [
  [Math.floor((width - 1) / 2), Math.ceil((width - 1) / 2)],
  [0, 0],
]

/**
 * Convolutions along a sequence with rectifiers, several widths side by side: `[batch, step, channel + mask]` to
 * `[batch, step, widths · channels + mask]`. There is one window for each step, with zeros for what is outside. Its children are called `width3` and so on.
 *
 * @param options Widths and number of filters.
 * @throws TransferkitError `nlp/sequence`, from `apply`, when the input has other axes.
 *
 * @example
 * ```ts
 * import { sequenceConvolutionLayer } from '@transferkit/nlp'
 * import { randomKey } from '@transferkit/tensor'
 *
 * const layer = sequenceConvolutionLayer({ widths: [3, 4, 5], channels: 100 })
 * const variables = layer.init(randomKey(1), [1, 40, 301])
 * ```
 */
export const sequenceConvolutionLayer = ({ widths, channels }: SequenceConvolutionOptions): Module => {
  const names = widths.map((width) => `width${width}`)
  const children = Object.fromEntries(
    widths.map((width) => [
      `width${width}`,
      // A module of images, of height `step` and width 1, is given such images below.
      convolutionLayer({ channels, kernelSize: [width, 1], padding: border(width), bias: true }) as unknown as Module,
    ]),
  )
  return composite({
    description: { kind: 'sequence-convolution', widths, channels },
    children,
    forward: (run, sequence: Tensor) =>
      eachSequence(sequence, (rows) => {
        const mask = maskOf(rows)
        const column = expandDimensions(mask, -1)
        // Padding is 0 for the windows at the border, whatever stood there.
        const image = expandDimensions(multiply(valuesOf(rows), column), 2)
        const maps = names.map((name) => squeeze(run(name, image), [2]))
        // At least one width.
        const joined = concat(maps as [Tensor, ...Tensor[]], -1)
        return maskedSequence(multiply(relu(joined), column), mask)
      }),
  })
}
