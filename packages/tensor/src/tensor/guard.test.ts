import { describe, expect, test } from 'vitest'
import { TransferkitError } from '../error.js'
import { scope } from '../memory/scope.js'
import { integerTensor, ones } from '../ops/creation.js'
import type { Axes } from './axes.js'
import { expectAxes } from './guard.js'

describe('expectAxes', () => {
  test('gives back the very same tensor', () => {
    scope(() => {
      const images = ones([4, 28, 28, 1])
      expect(expectAxes(images, ['batch', 28, 'width', 1], { what: 'digits' })).toBe(images)
      expect(expectAxes(ones([]), [], { what: 'a number' }).shape).toEqual([])
    })
  })

  const message = (shape: readonly number[], axes: Axes, advice?: string): string =>
    scope(() => {
      try {
        expectAxes(ones(shape), axes, advice === undefined ? { what: 'digits' } : { what: 'digits', advice })
      } catch (error) {
        if (TransferkitError.isInstance(error)) return `${error.code} | ${error.message}`
      }
      return 'accepted'
    })

  test.each<[readonly number[], Axes, string]>([
    [[4, 28, 27], ['batch', 28, 28], 'digits: axis 2 has size 27, not 28. Expected [batch, 28, 28], found [4, 28, 27].'],
    [[4, 28], ['batch', 28, 28], 'digits: 2 axes instead of 3. Expected [batch, 28, 28], found [4, 28].'],
    [[4, 5], ['size', 'size'], `digits: axis 1 ('size') has size 5, not 4. Expected [size, size], found [4, 5].`],
  ])('names axis, expected and found size of %j against %j', (shape, axes, expected) => {
    expect(message(shape, axes)).toBe(`shape/unexpected | ${expected}`)
  })

  test('adds what to do', () => {
    expect(message([4], [5], 'Resize them first.')).toMatch(/found \[4\]\. Resize them first\.$/)
  })

  test('one name stands for one size, whatever it is', () => {
    expect(message([5, 5], ['size', 'size'])).toBe('accepted')
  })

  test('the element type is float32 unless told', () => {
    scope(() => {
      const labels = integerTensor([1, 2], [2])
      expect(expectAxes(labels, ['batch'], { what: 'labels', dtype: 'int32' })).toBe(labels)
      expect(() => expectAxes(labels, ['batch'], { what: 'labels' })).toThrow('labels: the element type is int32, not float32.')
    })
  })
})
