import { engine } from '@tensorflow/tfjs-core'
import {
  acceleratedKernels,
  batchNormInference,
  batchNormTraining,
  conv2d,
  depthwiseConv2d,
  expectAxes,
  type Filters,
  grad,
  integerTensor,
  type Images,
  multiply,
  normalArray,
  randomKey,
  readSync,
  relu,
  scope,
  softmaxCrossEntropy,
  splitKey,
  sum,
  type Tensor,
  tensor,
} from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { upstreamName } from './backend.js'
import { type ConvolutionCase, outputShape, referenceFilterGradient, referenceInputGradient, referenceOutput } from './reference-convolution.js'
import { findKernel } from './registration.js'
import { backendsToTest } from './backends.fixture.js'

const product = (shape: readonly number[]): number => shape.reduce((total, size) => total * size, 1)

const random = (seed: number, shape: readonly number[]): Float32Array => normalArray(randomKey(seed), product(shape))

const images = (values: Float32Array, shape: readonly number[]): Images => expectAxes(tensor(values, shape), ['batch', 'height', 'width', 'channel'], { what: 'images' })

const filters = (values: Float32Array, shape: readonly number[]): Filters => expectAxes(tensor(values, shape), [shape[0] ?? 0, shape[1] ?? 0, shape[2] ?? 0, shape[3] ?? 0], { what: 'filters' })

const symmetric = (padding: number): ConvolutionCase['padding'] => [
  [padding, padding],
  [padding, padding],
]

const convolution = (change: Partial<ConvolutionCase>): ConvolutionCase => ({
  inputShape: [2, 6, 6, 3],
  filterShape: [3, 3, 3, 4],
  strides: [1, 1],
  padding: symmetric(1),
  depthwise: false,
  ...change,
})

/** Sums in 32 bits differ by so large a share of the largest number, and those of Winograd's form by twice as much as direct ones. */
const shareOfLargest = (expected: Float32Array): { readonly absolute: number; readonly relative: number } => ({
  absolute: 3e-6 * expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0),
  relative: 0,
})

const convolutions: readonly (readonly [string, ConvolutionCase])[] = [
  ['3x3, padding 1', convolution({})],
  ['no padding', convolution({ padding: symmetric(0) })],
  ['stride 2, even size', convolution({ strides: [2, 2] })],
  ['stride 2, odd size', convolution({ inputShape: [2, 7, 5, 3], strides: [2, 2] })],
  ['stride 2, rows that no window reaches', convolution({ inputShape: [1, 8, 9, 3], strides: [3, 2], padding: symmetric(0) })],
  ['another padding on every side', convolution({ inputShape: [2, 7, 6, 3], padding: [[2, 0], [1, 3]], strides: [2, 1] })],
  ['the padding that TensorFlow calls SAME, on an even size', convolution({ padding: [[0, 1], [0, 1]], strides: [2, 2] })],
  ['more padding than the filter is large', convolution({ filterShape: [1, 2, 3, 4], padding: [[2, 1], [3, 3]] })],
  ['1x1', convolution({ filterShape: [1, 1, 3, 5], padding: symmetric(0) })],
  ['1x1, stride 2', convolution({ filterShape: [1, 1, 3, 5], padding: symmetric(0), strides: [2, 2] })],
  ['1x1, stride 2, odd size', convolution({ inputShape: [2, 7, 9, 3], filterShape: [1, 1, 3, 5], padding: symmetric(0), strides: [2, 2] })],
  ['1x1, stride 2, with a border', convolution({ filterShape: [1, 1, 3, 5], strides: [2, 3] })],
  ['7x7, stride 2', convolution({ inputShape: [1, 15, 14, 3], filterShape: [7, 7, 3, 2], padding: symmetric(3), strides: [2, 2] })],
  ['many channels', convolution({ inputShape: [4, 9, 8, 32], filterShape: [3, 3, 32, 64] })],
  ['many channels, odd size', convolution({ inputShape: [3, 11, 13, 64], filterShape: [3, 3, 64, 32] })],
  ['as many channels as fill one register, odd size', convolution({ inputShape: [6, 7, 5, 16], filterShape: [3, 3, 16, 48] })],
  ['many channels, maps that no tile fits into', convolution({ inputShape: [6, 6, 3, 16], filterShape: [3, 3, 16, 16] })],
  ['few tiles for many channels, not all in whole panels', convolution({ inputShape: [1, 4, 6, 48], filterShape: [3, 3, 48, 80] })],
  ['depthwise', convolution({ filterShape: [3, 3, 3, 1], depthwise: true })],
  ['depthwise with a multiplier', convolution({ filterShape: [3, 3, 3, 2], depthwise: true })],
  ['depthwise, stride 2, another padding on every side', convolution({ inputShape: [2, 7, 6, 3], filterShape: [3, 3, 3, 2], padding: [[0, 1], [2, 1]], strides: [2, 2], depthwise: true })],
]

