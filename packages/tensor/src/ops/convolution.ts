import { differentiable, isRecording, withoutRecording } from '../autodiff/tape.js'
import { TransferkitError } from '../error.js'
import { acceleratedKernels, type ConvolutionAttributes, type Padding } from '../kernels/accelerated.js'
import { scope } from '../memory/scope.js'
import type { Axes, AxesIn, Axis, Checked, ConvolutionAxes } from '../tensor/axes.js'
import type { AnyTensor, Images, Shape, Tensor } from '../tensor/tensor.js'
import { hasKernel, runKernel } from '../tensor/upstream.js'
import { add } from './arithmetic.js'
import { sum } from './reduction.js'
import { pad, reshape, shapeOf, slice } from './shape.js'

/** Axes of images, named or of known sizes. */
export type ImageAxes = readonly [Axis, Axis, Axis, Axis]

/** Axes of filters. */
export type FilterAxes = readonly [number, number, number, number]

/** Filters of a convolution, `[height, width, input channels, output channels]`. */
export type Filters = Tensor<FilterAxes>

/** Settings of a convolution. */
export interface ConvolutionOptions {
  /** Step between windows, the same in both directions or `[rows, columns]`; 1 unless told. */
  readonly strides?: number | readonly [number, number]
  /**
   * Zeros around the input: the same on all sides, or `[[top, bottom], [left, right]]`; 0 unless told.
   * There is no `'same'`: with stride 2 on an even size it pads on one side only, unlike PyTorch.
   */
  readonly padding?: number | Padding
}

/** Settings of a convolution that may have a bias. */
export interface BiasedConvolutionOptions extends ConvolutionOptions {
  /** Added to every output channel, one number each; none unless given. */
  readonly bias?: Tensor
}

/** The three forms of one bilinear map: the convolution, and its gradients with respect to either argument. */
interface Kernels {
  readonly forward: string
  readonly inputGradient: string
  readonly filterGradient: string
  readonly upstreamForward: string
  readonly upstreamInputGradient: string
  readonly upstreamFilterGradient: string
}

const full: Kernels = {
  forward: acceleratedKernels.conv2d,
  inputGradient: acceleratedKernels.conv2dInputGradient,
  filterGradient: acceleratedKernels.conv2dFilterGradient,
  upstreamForward: 'Conv2D',
  upstreamInputGradient: 'Conv2DBackpropInput',
  upstreamFilterGradient: 'Conv2DBackpropFilter',
}

const depthwise: Kernels = {
  forward: acceleratedKernels.depthwiseConv2d,
  inputGradient: acceleratedKernels.depthwiseConv2dInputGradient,
  filterGradient: acceleratedKernels.depthwiseConv2dFilterGradient,
  upstreamForward: 'DepthwiseConv2dNative',
  upstreamInputGradient: 'DepthwiseConv2dNativeBackpropInput',
  upstreamFilterGradient: 'DepthwiseConv2dNativeBackpropFilter',
}

const upstreamAttributes = ({ strides, padding }: ConvolutionAttributes): object => ({
  strides: [...strides],
  pad: [[0, 0], [...padding[0]], [...padding[1]], [0, 0]],
  dataFormat: 'NHWC',
  dilations: [1, 1],
})

const run = (accelerated: string, inputs: Readonly<Record<string, AnyTensor>>, upstream: string, upstreamInputs: Readonly<Record<string, AnyTensor>>, attributes: ConvolutionAttributes, extra: object = {}): Tensor =>
  hasKernel(accelerated)
    ? runKernel<Axes>(accelerated, inputs, { ...attributes, ...extra })
    : runKernel<Axes>(upstream, upstreamInputs, { ...upstreamAttributes(attributes), ...extra })

