import { inference, item, max, min, randomKey, randomNormal, scope, type Shape, subtract, type Taps, type Tensor, type TransferContext, TransferkitError, type TransferProgram, zeros } from '@transferkit/tensor'

/** Shapes of activations for one example, by tap name, in the order in which the network computes them. */
export type FeatureShapes = Readonly<Record<string, Shape>>

const shapesOf = (taps: Taps): FeatureShapes => Object.fromEntries(Object.entries(taps).map(([name, { shape }]) => [name, shape.slice(1)]))

const sourceTaps = ({ source }: TransferContext, inputs: Tensor): Taps => source.network.apply(source.variables, inputs, inference).taps

/**
 * Shapes of all activations of the source network, of modules inside its stages too.
 *
 * The network is run once, in inference mode, on an example of zeros.
 *
 * @param context The source and the shape of an example.
 * @returns For each tap the shape without the batch axis, such as `[8, 8, 64]` for maps and `[64]` for vectors, in the order in which they are computed.
 *
 * @example
 * ```ts
 * import { sourceFeatureShapes } from '@transferkit/meta'
 * import type { TransferContext } from '@transferkit/tensor'
 *
 * // Taps that give maps, for a choice of pairs.
 * const mapsOf = (context: TransferContext) => Object.entries(sourceFeatureShapes(context)).flatMap(([tap, shape]) => (shape.length === 3 ? [tap] : []))
 * ```
 */
export const sourceFeatureShapes = (context: TransferContext): FeatureShapes => scope(() => shapesOf(sourceTaps(context, zeros([1, ...context.inputShape]))))

/**
 * Shapes of all activations of a target model, which are those that it gives to regularisers.
 *
 * @param structure The prepared structure.
 * @param inputShape Shape of one example.
 * @returns For each tap the shape without the batch axis.
 *
 * @example
 * ```ts
 * import { targetFeatureShapes } from '@transferkit/meta'
 * import type { TransferContext } from '@transferkit/tensor'
 * import { fineTune } from '@transferkit/training'
 *
 * const tapsOf = (context: TransferContext) => Object.keys(targetFeatureShapes(fineTune().prepare(context), context.inputShape))
 * ```
 */
export const targetFeatureShapes = (structure: Pick<TransferProgram, 'init' | 'forward'>, inputShape: Shape): FeatureShapes =>
  scope(() => shapesOf(structure.forward(structure.init(randomKey(0)), zeros([1, ...inputShape]), inference).taps))

/** Names of the outputs of stages: taps that are not inside another one. @internal */
export const stageTaps = (shapes: FeatureShapes): readonly string[] => {
  const isInside = (name: string): boolean => name.split('.').some((_, count, parts) => count > 0 && parts.slice(0, count).join('.') in shapes)
  return Object.keys(shapes).filter((name) => !isInside(name))
}

/** How many examples of noise the source sees: two could agree by chance behind a rectifier. */
const examples = 4

/** Differences below this share of the largest magnitude are rounding. */
const rounding = 1e-6

/** Largest difference between two values of one channel, and largest magnitude, as numbers. */
const spreadOf = (activations: Tensor): { readonly spread: number; readonly magnitude: number } => {
  const positions = activations.shape.slice(0, -1).map((_, axis) => axis)
  const [largest, smallest] = [max(activations, positions), min(activations, positions)]
  // Both hold one number a channel, and a number is left of each.
  return { spread: item(max(subtract(largest, smallest))), magnitude: Math.max(Math.abs(item(max(largest))), Math.abs(item(min(smallest)))) }
}

/**
 * Makes sure that source features say something: on examples of unit noise, which normalised images resemble, at least one channel must vary over examples or positions.
 *
 * A tap that is constant would be matched by a constant, and its attention map is the same everywhere: training would go on and transfer nothing.
 *
 * @param context The source and the shape of an example.
 * @param strategy Name of the strategy, for the message.
 * @param taps Names of the taps that are used.
 * @throws TransferkitError `matching/constant-source` that names the tap.
 *
 * @example
 * ```ts
 * import { expectVaryingFeatures } from '@transferkit/meta'
 * import type { TransferContext } from '@transferkit/tensor'
 *
 * const check = (context: TransferContext) => expectVaryingFeatures(context, 'feature-matching', ['stage1'])
 * ```
 */
export const expectVaryingFeatures = (context: TransferContext, strategy: string, taps: readonly string[]): void => {
  scope(() => {
    const activations = sourceTaps(context, randomNormal(randomKey(0), [examples, ...context.inputShape]))
    for (const tap of new Set(taps)) {
      const found = activations[tap]
      if (found === undefined) continue
      const { spread, magnitude } = spreadOf(found)
      if (spread > rounding * magnitude) continue
      throw new TransferkitError(
        'matching/constant-source',
        `Strategy '${strategy}': the source '${context.source.network.name}' gives the same features at its tap '${tap}' for every example and position, so there is nothing to learn from them. Is the source trained, and are its weights loaded completely? Else choose another tap.`,
      )
    }
  })
}
