import { convolutionLayer, depthwiseConvolutionLayer, type Images, type Module, type ModuleDescription, type Padding } from '@transferkit/tensor'

type Sides = readonly [number, number]

const bothSides = (value: ModuleDescription[string]): Sides => {
  // A setting of a convolution is one number, or one for each direction.
  if (Array.isArray(value)) return value as unknown as Sides
  return typeof value === 'number' ? [value, value] : [1, 1]
}

/** Height and width of the filters of a convolution. @internal */
export const kernelSizeOf = ({ kernelSize }: ModuleDescription): Sides => bothSides(kernelSize)

/** Steps of a convolution. @internal */
export const stridesOf = ({ strides }: ModuleDescription): Sides => bothSides(strides)

/** Padding of a convolution; a description has uneven padding in one row. @internal */
export const paddingOf = ({ padding }: ModuleDescription): Padding => {
  // Only lists of numbers are among the settings.
  const [top = 0, bottom = 0, left = 0, right = 0] = Array.isArray(padding) ? (padding as readonly number[]) : Array<number>(4).fill(Number(padding ?? 0))
  return [
    [top, bottom],
    [left, right],
  ]
}

/** Whether every channel has filters of its own. @internal */
export const isDepthwise = ({ kind }: ModuleDescription): boolean => kind === 'depthwise-convolution'

/** Filters a channel of a depthwise convolution. @internal */
export const multiplierOf = ({ multiplier }: ModuleDescription): number => (typeof multiplier === 'number' ? multiplier : 1)

/**
 * A convolution of the same settings with a bias, as folding makes it.
 *
 * @param convolution A convolution, plain or depthwise; its description has all settings.
 *
 * @example
 * ```ts
 * import { convolutionLayer } from '@transferkit/tensor'
 * import { convolutionWithBias } from '@transferkit/vision'
 *
 * convolutionWithBias(convolutionLayer({ channels: 16, kernelSize: 3, padding: 1 })).description.bias // true
 * ```
 */
export const withBias = ({ description }: Module<Images, Images>): Module<Images, Images> => {
  const settings = { kernelSize: kernelSizeOf(description), strides: stridesOf(description), padding: paddingOf(description), bias: true }
  return isDepthwise(description) ? depthwiseConvolutionLayer({ ...settings, multiplier: multiplierOf(description) }) : convolutionLayer({ ...settings, channels: Number(description['channels']) })
}
