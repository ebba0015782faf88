import {
  conv2d,
  type Filters,
  gather,
  grad,
  type Images,
  integerTensor,
  matMul,
  multiply,
  normalArray,
  pad,
  randomKey,
  readSync,
  reshape,
  scope,
  sum,
  tensor,
  type Tensor,
  transpose,
} from '@transferkit/tensor'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backendsToTest } from '../backends.fixture.js'
import type { Runtime } from '../backend.js'
import { observeOperations } from './observe-operations.js'
import type { NativeBackend } from './backend.js'
import { fitsMatrixProduct } from './matrix-product.js'

const backend = (hasMatrixProduct: boolean | undefined, isUsingGpuDevice = false): NativeBackend =>
  // The choice reads nothing else of a backend.
  ({ binding: { hasMatrixProduct }, isUsingGpuDevice }) as unknown as NativeBackend

const asTheyAre = { transposeLeft: false, transposeRight: false }

describe('our own product', () => {
  test('computes two large matrices, with sizes as they are after transposing', () => {
    expect(fitsMatrixProduct(backend(true), [1280, 128], [128, 512], asTheyAre)).toBe(true)
    expect(fitsMatrixProduct(backend(true), [8, 4096], [8, 4096], { transposeLeft: true, transposeRight: false })).toBe(false)
    expect(fitsMatrixProduct(backend(true), [4096, 64], [32, 64], { transposeLeft: false, transposeRight: true })).toBe(true)
  })

  test.each([
    ['stacks of matrices', backend(true), [4, 128, 128], [128, 128]],
    ['few columns', backend(true), [1280, 512], [512, 2]],
    ['little work', backend(true), [32, 32], [32, 32]],
    ['all of them without our binding', backend(undefined), [1280, 128], [128, 512]],
    ['all of them on a graphics card', backend(true, true), [1280, 128], [128, 512]],
  ] as const)('leaves %s to TensorFlow', (_, of, left, right) => {
    expect(fitsMatrixProduct(of, left, right, asTheyAre)).toBe(false)
  })
})

const native = backendsToTest.find(({ name }) => name === 'native')

const normal = (seed: number, rows: number, columns: number): Tensor<readonly [number, number]> => tensor(normalArray(randomKey(seed), rows * columns), [rows, columns])

/** The product, summed in 64 bits. */
const exact = (left: Tensor, right: Tensor): readonly number[] => {
  const [[rows = 0, depth = 0], [, columns = 0]] = [left.shape, right.shape]
  const [a, b] = [readSync(left), readSync(right)]
  return Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns]
    let total = 0
    for (let inner = 0; inner < depth; inner++) total += (a[row * depth + inner] ?? 0) * (b[inner * columns + column] ?? 0)
    return total
  })
}

describe.skipIf(native === undefined)('on native TensorFlow', () => {
  let runtime: Runtime | undefined
  beforeAll(async () => {
    runtime = await native?.open()
  })
  afterAll(() => {
    runtime?.close()
  })

  // Rows, depth and columns that fill tiles, panels and parts of the depth, and that do not.
  const sizes = [
    [96, 128, 64],
    [97, 77, 101],
    [16, 1100, 51],
    [1003, 33, 17],
    [64, 513, 130],
  ] as const

  test.each(sizes)('is the sum of products: [%i, %i, %i]', (rows, depth, columns) => {
    scope(() => {
      const [left, right] = [normal(1, rows, depth), normal(2, depth, columns)]
      let product: Tensor | undefined
      const { operations } = observeOperations(() => {
        product = matMul(left, right)
      })
      expect(operations.map(({ name }) => name)).toStrictEqual(['TransferkitMatMul'])
      const expected = exact(left, right)
      // Rounding grows with the root of the depth.
      const most = 1e-6 * Math.sqrt(depth) * 4
      expect(Math.max(...readSync(product!).map((value, at) => Math.abs(value - (expected[at] ?? Number.NaN))))).toBeLessThan(most)
    })
  })

  test.each(sizes)('has gradients that are products of transposed matrices, op by op and compiled: [%i, %i, %i]', (rows, depth, columns) => {
    scope(() => {
      const inputs = { left: normal(1, rows, depth), right: normal(2, depth, columns), weight: normal(3, rows, columns) }
      const gradients = ({ left, right, weight }: typeof inputs): readonly [Tensor, Tensor] => [
        grad((x: typeof left) => sum(multiply(matMul(x, right), weight)))(left),
        grad((x: typeof right) => sum(multiply(matMul(left, x), weight)))(right),
      ]
      const expected = [exact(inputs.weight, transpose(inputs.right, [1, 0])), exact(transpose(inputs.left, [1, 0]), inputs.weight)]
      const compiled = runtime!.compile(gradients)
      compiled(inputs)
      for (const found of [gradients(inputs), compiled(inputs)]) {
        found.forEach((gradient, index) => {
          const most = 4e-6 * Math.sqrt(Math.max(rows, columns))
          expect(Math.max(...readSync(gradient).map((value, at) => Math.abs(value - (expected[index]?.[at] ?? Number.NaN))))).toBeLessThan(most)
        })
      }
    })
  })

  test.each([
    [1, 0],
    [2, 0],
    [1, 1],
  ] as const)('strides %i, border %i: is the gradient of a filter of one pixel where there is no border', (strides, padding) => {
    scope(() => {
      const [batch, size, channels, outputs] = [4, 20, 33, 50]
      const [input, filter] = [normal(1, batch * size * size, channels), normal(2, channels, outputs)]
      const images: Images = tensor(readSync(input), [batch, size, size, channels])
      const apply = (x: Filters): Images => conv2d(images, x, { strides, padding })
      const point: Filters = tensor(readSync(filter), [1, 1, channels, outputs])
      const { shape } = apply(point)
      const rows = shape[0] * shape[1] * shape[2]
      const weight = normal(3, rows, outputs)
      const weights: Images = tensor(readSync(weight), shape)
      let gradient: Tensor | undefined
      const { operations } = observeOperations(() => {
        gradient = grad((x: Filters) => sum(multiply(apply(x), weights)))(point)
      })
      expect(operations.some(({ name }) => name === 'TransferkitMatMul')).toBe(padding === 0)
      const seen = reshape(
        pad(images, [
          [0, 0],
          [padding, padding],
          [padding, padding],
          [0, 0],
        ]),
        [-1, channels],
      )
      const every = gather(
        seen,
        integerTensor(
          Array.from({ length: rows }, (_, at) => {
            const [image, row, column] = [Math.floor(at / (shape[1] * shape[2])), Math.floor(at / shape[2]) % shape[1], at % shape[2]]
            return (image * (size + 2 * padding) + row * strides) * (size + 2 * padding) + column * strides
          }),
          [rows],
        ),
      )
      const expected = exact(transpose(every, [1, 0]), weight)
      expect(Math.max(...readSync(gradient!).map((value, at) => Math.abs(value - (expected[at] ?? Number.NaN))))).toBeLessThan(8e-6 * Math.sqrt(rows))
    })
  })
})
