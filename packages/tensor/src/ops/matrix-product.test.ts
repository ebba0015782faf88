import { expect, test } from 'vitest'
import { vectorJacobianProducts } from '../autodiff/grad.js'
import { scope } from '../memory/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { expectClose } from '../testing/close.js'
import { ones, tensor } from './creation.js'
import { matMul } from './matrix-product.js'

test('a product of matrices and its gradients', () => {
  scope(() => {
    const [a, b] = [tensor([1, 2, 3, 4, 5, 6], [2, 3]), tensor([1, 0, 2, 1, 0, 3], [3, 2])]
    const product = matMul(a, b)
    expect(product.shape).toEqual([2, 2])
    expectClose(product, [5, 11, 14, 23])
    // ∂A = G Bᵀ, ∂B = Aᵀ G.
    const [da, db] = vectorJacobianProducts((x, y) => [matMul(x, y)], [a, b], [tensor([1, 2, 3, 4], [2, 2])])
    expectClose(da, [1, 4, 6, 3, 10, 12])
    expectClose(db, [13, 18, 17, 24, 21, 30])
  })
})

test('outer axes broadcast, and gradients are summed over them', () => {
  scope(() => {
    const [a, b] = [ones([1, 2, 3]), ones([4, 3, 5])]
    expect(matMul(a, b).shape).toEqual([4, 2, 5])
    const [da, db] = vectorJacobianProducts((x, y) => [matMul(x, y)], [a, b], [ones([4, 2, 5])])
    expect([da.shape, db.shape]).toEqual([[1, 2, 3], [4, 3, 5]])
    expectClose(da, new Float32Array(6).fill(20))
    expectClose(db, new Float32Array(60).fill(2))
  })
})

test('mistakes are named', () => {
  scope(() => {
    const of = (shape: readonly number[]): Tensor => ones(shape)
    expect(() => matMul(of([2, 3]), of([2, 3]))).toThrow('matMul: [2,3] does not fit [2,3]; the last size of the first must be the last but one of the second.')
    expect(() => matMul(of([3]), of([3, 2]))).toThrow('matMul: [3] does not fit [3,2]')
    expect(() => matMul(of([2, 2, 3]), of([4, 3, 2]))).toThrow('matMul: size 2 of [2] does not fit size 4 of [4]')
  })
})