const convolve = (kernels: Kernels, input: Tensor, filter: Tensor, attributes: ConvolutionAttributes, bias?: Tensor): Tensor =>
  differentiable(
    bias === undefined ? [input, filter] : [input, filter, bias],
    () => {
      const maps = (): Tensor => run(kernels.forward, { input, filter }, kernels.upstreamForward, { x: input, filter }, attributes)
      // No backward pass needs the maps without the bias, so they are freed at once.
      return bias === undefined ? maps() : withoutRecording(() => scope(() => add(maps(), bias)))
    },
    (gradient, [wantsInput, wantsFilter, wantsBias]) => [
      wantsInput === true ? inputGradient(kernels, gradient, filter, shapeOf(input), attributes) : undefined,
      wantsFilter === true ? filterGradient(kernels, input, gradient, shapeOf(filter), attributes) : undefined,
      wantsBias === true ? sum(gradient, [0, 1, 2]) : undefined,
    ],
  )

const inputGradient = (kernels: Kernels, outputGradient: Tensor, filter: Tensor, inputShape: Shape, attributes: ConvolutionAttributes): Tensor =>
  differentiable(
    [outputGradient, filter],
    () => run(kernels.inputGradient, { outputGradient, filter }, kernels.upstreamInputGradient, { dy: outputGradient, filter }, attributes, { inputShape: [...inputShape] }),
    (gradient, [wantsOutputGradient, wantsFilter]) => [
      wantsOutputGradient === true ? convolve(kernels, gradient, filter, attributes) : undefined,
      wantsFilter === true ? filterGradient(kernels, gradient, outputGradient, shapeOf(filter), attributes) : undefined,
    ],
  )

const filterGradient = (kernels: Kernels, input: Tensor, outputGradient: Tensor, filterShape: Shape, attributes: ConvolutionAttributes): Tensor =>
  differentiable(
    [input, outputGradient],
    () => run(kernels.filterGradient, { input, outputGradient }, kernels.upstreamFilterGradient, { x: input, dy: outputGradient }, attributes, { filterShape: [...filterShape] }),
    (gradient, [wantsInput, wantsOutputGradient]) => [
      wantsInput === true ? inputGradient(kernels, outputGradient, gradient, shapeOf(input), attributes) : undefined,
      wantsOutputGradient === true ? convolve(kernels, input, gradient, attributes) : undefined,
    ],
  )

/** Rows or columns in front of the middle of a filter of odd size, and as many behind it. */
const halfOf = (size = 1): number => (size - 1) / 2

/** Filters with others of 1 x 1 added to the middle of their window. */
const withCentre = (filter: Tensor, centre: Tensor): Tensor => {
  const [height, width] = [halfOf(filter.shape[0]), halfOf(filter.shape[1])]
  return add(filter, pad(centre, [[height, height], [width, width], [0, 0], [0, 0]]))
}

/** Images with a border that may be negative, which cuts off: `[[top, bottom], [left, right]]`. */
const framed = (input: Tensor, borders: Padding): Tensor => {
  const sides = [[0, 0], ...borders, [0, 0]] as const
  const cut = sides.some(([before, after]) => before < 0 || after < 0)
    ? slice(
        input,
        sides.map(([before]) => Math.max(-before, 0)),
        sides.map(([before, after], axis) => (input.shape[axis] ?? 0) + Math.min(before, 0) + Math.min(after, 0)),
      )
    : input
  return sides.some(([before, after]) => before > 0 || after > 0) ? pad(cut, sides.map(([before, after]) => [Math.max(before, 0), Math.max(after, 0)] as const)) : cut
}

/** Every so many rows and columns of images, from the first on: one block of four axes is cut out, whatever the steps. */
const everyNth = (input: Tensor, [rows, columns]: ConvolutionAttributes['strides']): Tensor => {
  if (rows === 1 && columns === 1) return input
  const [batch = 0, height = 0, width = 0, channels = 0] = input.shape
  const [down, across] = [Math.ceil(height / rows), Math.ceil(width / columns)]
  const whole = framed(input, [
    [0, down * rows - height],
    [0, across * columns - width],
  ])
  const cells: Tensor = reshape(whole, [batch * down, rows, across, columns * channels])
  return reshape(slice(cells, [0, 0, 0, 0], [batch * down, 1, across, channels]), [batch, down, across, channels])
}

