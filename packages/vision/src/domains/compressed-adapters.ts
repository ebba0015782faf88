import { modulesInside, type Strategy, type StrategyDefinition, type TransferContext, TransferkitError, type TransferProgram } from '@transferkit/tensor'
import { defineStrategy } from '@transferkit/training'
import { z } from 'zod'
import { isAdaptedConvolution } from '../adapters/adapted-convolution.js'
import { adapterProgram } from '../strategies/adapter-program.js'

/** Options of {@link compressedAdapters}. */
export interface CompressedAdaptersOptions {
  /** Factor on the optimiser's weight decay for the private filters; 1 unless told. */
  readonly adapterWeightDecay?: number
  /** Factor on the optimiser's weight decay for batch norm and head; 1 unless told. */
  readonly restWeightDecay?: number
  /** Factor on the learning rate of the head, 1 unless told. */
  readonly headLearningRate?: number
}

const factor = z.number().nonnegative().default(1)

const options = z.strictObject({ adapterWeightDecay: factor, restWeightDecay: factor, headLearningRate: z.number().positive().default(1) })

const prepare = (context: TransferContext, { adapterWeightDecay, restWeightDecay, headLearningRate }: z.output<typeof options>): TransferProgram => {
  const { network } = context.source
  const convolutions = modulesInside(network).flatMap(([path, module]) => (isAdaptedConvolution(module) && module.description['rank'] !== undefined ? [path] : []))
  if (convolutions.length === 0) {
    throw new TransferkitError('domains/not-compressed', `'compressed-adapters' needs a base whose adapters have a shared part, but '${network.name}' has none. compressAdapters makes one of a set of domains.`)
  }
  return adapterProgram(
    context,
    {
      convolutions,
      initialisation: 'zero',
      weightDecay: { shared: 1, adapters: adapterWeightDecay, rest: restWeightDecay },
      decayMode: 'intended',
      headLearningRate,
      train: 'private',
    },
    { kind: 'parallel' },
  )
}

/**
 * Parallel adapters in two parts on a base that {@link compressAdapters} made: the first part is the base's, shared by all domains and frozen; the second
 * part, every batch norm and the head are private and trained. A new domain starts as the base without adapters.
 *
 * @example
 * ```ts
 * import { compressedAdapters } from '@transferkit/vision'
 *
 * const strategy = compressedAdapters({ restWeightDecay: 5 })
 * ```
 */
export const compressedAdapters: StrategyDefinition<CompressedAdaptersOptions, Strategy> = defineStrategy({
  name: 'compressed-adapters',
  summary: 'Trains the private half of parallel adapters whose other half all domains share.',
  reference: {
    citation: 'Rebuffi, Bilen and Vedaldi, Efficient parametrization of multi-domain deep neural networks, CVPR 2018.',
    url: 'https://arxiv.org/abs/1803.10082',
  },
  options,
  prepare,
})
