import {
  add,
  branchAt,
  batchNormLayer,
  conv2dWithCentre,
  convolutionLayer,
  depthwiseConv2dWithCentre,
  depthwiseConvolutionLayer,
  dropout,
  type Filters,
  foldIn,
  heNormalFanOut,
  type Images,
  type Initialiser,
  type Key,
  matMul,
  type Mode,
  type Module,
  type ModuleDescription,
  partMode,
  reshape,
  scope,
  sequential,
  type Shape,
  type Tensor,
  type TensorTree,
  TransferkitError,
  variable,
  type Variables,
  windowCentres,
  zeros,
} from '@transferkit/tensor'
import { isDepthwise, kernelSizeOf, multiplierOf, paddingOf, stridesOf } from './convolution-settings.js'

/** How an adapter is attached: behind the convolution, or beside it. */
export type AdapterKind = 'series' | 'parallel'

/** Settings of one adapter. */
export interface AdapterSettings {
  /**
   * `series`: `y + α * norm(y)` behind the convolution's output `y`; `parallel`: `w * x + α * x` beside the convolution `w`, with `α` on the middle of its window.
   */
  readonly kind: AdapterKind
  /** Start of the adapter's filters: `reference`, normal with standard deviation √(2 / fan out), as in the official code, or `zero`, where the network computes what it did before. `reference` unless told. */
  readonly initialisation?: 'reference' | 'zero'
  /** Probability that a whole channel of an example is dropped from the input of a parallel adapter in training; 0 unless told. */
  readonly dropout?: number
  /** Channels between the two filters of a parallel adapter in two parts, at most those of the input; one filter unless told. */
  readonly rank?: number
}

/** A convolution with an adapter: it stands in the place of the convolution, whose variables keep their names. */
export interface AdaptedConvolution extends Module<Images, Images> {
  /** The convolution without its adapter. */
  readonly convolution: Module<Images, Images>
}

/** Name of the adapter in the tree of an adapted convolution. */
const adapterName = 'adapter'

/** Kind of an adapted convolution in its description. */
const adaptedKind = 'adapted-convolution'

/**
 * Whether a variable belongs to an adapter, by its dotted path.
 *
 * @param path Path of a parameter or a running statistic.
 *
 * @example
 * ```ts
 * import { isAdapterPath } from '@transferkit/vision'
 *
 * isAdapterPath('stage1.block1.convolution1.adapter.filter') // true
 * isAdapterPath('stage1.block1.convolution1.filter') // false
 * ```
 */
export const isAdapterPath = (path: string): boolean => path.includes(`.${adapterName}.`)

/**
 * Whether a module is a convolution with an adapter.
 *
 * @param module Any module.
 *
 * @internal
 */
export const isAdaptedConvolution = (module: Module): module is AdaptedConvolution => module.description.kind === adaptedKind

const zeroInitialiser: Initialiser = (_key, shape) => zeros(shape)

/** A filter of 1 x 1 that connects channels as the convolution does. */
const pointwise = (description: ModuleDescription, initialiser: Initialiser, multiplier = multiplierOf(description)): Module =>
  isDepthwise(description)
    ? depthwiseConvolutionLayer({ kernelSize: 1, multiplier, initialiser })
    : convolutionLayer({ channels: Number(description['channels']), kernelSize: 1, initialiser })

const adapterOf = (description: ModuleDescription, { kind, initialisation = 'reference', rank }: AdapterSettings): Module => {
  const initialiser = initialisation === 'zero' ? zeroInitialiser : heNormalFanOut
  if (kind === 'series') return sequential({ norm: batchNormLayer(), convolution: pointwise(description, initialiser, 1) })
  // One number a channel cannot be cut in two.
  if (rank === undefined || isDepthwise(description)) return pointwise(description, initialiser)
  return sequential({
    shared: convolutionLayer({ channels: rank, kernelSize: 1, initialiser: heNormalFanOut }),
    private: pointwise(description, initialiser),
  })
}

/**
 * The filter of 1 x 1 that a parallel adapter amounts to.
 *
 * @param params Parameters of the adapter: one filter, or a shared and a private one, whose product it is.
 *
 * @internal
 */
export const centreOf = (params: TensorTree): Filters => {
  // Filters have four axes.
  if ('filter' in params) return variable(params, 'filter') as Filters
  const [shared, own] = [variable(branchAt(params, 'shared'), 'filter'), variable(branchAt(params, 'private'), 'filter')]
  const [inputs = 0, rank = 0, outputs = 0] = [shared.shape[2], shared.shape[3], own.shape[3]]
  const product: Tensor = matMul(reshape(shared, [inputs, rank]), reshape(own, [rank, outputs]))
  return reshape(product, [1, 1, inputs, outputs])
}

