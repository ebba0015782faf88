import { expect, it } from 'vitest'
import { nearestSpelling } from './nearest-spelling.js'

it.each([
  ['learningrat', 'learningRate'],
  ['STEPS', 'steps'],
  ['batchsiez', 'batchSize'],
  ['momentum', undefined],
])('takes %s for %s', (word, meant) => {
  expect(nearestSpelling(word, ['learningRate', 'steps', 'batchSize'])).toBe(meant)
})

it('has nothing to offer where nothing is valid', () => {
  expect(nearestSpelling('steps', [])).toBeUndefined()
})
