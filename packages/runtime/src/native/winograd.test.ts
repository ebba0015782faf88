import { describe, expect, test } from 'vitest'
import type { NativeBackend } from './backend.js'
import { winogradTiles } from './winograd.js'

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
    expect(winogradTiles(backend(32), [32, 16, 16, 64], [3, 3, 64, 96], settings, 'gradient')).toBe('large')
  })

  test.each([
    ['another filter', [1, 1, 64, 64], settings],
    ['a step of 2', [3, 3, 64, 64], { strides: [2, 2], padding }],
    ['other borders', [3, 3, 64, 64], { strides: [1, 1], padding: [[0, 1], [0, 1]] }],
    ['channels that do not fill the registers', [3, 3, 64, 48], settings],
  ] as const)('leaves %s to TensorFlow', (_, filter, attributes) => {
    expect(winogradTiles(backend(32), [32, 16, 16, 64], filter, attributes, 'gradient')).toBeUndefined()
  })

  test('leaves gradients of small inputs to TensorFlow, where transforming the filter would cost more than is saved', () => {
    expect(winogradTiles(backend(32), [8, 8, 8, 256], [3, 3, 256, 256], settings, 'gradient')).toBe('large')
    expect(winogradTiles(backend(32), [4, 8, 8, 256], [3, 3, 256, 256], settings, 'gradient')).toBeUndefined()
  })

  test('takes small tiles for convolutions of small inputs, where there are not too many channels', () => {
    expect(winogradTiles(backend(32), [8, 8, 8, 256], [3, 3, 256, 256], settings, 'convolution')).toBe('large')
    expect(winogradTiles(backend(32), [1, 8, 8, 256], [3, 3, 256, 256], settings, 'convolution')).toBe('small')
    expect(winogradTiles(backend(32), [1, 4, 4, 512], [3, 3, 512, 512], settings, 'convolution')).toBeUndefined()
  })

  test('leaves maps to TensorFlow that fill little of their tiles, where nothing is saved', () => {
    expect(winogradTiles(backend(32), [1024, 3, 3, 64], [3, 3, 64, 64], settings, 'gradient')).toBe('large')
    expect(winogradTiles(backend(32), [1024, 2, 2, 64], [3, 3, 64, 64], settings, 'gradient')).toBeUndefined()
    expect(winogradTiles(backend(32), [32, 7, 7, 64], [3, 3, 64, 64], settings, 'gradient')).toBe('large')
    expect(winogradTiles(backend(32), [32, 5, 5, 64], [3, 3, 64, 64], settings, 'gradient')).toBeUndefined()
  })

  test('is not there without our binding, and not used on a graphics card', () => {
    expect(winogradTiles(backend(undefined), [32, 16, 16, 64], [3, 3, 64, 64], settings, 'gradient')).toBeUndefined()
    expect(winogradTiles(backend(32, true), [32, 16, 16, 64], [3, 3, 64, 64], settings, 'gradient')).toBeUndefined()
  })
})