describe.each(backendsToTest)('kernels of the $name backend', ({ backend, open }) => {
  beforeAll(async () => {
    const runtime = await open()
    expect(runtime.backend).toBe(backend)
    return () => runtime.close()
  })

  test.each(convolutions)('convolution and its gradients equal plain loops: %s', (_, definition) => {
    const { inputShape, filterShape, strides, padding, depthwise } = definition
    const input = random(1, inputShape)
    const filter = random(2, filterShape)
    const outputGradient = random(3, outputShape(definition))
    const convolve = depthwise ? depthwiseConv2d : conv2d
    scope(() => {
      const weights = tensor(outputGradient, outputShape(definition))
      const point = { x: images(input, inputShape), w: filters(filter, filterShape) }
      const f = ({ x, w }: typeof point): Images => convolve(x, w, { strides, padding })
      const output = f(point)
      expect(output.shape).toEqual(outputShape(definition))
      const gradients = grad((at: typeof point) => sum(multiply(f(at), weights)))(point)
      const compared = [
        [output, referenceOutput(definition, input, filter)],
        [gradients.x, referenceInputGradient(definition, outputGradient, filter)],
        [gradients.w, referenceFilterGradient(definition, input, outputGradient)],
      ] as const
      for (const [found, expected] of compared) expectClose(found, expected, shareOfLargest(expected))
    })
  })

  test.each([[[3, 4, 5, 2]], [[40, 3]], [[6, 7, 4]]])('batch normalisation with biased variance, shape %j', (shape) => {
    const channels = shape.at(-1) ?? 0
    const values = random(4, shape)
    const [scaleKey, offsetKey] = splitKey(randomKey(5), 2)
    const scales = normalArray(scaleKey ?? randomKey(0), channels)
    const offsets = normalArray(offsetKey ?? randomKey(0), channels)
    const count = values.length / channels
    const perChannel = (f: (value: number, channel: number) => number): number[] =>
      Array.from({ length: channels }, (_, channel) => values.filter((_, index) => index % channels === channel).reduce((total, value) => total + f(value, channel), 0) / count)
    const means = perChannel((value) => value)
    const variances = perChannel((value, channel) => (value - (means[channel] ?? 0)) ** 2)
    const normalised = values.map((value, index) => {
      const channel = index % channels
      return ((value - (means[channel] ?? 0)) / Math.sqrt((variances[channel] ?? 0) + 1e-3)) * (scales[channel] ?? 0) + (offsets[channel] ?? 0)
    })
    scope(() => {
      const [x, scale, offset] = [tensor(values, shape), tensor(scales, [channels]), tensor(offsets, [channels])] as const
      const { output, mean, variance } = batchNormTraining(x, scale, offset, 1e-3)
      expectClose(mean, means, { absolute: 1e-5 })
      expectClose(variance, variances, { absolute: 1e-5 })
      expectClose(output, normalised, { absolute: 1e-4 })
      expectClose(batchNormInference(x, scale, offset, tensor(means, [channels]), tensor(variances, [channels]), 1e-3), normalised, { absolute: 1e-4 })
    })
  })

  test('the gradient of batch normalisation is the closed form', () => {
    // With unit scale and statistics of the batch, the gradient is orthogonal to 1 and to the normalised input.
    scope(() => {
      const x = tensor(random(6, [32, 3]), [32, 3])
      const weights = tensor(random(7, [32, 3]), [32, 3])
      const [scale, offset] = [tensor([1, 1, 1], [3]), tensor([0, 0, 0], [3])] as const
      const normalise = (at: Tensor): Tensor => batchNormTraining(at, scale, offset, 0).output
      const gradient = grad((at: Tensor) => sum(multiply(normalise(at), weights)))(x)
      expectClose(sum(gradient, [0]), [0, 0, 0], { absolute: 1e-4 })
      expectClose(sum(multiply(gradient, normalise(x)), [0]), [0, 0, 0], { absolute: 1e-4 })
      expect(Math.max(...readSync(gradient))).toBeGreaterThan(0.1)
    })
  })

  test('no kernel keeps memory that is not its result', () => {
    const { backend: upstream } = engine()
    const held = upstream.numDataIds()
    for (const [, definition] of convolutions) {
      scope(() => {
        const { inputShape, filterShape, strides, padding, depthwise } = definition
        const point = { x: images(random(1, inputShape), inputShape), w: filters(random(2, filterShape), filterShape) }
        grad(({ x, w }: typeof point) => sum((depthwise ? depthwiseConv2d : conv2d)(x, w, { strides, padding })))(point)
      })
    }
    for (const shape of [[3, 4, 5, 2], [40, 2]]) {
      scope(() => {
        const [scale, offset] = [tensor([1, 2], [2]), tensor([0, 1], [2])] as const
        grad((x: Tensor) => sum(relu(batchNormTraining(x, scale, offset).output)))(tensor(random(1, shape), shape))
        batchNormInference(tensor(random(1, shape), shape), offset, offset, offset, scale)
      })
    }
    scope(() => {
      grad((x: Tensor<readonly [number, number]>) => sum(softmaxCrossEntropy(x, integerTensor([0, 1], [2]))))(tensor([1, 2, 3, 4], [2, 2]))
    })
    expect(upstream.numDataIds()).toBe(held)
  })

  test('the accelerated kernels are registered', () => {
    const all = Object.values(acceleratedKernels)
    const registered = all.filter((name) => findKernel(name, upstreamName(backend)) !== undefined)
    const expected = { native: all, wasm: all.filter((name) => name.endsWith('Gradient') && name.includes('onv2d')), cpu: [] }
    expect(registered).toEqual(expected[backend])
  })
})
