import { expect, test } from 'vitest'
import { samePadding } from './same-padding.js'

// The rule of tf.nn.conv2d: outputs are ⌈size / step⌉, and the odd row or column comes last.
test.each([
  [[224, 224], [3, 3], [2, 2], [[0, 1], [0, 1]]],
  [[7, 7], [3, 3], [2, 2], [[1, 1], [1, 1]]],
  [[5, 6], [2, 5], [1, 1], [[0, 1], [2, 2]]],
  [[5, 6], [1, 1], [2, 2], [[0, 0], [0, 0]]],
] as const)('maps of %j, windows of %j, steps of %j', (size, window, strides, padding) => {
  expect(samePadding(size, window, strides)).toEqual(padding)
})
