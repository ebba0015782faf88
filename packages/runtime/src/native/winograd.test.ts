import { describe, expect, test } from 'vitest'
import type { NativeBackend } from './backend.js'
import { fitsWinograd } from './winograd.js'

const backend = (winogradChannels: number | undefined, isUsingGpuDevice = false): NativeBackend =>
  // The choice reads nothing else of a backend.
  ({ binding: winogradChannels === undefined ? {} : { winogradChannels }, isUsingGpuDevice }) as unknown as NativeBackend

const padding = [
  [1, 1],
  [1, 1],
] as const

const settings = { strides: [1, 1], padding } as const

describe("Winograd's convolution", () => {
  test('computes 3x3 filters of step 1 that keep the size and whose channels fill the registers', () => {
    expect(fitsWinograd(backend(32), [32, 16, 16, 64], [3, 3, 64, 96], settings)).toBe(true)
  })

  test.each([
    ['another filter', [1, 1, 64, 64], settings],
    ['a step of 2', [3, 3, 64, 64], { strides: [2, 2], padding }],
    ['other borders', [3, 3, 64, 64], { strides: [1, 1], padding: [[0, 1], [0, 1]] }],
    ['channels that do not fill the registers', [3, 3, 64, 48], settings],
  ] as const)('leaves %s to TensorFlow', (_, filter, attributes) => {
    expect(fitsWinograd(backend(32), [32, 16, 16, 64], filter, attributes)).toBe(false)
  })

  test('leaves small inputs to TensorFlow, where transforming the filter would cost more than is saved', () => {
    expect(fitsWinograd(backend(32), [8, 8, 8, 256], [3, 3, 256, 256], settings)).toBe(true)
    expect(fitsWinograd(backend(32), [4, 8, 8, 256], [3, 3, 256, 256], settings)).toBe(false)
  })

  test('leaves maps to TensorFlow that fill little of their tiles, where nothing is saved', () => {
    expect(fitsWinograd(backend(32), [1024, 3, 3, 64], [3, 3, 64, 64], settings)).toBe(true)
    expect(fitsWinograd(backend(32), [1024, 2, 2, 64], [3, 3, 64, 64], settings)).toBe(false)
    expect(fitsWinograd(backend(32), [32, 7, 7, 64], [3, 3, 64, 64], settings)).toBe(true)
    expect(fitsWinograd(backend(32), [32, 5, 5, 64], [3, 3, 64, 64], settings)).toBe(false)
  })

  test('is not there without our binding, and not used on a graphics card', () => {
    expect(fitsWinograd(backend(undefined), [32, 16, 16, 64], [3, 3, 64, 64], settings)).toBe(false)
    expect(fitsWinograd(backend(32, true), [32, 16, 16, 64], [3, 3, 64, 64], settings)).toBe(false)
  })
})
