import { engine, registerBackend, removeBackend, setBackend } from '@tensorflow/tfjs-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ones, tensor } from '../ops/creation.js'

const cpu = engine().registryFactory['cpu']

beforeEach(() => {
  removeBackend('cpu')
})

afterEach(async () => {
  if (cpu !== undefined) registerBackend('cpu', cpu.factory, cpu.priority)
  await setBackend('cpu')
})

test.each([
  ['tensor', () => tensor([1, 2], [2])],
  ['kernel', () => ones([2])],
])('a %s without a backend is answered with how to open one', (_, compute) => {
  expect(compute).toThrow(expect.objectContaining({ code: 'backend/none', message: expect.stringContaining('Open one first') as string }))
})