/** The pixels that the middles of the windows of a filter stand on. */
const seenByCentre = (input: Tensor, [height, width]: Shape, { strides, padding: [vertical, horizontal] }: ConvolutionAttributes): Tensor => {
  const [rows, columns] = [halfOf(height), halfOf(width)]
  const inside = framed(input, [
    [vertical[0] - rows, vertical[1] - rows],
    [horizontal[0] - columns, horizontal[1] - columns],
  ])
  return everyNth(inside, strides)
}

const convolveWithCentre = (kernels: Kernels, input: Tensor, filter: Tensor, centre: Tensor, attributes: ConvolutionAttributes): Tensor => {
  const whole = withoutRecording(() => scope(() => withCentre(filter, centre)))
  return differentiable(
    [input, filter, centre],
    () => withoutRecording(() => convolve(kernels, input, whole, attributes)),
    (gradient, [wantsInput, wantsFilter, wantsCentre]) => {
      const ofFilter = wantsFilter === true ? filterGradient(kernels, input, gradient, shapeOf(filter), attributes) : undefined
      const ofCentre = (): Tensor => {
        // The centre is added to the middle of the filter, so where the filter's gradient is there, the centre's is a part of it.
        if (ofFilter !== undefined) return slice(ofFilter, [halfOf(filter.shape[0]), halfOf(filter.shape[1]), 0, 0], shapeOf(centre))
        return filterGradient(kernels, seenByCentre(input, shapeOf(filter), attributes), gradient, shapeOf(centre), attributesOf({}))
      }
      return [
        // What is differentiated once more depends on both parts.
        wantsInput === true ? inputGradient(kernels, gradient, isRecording() ? withCentre(filter, centre) : whole, shapeOf(input), attributes) : undefined,
        ofFilter,
        wantsCentre === true ? ofCentre() : undefined,
      ]
    },
  )
}

const attributesOf = ({ strides = 1, padding = 0 }: ConvolutionOptions): ConvolutionAttributes => ({
  strides: typeof strides === 'number' ? [strides, strides] : strides,
  padding:
    typeof padding === 'number'
      ? [
          [padding, padding],
          [padding, padding],
        ]
      : padding,
})

const check = (name: string, input: Shape, filter: Shape, { padding }: ConvolutionAttributes): void => {
  if (input.length !== 4 || filter.length !== 4 || input[3] !== filter[2]) {
    throw new TransferkitError(
      'shape/convolution',
      `${name}: images of shape [${String(input)}] do not fit filters of shape [${String(filter)}]. Expected [batch, height, width, channel] and [height, width, channel, ...] with the same number of channels.`,
    )
  }
  for (const [axis, side] of [
    [1, 0],
    [2, 1],
  ] as const) {
    const padded = (input[axis] ?? 0) + padding[side][0] + padding[side][1]
    if (padded < (filter[side] ?? 0)) {
      throw new TransferkitError('shape/convolution', `${name}: a filter of ${filter[0]} x ${filter[1]} does not fit into images of ${input[1]} x ${input[2]}. Use larger images, or more padding.`)
    }
  }
}

const checkBias = (name: string, channels: number, bias: Tensor | undefined): void => {
  if (bias === undefined || (bias.rank === 1 && bias.shape[0] === channels)) return
  throw new TransferkitError('shape/convolution', `${name}: a bias of shape [${String(bias.shape)}] does not fit ${channels} output channels. Expected [${channels}].`)
}

const checkMiddle = (name: string, [height = 0, width = 0]: Shape): void => {
  if (height % 2 === 1 && width % 2 === 1) return
  throw new TransferkitError('shape/convolution-centre', `${name}: a filter of ${height} x ${width} has no middle. Use filters of odd height and width.`)
}