/** Variables of a convolution with an adapter, side by side. */
const joined = (convolution: Variables, adapter: Variables): Variables => {
  const beside = (own: TensorTree, inner: TensorTree): TensorTree => ({
    // A layer's variables are named.
    ...(own as Readonly<Record<string, TensorTree>>),
    ...(Object.keys(inner).length === 0 ? {} : { [adapterName]: inner }),
  })
  return { params: beside(convolution.params, adapter.params), state: beside(convolution.state, adapter.state) }
}

/**
 * A convolution with a residual adapter.
 *
 * A parallel adapter without dropout is computed as part of the convolution, in training too: its filter is added to the middle of the convolution's.
 *
 * @param convolution The convolution.
 * @param settings Kind and start of the adapter.
 * @throws TransferkitError `adapters/even-filter` for a parallel adapter on filters without a middle.
 *
 * @internal
 */
export const adaptedConvolution = (convolution: Module<Images, Images>, settings: AdapterSettings): AdaptedConvolution =>
  withAdapter(convolution, settings, adapterOf(convolution.description, settings))

const withAdapter = (convolution: Module<Images, Images>, settings: AdapterSettings, adapter: Module): AdaptedConvolution => {
  const { kind, dropout: rate = 0 } = settings
  const { description } = convolution
  const options = { strides: stridesOf(description), padding: paddingOf(description) }
  const size = kernelSizeOf(description)
  if (kind === 'parallel' && size.some((side) => side % 2 === 0)) {
    throw new TransferkitError('adapters/even-filter', `A parallel adapter stands on the middle of a convolution's window, but filters of ${size[0]} x ${size[1]} have none. Use series adapters, or leave this convolution out.`)
  }

  const adapt = (params: TensorTree, state: TensorTree, x: Tensor, mode: Mode): { readonly output: Images; readonly state: TensorTree } => {
    const inner = partMode(mode, (key) => foldIn(key, adapterName))
    const applied = adapter.apply({ params: branchAt(params, adapterName), state: branchAt(state, adapterName) }, x, inner)
    // Filters of 1 x 1 give images.
    return { output: applied.output as Images, state: Object.keys(applied.state).length === 0 ? state : { [adapterName]: applied.state } }
  }

  const series = ({ params, state }: Variables, x: Images, mode: Mode): { readonly output: Images; readonly state: TensorTree } => {
    const maps = convolution.apply({ params, state }, x, mode).output
    const adapted = adapt(params, state, maps, mode)
    // A sum of images of one size.
    return { output: add(maps as Tensor, adapted.output as Tensor) as Images, state: adapted.state }
  }

  const parallel = ({ params, state }: Variables, x: Images, mode: Mode): { readonly output: Images; readonly state: TensorTree } => {
    if (mode.training && rate > 0) {
      const thinned = dropout(x, foldIn(mode.key, 'dropout'), { rate, spatial: true })
      const beside = adapt(params, state, windowCentres(thinned, size, options), mode).output
      // As above.
      return { output: add(convolution.apply({ params, state }, x, mode).output as Tensor, beside as Tensor) as Images, state }
    }
    const convolve = isDepthwise(description) ? depthwiseConv2dWithCentre : conv2dWithCentre
    // A variable of this name has the four axes of filters.
    const maps = convolve(x, variable(params, 'filter') as Filters, centreOf(branchAt(params, adapterName)), options)
    // A bias is one number a channel.
    return { output: description['bias'] === true ? (add(maps as Tensor, variable(params, 'bias')) as Images) : maps, state }
  }

  const init = (key: Key, inputShape: Shape): Variables =>
    scope(() => {
      const own = convolution.init(key, inputShape)
      const [, , inputs = 1, outputs = 1] = variable(own.params, 'filter').shape
      const channels = kind === 'parallel' ? inputs : isDepthwise(description) ? inputs * outputs : outputs
      return joined(own, adapter.init(foldIn(key, adapterName), [1, 1, 1, channels]))
    })

  return {
    specVersion: 1,
    description: { ...description, kind: adaptedKind, convolution: description.kind, adapter: kind, ...(rate > 0 ? { dropout: rate } : {}), ...(settings.rank === undefined ? {} : { rank: settings.rank }) },
    convolution,
    children: { [adapterName]: adapter },
    withChildren: (children) => withAdapter(convolution, settings, children[adapterName] ?? adapter),
    init,
    apply: (variables, x, mode) => ({ ...(kind === 'series' ? series : parallel)(variables, x, mode), taps: {} }),
  }
}
