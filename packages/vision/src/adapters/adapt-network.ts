import { type Images, type Module, modulesInside, nearestSpelling, type Network, replaceModules, TransferkitError } from '@transferkit/tensor'
import { adaptedConvolution, type AdapterSettings, isAdaptedConvolution } from './adapted-convolution.js'
import { convolutionsOf } from './convolutions.js'

/** Which convolutions of a network get an adapter, and of what kind. */
export interface AdapterPlan extends AdapterSettings {
  /** Paths of the convolutions, as {@link selectConvolutions} gives them. */
  readonly convolutions: readonly string[]
}

/** What a person who misspelt the path of a convolution should read. @internal */
export const unknownConvolution = (network: Network, wanted: string): TransferkitError => {
  const paths = convolutionsOf(network).map(({ path }) => path)
  const nearest = nearestSpelling(wanted, paths)
  const known = paths.length > 12 ? `${paths.slice(0, 12).join(', ')} and ${paths.length - 12} more` : paths.join(', ')
  return new TransferkitError(
    'adapters/unknown-convolution',
    `The network '${network.name}' has no convolution '${wanted}'.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`} Its convolutions are: ${known || 'none'}.`,
  )
}

const checkPlan = (network: Network, { kind, convolutions, dropout = 0, rank }: AdapterPlan): void => {
  if (convolutions.length === 0) throw new TransferkitError('adapters/no-convolution', `No convolution of '${network.name}' was chosen for an adapter. Choose at least one; convolutionsOf lists them.`)
  const paths = new Set(convolutionsOf(network).map(({ path }) => path))
  const unknown = convolutions.find((path) => !paths.has(path))
  if (unknown !== undefined) throw unknownConvolution(network, unknown)
  const other = modulesInside(network).find(([, module]) => isAdaptedConvolution(module) && module.description['adapter'] !== kind)
  if (other !== undefined) {
    const [path, { description }] = other
    throw new TransferkitError(
      'adapters/mixed-kinds',
      `'${network.name}' has a ${String(description['adapter'])} adapter on '${path}', so it cannot take ${kind} ones: a network has one kind. Use the other kind, or fold the adapters first.`,
    )
  }
  if (kind === 'series' && dropout > 0) throw new TransferkitError('adapters/series-dropout', `Series adapters have no dropout, found ${dropout}. It applies to the input of parallel adapters only.`)
  if (kind === 'series' && rank !== undefined) throw new TransferkitError('adapters/series-rank', `Series adapters have no rank, found ${rank}. Only parallel adapters come in two parts.`)
  if (!(dropout >= 0 && dropout < 1)) throw new TransferkitError('adapters/dropout', `The dropout of an adapter's input is at least 0 and below 1, found ${dropout}.`)
  if (rank !== undefined && !(Number.isInteger(rank) && rank > 0)) throw new TransferkitError('adapters/rank', `The rank of an adapter is a whole number above 0, found ${rank}.`)
}

/** An adapter in two parts stays so, with the part that is shared, unless the plan says otherwise. */
const rankOf = ({ rank }: AdapterPlan, { description }: Module): { readonly rank?: number } => {
  const kept = rank ?? description['rank']
  return typeof kept === 'number' ? { rank: kept } : {}
}

/**
 * The same network with residual adapters on some of its convolutions (Rebuffi et al. 2017, 2018).
 *
 * The filter of an adapted convolution keeps its path `P.filter`. A parallel adapter is `P.adapter.filter` `[1, 1, inputs, channels]`, or with a rank
 * `P.adapter.shared.filter` and `P.adapter.private.filter`; a series adapter is `P.adapter.norm` and `P.adapter.convolution.filter` `[1, 1, channels, channels]`.
 * On depthwise convolutions an adapter is one number an output channel. Convolutions that have an adapter of the kind already get a new one, in as many parts
 * unless the plan has a rank.
 *
 * @param network The network; it is left as it is.
 * @param plan Kind and places.
 * @throws TransferkitError `adapters/unknown-convolution` with the nearest name, `adapters/no-convolution`, `adapters/mixed-kinds`, `adapters/even-filter`,
 * `adapters/series-dropout`, `adapters/series-rank`, `adapters/dropout` or `adapters/rank` for a plan that cannot be.
 *
 * @example
 * ```ts
 * import { adaptNetwork, resnet26, selectConvolutions } from '@transferkit/vision'
 *
 * const base = resnet26({ classes: 10, widthFactor: 0.25 })
 * const adapted = adaptNetwork(base, { kind: 'parallel', convolutions: selectConvolutions(base, ({ stage }) => stage !== 'stem') })
 * ```
 */
export const adaptNetwork = (network: Network, plan: AdapterPlan): Network => {
  checkPlan(network, plan)
  const chosen = new Set(plan.convolutions)
  return replaceModules(network, (path, module) => {
    if (!chosen.has(path)) return undefined
    // What `convolutionsOf` lists takes images and gives images, and so does what stands in its place.
    const convolution = isAdaptedConvolution(module) ? module.convolution : (module as unknown as Module<Images, Images>)
    return adaptedConvolution(convolution, { ...plan, ...rankOf(plan, module) })
  })
}