const checkCentre = (name: string, filter: Shape, centre: Shape): void => {
  checkMiddle(name, filter)
  const expected = [1, 1, ...filter.slice(2)]
  if (String(centre) !== String(expected)) {
    throw new TransferkitError('shape/convolution-centre', `${name}: a centre of shape [${String(centre)}] does not fit filters of shape [${String(filter)}]. Expected [${String(expected)}].`)
  }
}

/**
 * Two-dimensional convolution (cross-correlation, as everywhere in deep learning) of images with filters.
 *
 * `output[b, i, j, o] = Σ_{p, q, c} input[b, i·stride + p - top, j·stride + q - left, c] · filter[p, q, c, o]`, zeros outside the image.
 *
 * @param input `[batch, height, width, channel]`.
 * @param filter `[filter height, filter width, channel, output channel]`.
 * @param options Strides, explicit padding and bias.
 * @returns `[batch, ⌊(height + padding - filter height) / stride⌋ + 1, ..., output channel]`.
 * @throws TransferkitError `shape/convolution` when channels differ, the filter is larger than the padded image, or the bias has another size than the output channels.
 *
 * @example
 * ```ts
 * import { conv2d, ones } from '@transferkit/tensor'
 *
 * const maps = conv2d(ones([1, 8, 8, 3]), ones([3, 3, 3, 16]), { padding: 1, strides: 2 }) // [1, 4, 4, 16]
 * ```
 */
export const conv2d = <A extends ImageAxes, F extends FilterAxes>(
  input: Tensor<A>,
  filter: Tensor<F> & Checked<ConvolutionAxes<A, F>>,
  options: BiasedConvolutionOptions = {},
): Tensor<AxesIn<ConvolutionAxes<A, F>>> => {
  const attributes = attributesOf(options)
  check('conv2d', shapeOf(input), shapeOf(filter), attributes)
  checkBias('conv2d', filter.shape[3], options.bias)
  // The type arithmetic above is that of a convolution.
  return convolve(full, input, filter, attributes, options.bias) as unknown as Tensor<AxesIn<ConvolutionAxes<A, F>>>
}

/**
 * Depthwise convolution: every channel has filters of its own.
 *
 * @param input `[batch, height, width, channel]`.
 * @param filter `[filter height, filter width, channel, multiplier]`; output channel `c · multiplier + m` comes from channel `c`.
 * @param options Strides, explicit padding and bias.
 * @returns `[batch, height', width', channel · multiplier]`.
 * @throws TransferkitError `shape/convolution` when channels differ, the filter is larger than the padded image, or the bias has another size than the output channels.
 *
 * @example
 * ```ts
 * import { depthwiseConv2d, ones } from '@transferkit/tensor'
 *
 * const maps = depthwiseConv2d(ones([1, 8, 8, 3]), ones([3, 3, 3, 1]), { padding: 1 }) // [1, 8, 8, 3]
 * ```
 */
export const depthwiseConv2d = (input: Images, filter: Filters, options: BiasedConvolutionOptions = {}): Images => {
  const attributes = attributesOf(options)
  check('depthwiseConv2d', shapeOf(input), shapeOf(filter), attributes)
  checkBias('depthwiseConv2d', filter.shape[2] * filter.shape[3], options.bias)
  // A convolution of images gives images.
  return convolve(depthwise, input, filter, attributes, options.bias) as Images
}

/**
 * The pixels that the middles of a filter's windows stand on: images of the size of the filter's output, which a 1 x 1 filter must see, with neither strides nor
 * padding, to stand where those middles stand.
 *
 * @param input `[batch, height, width, channel]`.
 * @param size Height and width of the filter, both odd.
 * @param options The filter's strides and padding.
 * @returns `[batch, output height, output width, channel]`; zeros where a middle is outside the image.
 * @throws TransferkitError `shape/convolution-centre` when height or width of the filter is even.
 *
 * @example
 * ```ts
 * import { ones, windowCentres } from '@transferkit/tensor'
 *
 * windowCentres(ones([1, 8, 8, 3]), [3, 3], { padding: 1, strides: 2 }).shape // [1, 4, 4, 3]: rows and columns 0, 2, 4 and 6
 * windowCentres(ones([1, 8, 8, 3]), [3, 3], {}).shape // [1, 6, 6, 3]: all but the edge
 * ```
 */
