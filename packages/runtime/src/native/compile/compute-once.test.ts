import { backend as activeBackend } from '@tensorflow/tfjs-core'
import { add, batchNormInference, conv2d, expectAxes, type Filters, type Images, multiply, normalArray, ones, randomKey, randomNormal, readSync, release, relu, scope, type Tensor, tensor } from '@transferkit/tensor'
import { liveTensors } from '@transferkit/tensor/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Runtime } from '../../backend.js'
import { backendsToTest } from '../../backends.fixture.js'
import type { NativeBackend } from '../backend.js'
import { upload } from '../operations.js'
import { computeOnce } from './compute-once.js'
import type { GraphNode } from './graph-definition.js'

const node = (name: string, operation: string, ...inputs: readonly string[]): GraphNode => ({ name, operation, inputs, attributes: {} })

const shapes: Readonly<Record<string, readonly number[]>> = { x: [1, 8, 8, 32], many: [99, 8, 8, 32], result: [1, 8, 8, 64], manyResults: [99, 8, 8, 64], filter: [3, 3, 32, 64], large: [9, 9, 9, 99, 99] }

/** Everything that is not told above has the shape of the filter. */
const split = (...nodes: readonly GraphNode[]): Readonly<Record<'once' | 'always', readonly string[]>> & { readonly kept: readonly string[] } => {
  const given = [node('x', 'Placeholder'), node('many', 'Placeholder'), node('filter', 'Placeholder'), node('two', 'Const')]
  const { once, kept, always } = computeOnce([...given, ...nodes], new Set(['filter']), new Set(['fetched']), (output) => shapes[output] ?? shapes['filter'])
  const named = (part: readonly GraphNode[]): readonly string[] => part.flatMap(({ name, inputs }) => (given.some((each) => each.name === name) ? [] : [`${name}(${inputs.join()})`]))
  return { once: named(once), kept, always: named(always) }
}

describe('what is computed once', () => {
  test('is what depends on kept tensors and constants alone, and what others need of it is kept', () => {
    expect(split(node('half', 'Sqrt', 'two'), node('scaled', 'Mul', 'filter', 'half'), node('shifted', 'Add', 'scaled', 'two'), node('use', 'Conv2D', 'x', 'shifted'))).toEqual({
      once: ['half(two)', 'scaled(filter,half)', 'shifted(scaled,two)'],
      kept: ['shifted'],
      always: ['half(two)', 'use(x,shifted)'],
    })
  })

  test('is nothing that is much larger, nothing made of constants alone, and no result', () => {
    expect(split(node('large', 'Tile', 'filter'), node('use', 'Mul', 'x', 'large')).kept).toEqual([])
    expect(split(node('root', 'Sqrt', 'two'), node('use', 'Mul', 'x', 'root')).kept).toEqual([])
    expect(split(node('fetched', 'Identity', 'filter')).kept).toEqual([])
  })

  test('is the transformation of a filter where there are few tiles', () => {
    expect(split(node('result', 'TransferkitConvolution', 'x', 'filter'))).toEqual({ once: ['result_filter(filter)'], kept: ['result_filter'], always: ['result(x,result_filter)'] })
    expect(split(node('manyResults', 'TransferkitConvolution', 'many', 'filter')).kept).toEqual([])
    expect(split(node('result', 'TransferkitConvolution', 'x', 'x')).kept).toEqual([])
  })
})

const images = (seed: number, shape: readonly number[]): Images => expectAxes(randomNormal(randomKey(seed), shape), ['batch', 'height', 'width', 'channel'], { what: 'images' })

const filters = (seed: number, inputs: number, outputs: number): Filters =>
  expectAxes(tensor(normalArray(randomKey(seed), 9 * inputs * outputs), [3, 3, inputs, outputs]), [3, 3, inputs, outputs], { what: 'filters' })

const sameSize = { strides: [1, 1], padding: [[1, 1], [1, 1]] } as const

