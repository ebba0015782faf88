import { describe, expect, test } from 'vitest'
import { TransferkitError } from '../error.js'
import { scope } from '../memory/scope.js'
import { normalArray, uniformArray } from '../random/host.js'
import { randomKey } from '../random/key.js'
import { readSync } from '../tensor/read.js'
import { booleanTensor, fill, identityMatrix, integerTensor, ones, onesLike, randomNormal, randomUniform, scalar, tensor, zeros, zerosLike } from './creation.js'

describe('values from the host', () => {
  test.each([
    { name: 'a list', values: [1, 2] },
    { name: 'floats', values: new Float32Array([1, 2]) },
    { name: 'integers', values: new Int32Array([1, 2]) },
    { name: 'bytes', values: new Uint8Array([1, 2]) },
  ])('from $name', ({ values }) => {
    scope(() => {
      expect(readSync(tensor(values, [2]))).toEqual(new Float32Array([1, 2]))
      expect(readSync(integerTensor(values, [2, 1]))).toEqual(new Int32Array([1, 2]))
    })
  })

  test('keep their type and shape', () => {
    scope(() => {
      expect(tensor([1, 2, 3, 4, 5, 6], [2, 3])).toMatchObject({ shape: [2, 3], dtype: 'float32', rank: 2, size: 6 })
      expect(integerTensor([1], [1]).dtype).toBe('int32')
      expect(booleanTensor([1], []).dtype).toBe('bool')
      expect(scalar(2)).toMatchObject({ shape: [], dtype: 'float32' })
    })
  })

  test('must fill the shape', () => {
    expect(() => tensor([1, 2, 3], [2, 2])).toThrow(TransferkitError)
    expect(() => tensor([1, 2, 3], [2, 2])).toThrow('A tensor of shape [2,2] has 4 elements, but 3 values were given.')
  })
})

test('constants', () => {
  scope(() => {
    const x = integerTensor([1, 2, 3, 4], [2, 2])
    for (const [made, value] of [[zeros([2, 2]), 0], [ones([2, 2]), 1], [fill([2, 2], 2.5), 2.5], [zerosLike(x), 0], [onesLike(x), 1]] as const) {
      expect(made).toMatchObject({ shape: [2, 2], dtype: 'float32' })
      expect(readSync(made)).toEqual(new Float32Array(4).fill(value))
    }
    expect([...readSync(identityMatrix(3))]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1])
  })
})

test('random tensors hold the numbers of the host', () => {
  scope(() => {
    const key = randomKey(3)
    expect(readSync(randomUniform(key, [2, 3], -1, 2))).toEqual(uniformArray(key, 6, -1, 2))
    expect(readSync(randomNormal(key, [2, 3], 5, 0.5))).toEqual(normalArray(key, 6, 5, 0.5))
  })
})