export const windowCentres = (input: Images, size: readonly [number, number], options: ConvolutionOptions = {}): Images => {
  checkMiddle('windowCentres', size)
  // Some rows and columns of the same images.
  return seenByCentre(input, size, attributesOf(options)) as Images
}

/**
 * Convolution with filters to whose middle others of 1 x 1 are added: `conv2d(input, filter + centre)`, in one convolution.
 *
 * This is a residual adapter beside a convolution. It equals `conv2d(input, filter)` plus a 1 x 1 convolution, with the same strides, of the pixels that the middle
 * of the window stands on (see {@link windowCentres}); with a border of `(size - 1) / 2` those are every `stride`-th pixel from the first on. Where `filter` is not differentiated,
 * no gradient of its size is computed: that of `centre` is the one of the 1 x 1 convolution.
 *
 * @param input `[batch, height, width, channel]`.
 * @param filter `[filter height, filter width, channel, output channel]`, of odd height and width.
 * @param centre `[1, 1, channel, output channel]`.
 * @param options Strides, explicit padding and bias.
 * @returns As {@link conv2d} of `filter`.
 * @throws TransferkitError `shape/convolution-centre` when height or width of the filter is even, or the centre is of another shape.
 * @throws TransferkitError `shape/convolution` when channels differ, the filter is larger than the padded image, or the bias has another size than the output channels.
 *
 * @example
 * ```ts
 * import { conv2dWithCentre, ones, zeros } from '@transferkit/tensor'
 *
 * const maps = conv2dWithCentre(ones([1, 8, 8, 3]), ones([3, 3, 3, 16]), zeros([1, 1, 3, 16]), { padding: 1 }) // [1, 8, 8, 16]
 * ```
 */
export const conv2dWithCentre = (input: Images, filter: Filters, centre: Filters, options: ConvolutionOptions = {}): Images => {
  const attributes = attributesOf(options)
  check('conv2dWithCentre', shapeOf(input), shapeOf(filter), attributes)
  checkCentre('conv2dWithCentre', shapeOf(filter), shapeOf(centre))
  // A convolution of images gives images.
  return convolveWithCentre(full, input, filter, centre, attributes) as Images
}

/**
 * Depthwise convolution with filters to whose middle others of 1 x 1 are added, as {@link conv2dWithCentre}.
 *
 * @param input `[batch, height, width, channel]`.
 * @param filter `[filter height, filter width, channel, multiplier]`, of odd height and width.
 * @param centre `[1, 1, channel, multiplier]`: one number an output channel.
 * @param options Strides, explicit padding and bias.
 * @returns As {@link depthwiseConv2d} of `filter`.
 * @throws TransferkitError `shape/convolution-centre` when height or width of the filter is even, or the centre is of another shape.
 * @throws TransferkitError `shape/convolution` when channels differ, the filter is larger than the padded image, or the bias has another size than the output channels.
 *
 * @example
 * ```ts
 * import { depthwiseConv2dWithCentre, ones, zeros } from '@transferkit/tensor'
 *
 * const maps = depthwiseConv2dWithCentre(ones([1, 8, 8, 3]), ones([3, 3, 3, 1]), zeros([1, 1, 3, 1]), { padding: 1 }) // [1, 8, 8, 3]
 * ```
 */
export const depthwiseConv2dWithCentre = (input: Images, filter: Filters, centre: Filters, options: ConvolutionOptions = {}): Images => {
  const attributes = attributesOf(options)
  check('depthwiseConv2dWithCentre', shapeOf(input), shapeOf(filter), attributes)
  checkCentre('depthwiseConv2dWithCentre', shapeOf(filter), shapeOf(centre))
  // A convolution of images gives images.
  return convolveWithCentre(depthwise, input, filter, centre, attributes) as Images
}
