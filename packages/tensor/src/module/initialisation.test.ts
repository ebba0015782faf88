import { expect, test } from 'vitest'
import { scope } from '../memory/scope.js'
import { randomKey } from '../random/key.js'
import { readSync } from '../tensor/read.js'
import { fanInUniform, heNormal, heNormalFanOut, smallNormal } from './initialisation.js'

const filter = [3, 3, 20, 50]
const weight = [90, 100]

test.each([
  // A uniform distribution in ±b has the standard deviation b / √3.
  { name: 'fanInUniform', initialiser: fanInUniform, shape: filter, deviation: 1 / Math.sqrt(180 * 3) },
  { name: 'fanInUniform', initialiser: fanInUniform, shape: weight, deviation: 1 / Math.sqrt(90 * 3) },
  { name: 'heNormal', initialiser: heNormal, shape: filter, deviation: Math.sqrt(2 / 180) },
  { name: 'heNormal', initialiser: heNormal, shape: weight, deviation: Math.sqrt(2 / 90) },
  { name: 'heNormalFanOut', initialiser: heNormalFanOut, shape: filter, deviation: Math.sqrt(2 / 450) },
  { name: 'heNormalFanOut', initialiser: heNormalFanOut, shape: weight, deviation: Math.sqrt(2 / 100) },
  { name: 'smallNormal', initialiser: smallNormal, shape: weight, deviation: 0.01 },
])('$name of shape $shape has the standard deviation of its definition', ({ initialiser, shape, deviation }) => {
  scope(() => {
    const made = initialiser(randomKey(1), shape)
    expect(made.shape).toEqual(shape)
    const values = readSync(made)
    const mean = values.reduce((total, value) => total + value, 0) / values.length
    const found = Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length)
    // Four standard errors; that of a deviation is about 1 / √(2n) of it.
    expect(Math.abs(mean)).toBeLessThan((4 * deviation) / Math.sqrt(values.length))
    expect(Math.abs(found / deviation - 1)).toBeLessThan(4 / Math.sqrt(2 * values.length))
  })
})
