import { type Module, type ModuleDescription, type Padding, type Shape, TransferkitError } from '@transferkit/tensor'
import { kernelSizeOf, multiplierOf, paddingOf, stridesOf } from '../adapters/convolution-settings.js'
import type { Merge } from './imported-layers.js'

const expectImages = (shape: Shape): readonly [height: number, width: number, channels: number] => {
  const [height, width, channels, ...others] = shape
  if (height !== undefined && width !== undefined && channels !== undefined && others.length === 0) return [height, width, channels]
  throw new TransferkitError('tfjs/shape', `it takes images, [height, width, channel], but gets [${String(shape)}].`)
}

const bordered = (shape: Shape, [[top, bottom], [left, right]]: Padding): Shape => {
  const [height, width, channels] = expectImages(shape)
  return [height + top + bottom, width + left + right, channels]
}

const slid = (shape: Shape, window: readonly [number, number], strides: readonly [number, number], channels: number): Shape => {
  const [height, width] = expectImages(shape)
  const [rows, columns] = [Math.floor((height - window[0]) / strides[0]) + 1, Math.floor((width - window[1]) / strides[1]) + 1]
  if (rows < 1 || columns < 1) throw new TransferkitError('tfjs/shape', `a window of ${window[0]} x ${window[1]} does not fit into maps of ${height} x ${width}.`)
  return [rows, columns, channels]
}

const convolved = (description: ModuleDescription, shape: Shape, channels: number): Shape => slid(bordered(shape, paddingOf(description)), kernelSizeOf(description), stridesOf(description), channels)

const pooled = (description: ModuleDescription, shape: Shape): Shape => {
  const size = Number(description['size'])
  const strides = Number(description['strides'] ?? size)
  const [, , channels] = expectImages(shape)
  return slid(bordered(shape, paddingOf(description)), [size, size], [strides, strides], channels)
}

const sizeOf = (shape: Shape): number => shape.reduce((product, axis) => product * axis, 1)

const channelsAlone = (_description: ModuleDescription, shape: Shape): Shape => expectImages(shape).slice(2)

const listed = (setting: ModuleDescription[string]): readonly number[] =>
  // Only lists of numbers are among the settings.
  Array.isArray(setting) ? (setting as readonly number[]) : []

/** Modules that change shapes, by their kind; all others leave them as they are. */
const rules: Readonly<Record<string, (description: ModuleDescription, shape: Shape) => Shape>> = {
  convolution: (description, shape) => convolved(description, shape, Number(description['channels'])),
  'depthwise-convolution': (description, shape) => convolved(description, shape, expectImages(shape)[2] * multiplierOf(description)),
  dense: (description, shape) => [...shape.slice(0, -1), Number(description['units'])],
  'max-pool': pooled,
  'average-pool': pooled,
  'inside-average-pool': pooled,
  'zero-padding': (description, shape) => bordered(shape, paddingOf(description)),
  'global-average-pool': channelsAlone,
  'global-max-pool': channelsAlone,
  flatten: (_description, shape) => [sizeOf(shape)],
  'flatten-by-channel': (_description, shape) => [sizeOf(shape)],
  permute: ({ order }, shape) => listed(order).map((axis) => shape[axis - 1] ?? 0),
  reshape: ({ shape: wanted }, shape) => {
    if (sizeOf(listed(wanted)) === sizeOf(shape)) return listed(wanted)
    throw new TransferkitError('tfjs/shape', `values of shape [${String(shape)}] cannot have the shape [${String(wanted)}].`)
  },
}

/**
 * Shape of one example behind a layer.
 *
 * @param module A layer of this package or of the tensor package.
 * @param shape Shape of one example in front of it.
 * @throws TransferkitError `tfjs/shape` when the layer cannot take it.
 * @internal
 */
export const shapeBehind = ({ description }: Module, shape: Shape): Shape => rules[description.kind]?.(description, shape) ?? shape

/**
 * Shape of one example where several tensors become one.
 *
 * @param merge How they become one.
 * @param shapes Their shapes.
 * @throws TransferkitError `tfjs/shape` when they do not fit.
 * @internal
 */
export const mergedShape = (merge: Merge, shapes: readonly Shape[]): Shape => {
  const rank = Math.max(...shapes.map(({ length }) => length))
  const axes = Array.from({ length: rank }, (_, axis) => shapes.map((shape) => shape[axis - rank + shape.length] ?? 1))
  return axes.map((sizes, axis) => {
    if (merge === 'concatenate' && axis === rank - 1) return sizes.reduce((total, size) => total + size, 0)
    const largest = Math.max(...sizes)
    if (sizes.every((size) => size === largest || (size === 1 && merge !== 'concatenate'))) return largest
    throw new TransferkitError('tfjs/shape', `tensors of the shapes ${shapes.map((shape) => `[${String(shape)}]`).join(' and ')} do not fit together.`)
  })
}