// Elsewhere nothing is recorded.
describe.each(backendsToTest.filter(({ backend }) => backend === 'native'))('a recorded classification on $name', ({ open }) => {
  let runtime: Runtime
  beforeAll(async () => {
    runtime = await open()
    return () => {
      runtime.close()
    }
  })

  // Sizes that fill tiles and registers and sizes that do not; filters of one panel, of many, and of one and a half.
  test.each([[[1, 8, 8], 32, 32], [[1, 16, 16], 16, 112], [[2, 5, 7], 48, 80], [[1, 4, 3], 16, 48], [[1, 6, 6], 3, 5]] as const)('gives the numbers of the eager one, bit for bit, %j, %i to %i channels', (size, inputs, outputs) => {
    const before = liveTensors()
    const x = images(1, [...size, inputs])
    const weights = { first: filters(2, inputs, outputs), second: filters(3, outputs, outputs), adapter: ones([3, 3, outputs, outputs]), scale: randomNormal(randomKey(4), [outputs]), variance: ones([outputs]) }
    const f = (input: { readonly x: Images }): { readonly y: Tensor } => {
      const normalised = (at: Images): Images => batchNormInference(at, weights.scale, weights.scale, weights.scale, weights.variance)
      const first = relu(normalised(conv2d(input.x, weights.first, sameSize)))
      const folded = expectAxes(add(weights.second, multiply(weights.adapter, 0.1)), weights.second.shape, { what: 'filters' })
      return { y: relu(add(normalised(conv2d(first, folded, sameSize)), first)) }
    }
    const compiled = runtime.compile(f)
    const read = (call: typeof f, of: Images): readonly number[] => scope(() => Array.from(readSync(call({ x: of }).y)))
    const expected = read(f, x)
    expect(read(compiled, x)).toEqual(expected)
    const other = images(5, [...size, inputs])
    const expectedOther = read(f, other)
    // What was recorded does not need them any more, or keeps them.
    release(weights)
    expect(read(compiled, other)).toEqual(expectedOther)
    expect(read(compiled, x)).toEqual(expected)
    release([x, other])
    expect(liveTensors()).toBe(before)
  })

  test('refuses what does not fit', () => {
    scope(() => {
      // The active backend is the native one.
      const native = activeBackend() as NativeBackend
      if (native.binding.winogradChannels === undefined) return
      const run = (operation: string, ...shapesOfInputs: readonly (readonly number[])[]) => (): void => {
        const { TF_ATTR_FLOAT, TF_ATTR_BOOL } = native.binding
        const ofNorm = [{ name: 'epsilon', type: TF_ATTR_FLOAT, value: 0.1 }, { name: 'rectified', type: TF_ATTR_BOOL, value: false }]
        const inputs = shapesOfInputs.map((shape) => upload(native, new Float32Array(shape.reduce((product, size) => product * size, 1)), shape))
        try {
          native.executeSingleOutput(operation, operation.endsWith('Inference') ? ofNorm : [], inputs)
        } finally {
          for (const { dataId } of inputs) native.disposeData(dataId)
        }
      }
      expect(run('TransferkitFilterTransform', [3, 3, 32, 30])).toThrow(/does not fit/)
      expect(run('TransferkitFilterTransform', [3, 1, 32, 32])).toThrow(/does not fit/)
      expect(run('TransferkitTransformedConvolution', [1, 4, 4, 32], [3, 32, 32])).toThrow(/do not fit/)
      expect(run('TransferkitTransformedConvolution', [1, 4, 4, 32], [36, 48, 32])).toThrow(/do not fit/)
      expect(run('TransferkitBatchNormInference', [2, 3], [3], [3], [3], [2], [0])).toThrow(/do not fit/)
      expect(run('TransferkitBatchNormInference', [2, 3], [3], [3], [3], [3], [3])).toThrow(/do not fit/)
      expect(run('TransferkitBatchNormInference', [2, 3], [3], [3], [3], [3], [2, 3])).not.toThrow()
    })
  })
})
