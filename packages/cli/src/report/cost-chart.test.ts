import { expect, test } from 'vitest'
import { paretoFront } from './cost-chart.js'

test('the front holds what no other strategy beats in size and accuracy', () => {
  const points = [
    { name: 'large', parameters: 100, accuracy: 0.9 },
    { name: 'worse and larger', parameters: 200, accuracy: 0.85 },
    { name: 'small', parameters: 10, accuracy: 0.8 },
    { name: 'as good and larger', parameters: 20, accuracy: 0.8 },
    { name: 'twin of large', parameters: 100, accuracy: 0.9 },
  ]
  expect(paretoFront(points).map(({ name }) => name)).toEqual(['small', 'large', 'twin of large'])
})
