import { conv2d, depthwiseConv2d, engine, type NamedAttrMap, setBackend, type Tensor, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core'
import { normalArray, randomKey } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Runtime } from '../backend.js'
import { openRuntime } from '../node/open-runtime.js'

type Padding = 'same' | 'valid' | number

const random = (seed: number, shape: [number, number, number, number]): Tensor4D =>
  tensor4d(normalArray(randomKey(seed), shape.reduce((product, size) => product * size, 1)), shape)

const run = (name: string, inputs: Record<string, Tensor>, attributes: NamedAttrMap): Float32Array => engine().runKernel<Tensor>(name, inputs, attributes).dataSync<'float32'>()

/** Both gradients of a convolution, by the kernels that TensorFlow.js's own gradients run. */
const gradientsOf = (depthwise: boolean, strides: [number, number], pad: Padding, dilations: [number, number] = [1, 1]): Float32Array[] =>
  tidy(() => {
    const [x, filter] = [random(1, [2, 7, 6, 3]), random(2, [3, 3, 3, 2])]
    const output = depthwise ? depthwiseConv2d(x, filter, strides, pad) : conv2d(x, filter, strides, pad)
    const dy = random(3, output.shape)
    const name = depthwise ? 'DepthwiseConv2dNative' : 'Conv2D'
    const attributes = { strides, pad, dataFormat: 'NHWC', dilations }
    return [
      run(`${name}BackpropInput`, { dy, filter }, { ...attributes, inputShape: x.shape }),
      run(`${name}BackpropFilter`, { x, dy }, { ...attributes, filterShape: filter.shape }),
    ]
  })

const paddings: readonly Padding[] = ['same', 'valid', 1]
const allStrides: readonly [number, number][] = [
  [1, 1],
  [2, 2],
  [2, 1],
]
const cases = [false, true]
  .flatMap((depthwise) => paddings.flatMap((padding) => allStrides.map((strides) => ({ depthwise, padding, strides }))))
  // Upstream computes a wrong output shape for padding as a number with two different strides, on every backend.
  .filter(({ padding, strides }) => typeof padding !== 'number' || strides[0] === strides[1])

describe("the kernels of TensorFlow.js's own gradients on the wasm backend", () => {
  let wasm: Runtime
  let cpu: Runtime
  beforeAll(async () => {
    cpu = await openRuntime({ backend: 'cpu' })
    wasm = await openRuntime({ backend: 'wasm' })
  })
  afterAll(() => {
    wasm.close()
    cpu.close()
  })

  test.each(cases)('depthwise: $depthwise, strides $strides, padding $padding', async ({ depthwise, strides, padding }) => {
    await setBackend('cpu')
    const expected = gradientsOf(depthwise, strides, padding)
    await setBackend('wasm')
    const found = gradientsOf(depthwise, strides, padding)
    found.forEach((gradient, index) => expectClose(gradient, expected[index] ?? [], { absolute: 1e-4 }))
  })

  test('a dilated convolution is refused with what to do', async () => {
    await setBackend('wasm')
    expect(() => gradientsOf(true, [1, 1], 'valid', [2, 2])).toThrow(/Use the native or the cpu backend/)
  })
})
