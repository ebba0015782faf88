import { getKernel, type KernelConfig, type KernelFunc, registerKernel, scalar, type TensorInfo, unregisterKernel } from '@tensorflow/tfjs-core'
import { afterEach, describe, expect, test } from 'vitest'
import type { Compile } from '../contracts/compile.js'
import type { OpenBackend } from '../contracts/definition.js'
import { backendProperties, valuesOfOps } from './backend-properties.js'
import { brokenProperties } from './property.js'
import { testBackend } from './test-backend.js'

const plain: OpenBackend = { compile: (f) => f, close: () => undefined }

const restore: (() => void)[] = []

/** Puts another kernel in the place of one of the JavaScript backend, until the test is over. */
const replaced = (kernelName: string, change: (result: TensorInfo, data: Float32Array) => void): OpenBackend => {
  const config: KernelConfig = getKernel(kernelName, 'cpu')
  const kernelFunc: KernelFunc = (given) => {
    const result = config.kernelFunc(given) as TensorInfo
    change(result, (given.backend as unknown as { data: { get(id: object): { values: Float32Array } } }).data.get(result.dataId).values)
    return result
  }
  unregisterKernel(kernelName, 'cpu')
  registerKernel({ ...config, kernelFunc })
  restore.push(() => {
    unregisterKernel(kernelName, 'cpu')
    registerKernel(config)
  })
  return plain
}

/** A compiler that keeps its first result. */
const stale: Compile = (f) => {
  let kept: { readonly input: Parameters<typeof f>[0] } | undefined
  return (input) => {
    // Everything but tensors is taken for a constant, keys included.
    kept ??= { input }
    return f({ ...input, key: (kept.input as { readonly key: unknown }).key })
  }
}

const leftOver: { dispose(): void }[] = []

const cases: readonly (readonly [property: string, mistake: string, open: () => OpenBackend])[] = [
  ['values', 'a kernel that is off by a hundredth', () => replaced('Softplus', (_result, data) => data.forEach((_value, index) => (data[index]! += 0.01)))],
  ['gradients', 'a kernel of a gradient that is too large by a tenth', () => replaced('MaxPoolGrad', (_result, data) => data.forEach((_value, index) => (data[index]! *= 1.1)))],
  ['memory', 'a kernel that keeps a tensor', () => replaced('Erf', () => leftOver.push(keepAlive()))],
  ['compile', 'a compiler that takes keys for constants', () => ({ ...plain, compile: stale })],
]

/** A tensor that outlives its scope. */
const keepAlive = (): { dispose(): void } => {
  const made = scalar(0)
  made.kept = true
  return made
}

afterEach(() => {
  for (const undo of restore.splice(0)) undo()
  for (const tensor of leftOver.splice(0)) tensor.dispose()
})

describe('of the properties of a backend, exactly the one meant is broken by', () => {
  test.each(cases)('%s: %s', async (property, _mistake, open) => {
    const reference = valuesOfOps()
    const broken = await brokenProperties("backend 'cpu'", backendProperties, { backend: open(), reference })
    expect([...broken.keys()]).toEqual([property])
    expect(broken.get(property)).toMatchSnapshot()
  })
})

testBackend({ name: 'cpu', open: () => Promise.resolve(plain), reference: () => Promise.resolve(plain) })
