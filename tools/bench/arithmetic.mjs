/** @typedef {import('@transferkit/runtime/node').ObservedOperation} Operation */

/** @type {(shape: readonly number[] | undefined) => number} */
const elements = (shape = []) => shape.reduce((product, length) => product * length, 1)

/** @type {(shape: readonly number[] | undefined, fromEnd: number) => number} */
const axis = (shape, fromEnd) => shape?.at(-fromEnd) ?? 1

/** Multiply-adds of a convolution or a gradient of one: each element of its maps takes all inputs of the filter. @type {(filter: readonly number[] | undefined, maps: readonly number[] | undefined) => number} */
const convolution = (filter = [], maps) => elements(maps) * elements(filter.slice(0, 3))

/** @type {(filter: readonly number[] | undefined, maps: readonly number[] | undefined) => number} */
const depthwise = (filter = [], maps) => elements(maps) * elements(filter.slice(0, 2))

/** @type {(operation: Operation) => number} */
const matrixProduct = ({ attributes, inputShapes: [left], outputShapes: [result] }) => {
  const isTransposed = attributes['transpose_a'] === true || attributes['adj_x'] === true
  return elements(result) * axis(left, isTransposed ? 2 : 1)
}

/**
 * How often an operation multiplies and adds, as it is written down: a faster way to the same result counts as much.
 *
 * @type {Readonly<Record<string, (operation: Operation) => number>>}
 */
const counters = {
  Conv2D: ({ inputShapes: [, filter], outputShapes: [maps] }) => convolution(filter, maps),
  Conv2DBackpropInput: ({ inputShapes: [, filter, maps] }) => convolution(filter, maps),
  Conv2DBackpropFilter: ({ inputShapes: [, , maps], outputShapes: [filter] }) => convolution(filter, maps),
  DepthwiseConv2dNative: ({ inputShapes: [, filter], outputShapes: [maps] }) => depthwise(filter, maps),
  DepthwiseConv2dNativeBackpropInput: ({ inputShapes: [, filter, maps] }) => depthwise(filter, maps),
  DepthwiseConv2dNativeBackpropFilter: ({ inputShapes: [, , maps], outputShapes: [filter] }) => depthwise(filter, maps),
  // Filters of 3×3.
  TransferkitConvolution: ({ inputShapes: [images], outputShapes: [maps] }) => elements(maps) * 9 * axis(images, 1),
  TransferkitConvolutionFilterGradient: ({ inputShapes: [images, maps] }) => elements(maps) * 9 * axis(images, 1),
  MatMul: matrixProduct,
  BatchMatMul: matrixProduct,
  BatchMatMulV2: matrixProduct,
  // The products with the state; those with the inputs are operations of their own.
  TransferkitLstm: ({ inputShapes: [projected, weight] }) => elements(projected) * axis(weight, 2),
  TransferkitLstmGradient: ({ inputShapes: [, , weight], outputShapes: [projected] }) => elements(projected) * axis(weight, 2),
  TransferkitGru: ({ inputShapes: [projected, weight] }) => elements(projected) * axis(weight, 2),
  TransferkitGruGradient: ({ inputShapes: [, weight], outputShapes: [projected] }) => elements(projected) * axis(weight, 2),
  TransferkitTransferLstm: ({ inputShapes: [projected, openings, weight] }) => (elements(projected) + elements(openings)) * axis(weight, 2),
  TransferkitTransferLstmGradient: ({ inputShapes: [, weight], outputShapes: [projected, openings] }) => (elements(projected) + elements(openings)) * axis(weight, 2),
}

/**
 * The multiply-adds of the convolutions and matrix products of an operation; 0 for all others.
 *
 * @param {Operation} operation
 */
export const multiplyAdds = (operation) => counters[operation.name]?.(operation) ?? 0
