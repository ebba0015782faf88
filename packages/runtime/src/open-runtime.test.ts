import { getBackend } from '@tensorflow/tfjs-core'
import { add, readSync, scope, tensor } from '@transferkit/tensor'
import { expect, test } from 'vitest'
import { openRuntime as openPortable } from './open-runtime.js'
import { openRuntime } from './node/open-runtime.js'
import { backendsToTest } from './backends.fixture.js'
import { verifyBackend } from './verify.js'

const compute = (): number[] => scope(() => Array.from(readSync(add(tensor([1, 2], [2]), 1))))

test.each(backendsToTest)('$name opens, computes, closes, and opens again', async ({ backend, open }) => {
  const handlers = process.listenerCount('uncaughtException')
  for (let round = 0; round < 2; round++) {
    const runtime = await open()
    expect(runtime.backend).toBe(backend)
    expect(runtime.reason).toContain('as asked for')
    expect(runtime.tensorflowVersion === undefined).toBe(backend !== 'native')
    expect(runtime.threads).toBeGreaterThan(0)
    expect(compute()).toEqual([2, 3])
    runtime.close()
    runtime.close()
  }
  expect(process.listenerCount('uncaughtException')).toBe(handlers)
})

test.each(backendsToTest)('$name may be opened twice', async ({ open }) => {
  const [first, second] = [await open(), await open()]
  expect(compute()).toEqual([2, 3])
  second.close()
  first.close()
})

test.each(backendsToTest)('$name gives right numbers', async ({ backend, open }) => {
  const runtime = await open()
  const { passed, checks } = verifyBackend(backend)
  expect(checks.map(({ difference }) => difference)).toEqual([0, 0, 0])
  expect(passed).toBe(true)
  runtime.close()
})

test('without Node, WebAssembly is the fastest', async () => {
  const runtime = await openPortable()
  expect(runtime.backend).toBe('wasm')
  expect(getBackend()).toBe('wasm')
  runtime.close()
})

test('the environment variable chooses, an option wins over it', async () => {
  const before = process.env['TRANSFERKIT_BACKEND']
  process.env['TRANSFERKIT_BACKEND'] = 'cpu'
  try {
    const chosen = await openRuntime()
    expect(chosen.backend).toBe('cpu')
    chosen.close()
    const asked = await openRuntime({ backend: 'wasm' })
    expect(asked.backend).toBe('wasm')
    asked.close()
    process.env['TRANSFERKIT_BACKEND'] = 'fast'
    await expect(openRuntime()).rejects.toMatchObject({ code: 'runtime/unknown-backend' })
  } finally {
    if (before === undefined) delete process.env['TRANSFERKIT_BACKEND']
    else process.env['TRANSFERKIT_BACKEND'] = before
  }
})

test('native TensorFlow that is not set up is passed over, with the command that sets it up', async () => {
  const runtime = await openRuntime({ backend: 'auto', cache: '/nonexistent' })
  expect(runtime.backend).toBe('wasm')
  expect(runtime.alternatives.find(({ backend }) => backend === 'native')).toMatchObject({ usable: false })
  runtime.close()
})
