import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu'
import { getKernelsForBackend, registerBackend, registerKernel, removeBackend, setBackend, unregisterKernel } from '@tensorflow/tfjs-core'
import { afterEach, describe, expect, test } from 'vitest'
import type { OptionsSchema } from '../contracts/strategy.js'
import { globalAveragePoolLayer } from '../module/layers.js'
import { network } from '../module/network.js'
import { add } from '../ops/arithmetic.js'
import { scalar } from '../ops/creation.js'
import { item } from '../tensor/read.js'
import { scope } from '../memory/scope.js'
import { defineBackend } from './define-backend.js'
import { defineDataset } from './define-dataset.js'
import { defineNetwork } from './define-network.js'

interface Size {
  readonly size: number
}

/** Options with one number above 0, which is 2 unless told. */
const sizeSchema: OptionsSchema<Partial<Size>, Size> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      const { size = 2 } = value as Partial<Size>
      return size > 0 ? { value: { size } } : { issues: [{ message: 'must be above 0', path: ['size'] }] }
    },
  },
}

describe('a defined network', () => {
  const pooled = defineNetwork({
    name: 'pooled',
    summary: 'A global average.',
    options: sizeSchema,
    make: ({ classes, inputShape }, { size }) => network({ name: 'pooled', classes, inputShape: inputShape ?? [size, size, 1], stages: [{ name: 'mean', module: globalAveragePoolLayer() }] }),
  })

  test('says what it is', () => {
    expect({ ...pooled }).toEqual({ specVersion: 1, kind: 'network', name: 'pooled', summary: 'A global average.', optionsSchema: sizeSchema })
  })

  test('is made for a task, with options and their defaults', () => {
    expect(pooled({ classes: 3 }).inputShape).toEqual([2, 2, 1])
    expect(pooled({ classes: 3 }, { size: 4 }).inputShape).toEqual([4, 4, 1])
    expect(pooled({ classes: 3, inputShape: [5, 5, 2] })).toMatchObject({ classes: 3, inputShape: [5, 5, 2] })
  })

  test('refuses options by name', () => {
    expect(() => pooled({ classes: 3 }, { size: -1 })).toThrow(expect.objectContaining({ code: 'network/options', message: "Network 'pooled': option 'size': found -1. must be above 0." }))
  })
})

describe('a defined data set', () => {
  const opened = ({ size }: Size, split: string | undefined): { readonly name: string; readonly specVersion: 1; readonly task: { readonly kind: 'classification'; readonly classes: readonly string[] }; readonly size: number; readonly labels: Int32Array } => ({
    name: `numbers/${split ?? ''}`,
    specVersion: 1,
    task: { kind: 'classification', classes: ['a'] },
    size,
    labels: new Int32Array(size),
  })
  const whole = defineDataset({ name: 'numbers', summary: 'Numbers.', options: sizeSchema, open: (options, { split }) => opened(options, split) })
  const cut = defineDataset({ name: 'numbers', summary: 'Numbers.', options: sizeSchema, splits: ['train', 'test'], open: (options, { split }) => Promise.resolve(opened(options, split)) })

  test('is opened with options and their defaults', async () => {
    expect((await whole()).size).toBe(2)
    expect(await cut({ size: 5 }, { split: 'test' })).toMatchObject({ size: 5, name: 'numbers/test' })
    expect([whole.splits, cut.splits]).toEqual([[], ['train', 'test']])
  })

  test.each([
    ['options', () => whole({ size: 0 }), "Data set 'numbers': option 'size': found 0."],
    ['a split that there is not', () => cut({}, { split: 'tets' }), "Did you mean 'numbers/test'? Its splits are: train, test."],
    ['a split of a whole', () => whole({}, { split: 'test' }), 'It is one whole; write numbers.'],
    ['no split', () => cut(), 'has several splits; write one of numbers/train, numbers/test.'],
  ])('refuses %s', async (_, open, message) => {
    await expect(open()).rejects.toThrow(message)
  })
})

describe('a defined backend', () => {
  afterEach(async () => {
    await setBackend('cpu')
  })

  test('computes until it is closed', async () => {
    const sample = defineBackend({
      name: 'sample',
      summary: 'A copy of the plain one.',
      open: async () => {
        registerBackend('sample', () => Object.assign(new MathBackendCPU(), { firstUse: false }))
        const kernels = getKernelsForBackend('cpu').map((kernel) => ({ ...kernel, backendName: 'sample' }))
        kernels.forEach(registerKernel)
        await setBackend('sample')
        return {
          compile: (f) => f,
          close: () => {
            kernels.forEach(({ kernelName }) => {
              unregisterKernel(kernelName, 'sample')
            })
            removeBackend('sample')
          },
        }
      },
    })
    const { close } = await sample()
    expect(scope(() => item(add(scalar(1), scalar(2))))).toBe(3)
    close()
    expect({ ...sample }).toEqual({ specVersion: 1, kind: 'backend', name: 'sample', summary: 'A copy of the plain one.' })
  })

  test('is refused, and closed, where another one computes', async () => {
    let closed = 0
    const elsewhere = defineBackend({ name: 'elsewhere', summary: 'On another copy.', open: () => Promise.resolve({ compile: (f) => f, close: () => (closed += 1) }) })
    await expect(elsewhere()).rejects.toThrow("The backend 'elsewhere' was opened, but it is not the active one")
    expect(closed).toBe(1)
  })
})
