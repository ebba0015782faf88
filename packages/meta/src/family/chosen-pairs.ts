import type { TransferContext, TransferProgram } from '@transferkit/tensor'
import { z } from 'zod'
import { expectVaryingFeatures, targetFeatureShapes } from '../matching/feature-shapes.js'
import { matchedPairs, type MatchedPair, type Pair, type PairRule, sourceSide } from '../matching/pairs.js'

/** The option that says which source tap teaches which target tap. */
export interface PairsOption {
  /**
   * Which source tap teaches which target tap: `'one-to-one'` (stages of equal size), `'single'` (the last of these), `'all-to-all'`, or pairs of tap names;
   * `'one-to-one'` unless told, our choice.
   */
  readonly pairs?: PairRule | readonly Pair[]
}

/** Check of {@link PairsOption.pairs}. @internal */
export const pairsOption = z
  .union([z.enum(['single', 'one-to-one', 'all-to-all']), z.array(z.strictObject({ source: z.string(), target: z.string() })).readonly()], {
    error: "Write 'single', 'one-to-one', 'all-to-all', or a list of { source, target } with names of taps.",
  })
  .default('one-to-one')
  .describe("Which source tap teaches which target tap: 'one-to-one' (stages of equal size), 'single' (the last of these), 'all-to-all', or a list of { source, target }.")

/** What a regulariser that matches features is prepared with. @internal */
export interface PairRequest {
  readonly strategy: string
  readonly pairs: PairRule | readonly Pair[]
  readonly context: TransferContext
  readonly structure: TransferProgram
}

/** The pairs of a regulariser, checked against the source and the target model, and with features in the source that say something. @internal */
export const chosenPairs = ({ strategy, pairs, context, structure }: PairRequest): readonly MatchedPair[] => {
  const target = { which: 'target', name: 'that is trained', shapes: targetFeatureShapes(structure, context.inputShape) } as const
  const found = matchedPairs({ pairs }, sourceSide(context), target)
  expectVaryingFeatures(
    context,
    strategy,
    found.map(({ source }) => source),
  )
  return found
}
