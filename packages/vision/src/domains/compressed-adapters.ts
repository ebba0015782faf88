import type { Strategy, StrategyDefinition, TransferContext, TransferProgram } from '@transferkit/tensor'
import { flattenTree, scope, type Tensor, TransferkitError, type Variables, withClasses } from '@transferkit/tensor'
import { defineStrategy, networkProgram } from '@transferkit/training'
import { z } from 'zod'
import { isAdapterPath } from '../adapters/adapted-convolution.js'
import { adapterGroups } from '../adapters/adapter-groups.js'
import { adapterMagnitude } from '../adapters/adapter-magnitude.js'
import { foldAdapters } from '../adapters/fold-adapters.js'
import { modulesInside } from '../pytorch/modules.js'

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

const isShared = (path: string): boolean => path.endsWith('.adapter.shared.filter')

const prepare = ({ source, task }: TransferContext, { adapterWeightDecay, restWeightDecay, headLearningRate }: z.output<typeof options>): TransferProgram => {
  if (!flattenTree<Tensor>(source.variables.params).some(({ path }) => isShared(path))) {
    throw new TransferkitError('domains/not-compressed', `'compressed-adapters' needs a base whose adapters have a shared part, but '${source.network.name}' has none. compressAdapters makes one of a set of domains.`)
  }
  const network = withClasses(source.network, task.classes.length)
  const batchNorms = modulesInside(network).flatMap(([path, { description }]) => (description.kind === 'batch-norm' ? [`${path}.`] : []))
  const trains = (path: string): boolean => path.startsWith('head.') || (isAdapterPath(path) && !isShared(path)) || batchNorms.some((prefix) => path.startsWith(prefix))
  const program = networkProgram({
    network,
    source,
    startsFromSource: (path) => !path.startsWith('head.'),
    trains,
    staysInInference: () => false,
    parameterGroup: adapterGroups(network, { weightDecay: { shared: 1, adapters: adapterWeightDecay, rest: restWeightDecay }, decayMode: 'intended', headLearningRate, trains }),
  })
  const together: (...given: Parameters<NonNullable<typeof program.fold>>) => Variables = (variables) => program.fold?.(variables).variables ?? { params: variables.params, state: variables.state }
  return {
    ...program,
    fold: (variables) => foldAdapters({ network, variables: together(variables) }),
    inspect: (variables) => [scope(() => adapterMagnitude(network, together(variables)))],
  }
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
