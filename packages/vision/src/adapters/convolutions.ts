import { type ModuleDescription, modulesInside, type Network } from '@transferkit/tensor'
import { isAdaptedConvolution, isAdapterPath } from './adapted-convolution.js'

/** A convolution inside a network. */
export interface ConvolutionPlace {
  /** Dotted path, such as `stage1.block2.convolution1`. */
  readonly path: string
  /** Name of the stage that it is in. */
  readonly stage: string
  /** Its settings, of kind `convolution` or `depthwise-convolution`; those of the convolution itself where it has an adapter already. */
  readonly description: ModuleDescription
}

const kinds = new Set(['convolution', 'depthwise-convolution'])

/**
 * All convolutions of a network in order, those of adapters and of the head left out.
 *
 * @param network The network, with adapters or without.
 *
 * @example
 * ```ts
 * import { convolutionsOf, lenet } from '@transferkit/vision'
 *
 * convolutionsOf(lenet({ classes: 10 })).map(({ path }) => path) // ['stage1.convolution', 'stage2.convolution']
 * ```
 */
export const convolutionsOf = (network: Network): readonly ConvolutionPlace[] =>
  modulesInside(network).flatMap(([path, module]) => {
    const { description } = isAdaptedConvolution(module) ? module.convolution : module
    const stage = network.stages.find(({ name }) => path === name || path.startsWith(`${name}.`))
    return kinds.has(description.kind) && stage !== undefined && !isAdapterPath(`${path}.`) ? [{ path, stage: stage.name, description }] : []
  })

/**
 * Paths of the convolutions that a predicate chooses: plain data for the options of a strategy or a plan.
 *
 * @param network The network.
 * @param chosen Decides for each convolution.
 *
 * @example
 * ```ts
 * import { lenet, selectConvolutions } from '@transferkit/vision'
 *
 * selectConvolutions(lenet({ classes: 10 }), ({ stage }) => stage === 'stage2') // ['stage2.convolution']
 * ```
 */
export const selectConvolutions = (network: Network, chosen: (place: ConvolutionPlace) => boolean): readonly string[] =>
  convolutionsOf(network).flatMap((place) => (chosen(place) ? [place.path] : []))
