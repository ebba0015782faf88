import type { Padding } from '@transferkit/tensor'

const oneAxis = (size: number, window: number, step: number): readonly [number, number] => {
  const outputs = Math.ceil(size / step)
  const border = Math.max((outputs - 1) * step + window - size, 0)
  return [Math.floor(border / 2), Math.ceil(border / 2)]
}

/**
 * The border that TensorFlow's padding `SAME` means for maps of a known size: as little as makes `⌈size / step⌉` outputs, the odd row or column at the end.
 *
 * @param size Height and width of the maps.
 * @param window Height and width of the window.
 * @param strides Step between windows by rows and columns.
 * @internal
 */
export const samePadding = (size: readonly [number, number], window: readonly [number, number], strides: readonly [number, number]): Padding => [
  oneAxis(size[0], window[0], strides[0]),
  oneAxis(size[1], window[1], strides[1]),
]
