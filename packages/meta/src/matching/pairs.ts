import { nearestSpelling, type Shape, type TransferContext, TransferkitError } from '@transferkit/tensor'
import { type FeatureShapes, sourceFeatureShapes, stageTaps } from './feature-shapes.js'

/** A source layer that teaches a target layer. */
export interface Pair {
  /** Tap of the source network, such as `stage2` or `stage2.block1`. */
  readonly source: string
  /** Tap of the target network. */
  readonly target: string
}

/**
 * Pairs by a rule: every source tap with every target tap, the last taps of each height and width that both have, or only the last of those. Unless taps are
 * given, a rule takes of each network the last stage of each height and width, as Jang et al. do: three taps of a ResNet-32, and five of a VGG-9.
 */
export type PairRule = 'all-to-all' | 'one-to-one' | 'single'

/** A pair with the shapes of what it compares. */
export interface MatchedPair extends Pair {
  /** Name in trees and reports: both taps with `-` for `.`, such as `stage1-block2:stage1`. */
  readonly name: string
  /** Shape of one example at the source tap. */
  readonly sourceShape: Shape
  /** Shape of one example at the target tap. */
  readonly targetShape: Shape
}

/** A network whose taps are paired. */
export interface TappedSide {
  /** Which of the two networks it is, for messages. */
  readonly which: 'source' | 'target'
  /** Name of the network, for messages. */
  readonly name: string
  /** Shapes of all its activations. */
  readonly shapes: FeatureShapes
}

/** Where the pairs of a rule come from. */
export interface PairChoice {
  /** A rule, or the pairs themselves. */
  readonly pairs: PairRule | readonly Pair[]
  /** Source taps that a rule pairs: the last stage of each height and width unless told, without the stem. */
  readonly sourceTaps?: readonly string[] | undefined
  /** Target taps that a rule pairs: the last stage of each height and width unless told, without the stem. */
  readonly targetTaps?: readonly string[] | undefined
}

const stagesWithMaps = ({ shapes }: TappedSide): readonly string[] => stageTaps(shapes).filter((name) => name !== 'stem' && shapes[name]?.length === 3)

const shapeAt = (side: TappedSide, tap: string): Shape => {
  const { which, name, shapes } = side
  const stages = stagesWithMaps(side).join(', ')
  const shape = shapes[tap]
  if (shape === undefined) {
    const nearest = nearestSpelling(tap, Object.keys(shapes))
    throw new TransferkitError('matching/unknown-tap', `The ${which} network '${name}' has no tap '${tap}'.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`} Its stages are: ${stages}; taps inside them have names like 'stage1.block2'.`)
  }
  if (shape.length !== 3 && shape.length !== 1) {
    throw new TransferkitError('matching/not-a-map', `The tap '${tap}' of the ${which} network '${name}' gives [${shape.join(', ')}] an example, but features are matched as maps [height, width, channel] or vectors [channel]. Choose another tap, such as: ${stages}.`)
  }
  return shape
}

/** A vector is a map of one position. */
const sizeOf = (shape: Shape): string => (shape.length === 3 ? `${shape[0]}x${shape[1]}` : '1x1')

/** The last of some taps for each height and width, by these. */
const lastBySize = (side: TappedSide, taps: readonly string[]): ReadonlyMap<string, string> => new Map(taps.map((tap) => [sizeOf(shapeAt(side, tap)), tap]))

/** Taps that rules pair unless told. */
const ruleTaps = (side: TappedSide): readonly string[] => [...lastBySize(side, stagesWithMaps(side)).values()]

/** The last source tap of each height and width with the last target tap of the same. */
const equalSizes = (source: TappedSide, sourceTaps: readonly string[], target: TappedSide, targetTaps: readonly string[]): readonly Pair[] => {
  const targets = lastBySize(target, targetTaps)
  return [...lastBySize(source, sourceTaps)].flatMap(([size, tap]) => {
    const found = targets.get(size)
    return found === undefined ? [] : [{ source: tap, target: found }]
  })
}

const pairsOf = ({ pairs, sourceTaps, targetTaps }: PairChoice, source: TappedSide, target: TappedSide): readonly Pair[] => {
  if (typeof pairs !== 'string') return pairs
  const [from, to] = [sourceTaps ?? ruleTaps(source), targetTaps ?? ruleTaps(target)]
  if (pairs === 'all-to-all') return from.flatMap((one) => to.map((other) => ({ source: one, target: other })))
  const equal = equalSizes(source, from, target, to)
  return pairs === 'single' ? equal.slice(-1) : equal
}

/**
 * The pairs that are matched, checked against both networks before anything runs.
 *
 * @param choice A rule, or pairs written by hand.
 * @param source The source network, or its activations.
 * @param target The target network, or its activations.
 * @throws TransferkitError `matching/unknown-tap` with the nearest name, `matching/not-a-map`, `matching/no-pairs` or `matching/repeated-pair`.
 *
 * @example
 * ```ts
 * import { matchedPairs } from '@transferkit/meta'
 *
 * const shapes = { stage1: [8, 8, 16], stage2: [4, 4, 32] }
 * const side = { name: 'small', shapes }
 * matchedPairs({ pairs: 'one-to-one' }, { ...side, which: 'source' }, { ...side, which: 'target' }).map(({ name }) => name) // ['stage1:stage1', 'stage2:stage2']
 * ```
 */
export const matchedPairs = (choice: PairChoice, source: TappedSide, target: TappedSide): readonly MatchedPair[] => {
  const found = pairsOf(choice, source, target).map((pair) => ({
    ...pair,
    name: `${pair.source}:${pair.target}`.replaceAll('.', '-'),
    sourceShape: shapeAt(source, pair.source),
    targetShape: shapeAt(target, pair.target),
  }))
  if (found.length === 0) {
    const sizes = (side: TappedSide): string => stagesWithMaps(side).map((tap) => `${tap} (${sizeOf(side.shapes[tap] ?? [])})`).join(', ') || 'none'
    throw new TransferkitError('matching/no-pairs', `There is no pair to match${typeof choice.pairs === 'string' ? ` by the rule '${choice.pairs}'` : ': the list of pairs is empty'}. Source taps: ${sizes(source)}. Target taps: ${sizes(target)}. Write the pairs by hand, or choose 'all-to-all'.`)
  }
  const names = found.map(({ name }) => name)
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) throw new TransferkitError('matching/repeated-pair', `The pair '${repeated}' is given twice; each counts once.`)
  return found
}

/**
 * The source network as a side of pairs.
 *
 * @param context The source and the shape of an example.
 * @returns Its name and the shapes of its taps, as {@link matchedPairs} takes them.
 *
 * @example
 * ```ts
 * import { sourceSide } from '@transferkit/meta'
 * import type { TransferContext } from '@transferkit/tensor'
 *
 * const tapsOf = (context: TransferContext) => Object.keys(sourceSide(context).shapes)
 * ```
 */
export const sourceSide = (context: TransferContext): TappedSide => ({ which: 'source', name: context.source.network.name, shapes: sourceFeatureShapes(context) })
