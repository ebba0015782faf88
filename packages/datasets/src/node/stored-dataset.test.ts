import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readNpy } from '../readers/npy.js'
import { fileBytes } from './file-bytes.js'
import { openStoredDataset, storeDataset, type StoredExample } from './stored-dataset.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transferkit test '))
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

async function* examples(list: readonly StoredExample[]): AsyncGenerator<StoredExample> {
  yield* list
}
const numbers: readonly StoredExample[] = Array.from({ length: 9 }, (_, index) => ({
  inputs: Uint8Array.from({ length: 6 }, (_unused, element) => index * 6 + element),
  shape: [1, 2, 3],
  className: index % 2 === 0 ? 'even' : 'odd',
}))

describe('storeDataset and openStoredDataset', () => {
  test.each([
    ['in memory', 2 ** 30],
    ['on the disk', 0],
  ])('give back what was stored, %s', async (_, memoryLimit) => {
    const path = join(folder, 'deep', 'numbers')
    await storeDataset(path, { name: 'numbers', examples: examples(numbers), classes: ['odd', 'even'] })
    const dataset = await openStoredDataset(path, { memoryLimit })
    expect(dataset).toMatchObject({ name: 'numbers', size: 9, exampleShape: [1, 2, 3], task: { classes: ['odd', 'even'] } })
    expect([...dataset.labels]).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1])
    for (const indices of [[0], [8, 3, 4, 5, 0, 0], []]) {
      const batch = await dataset.read(indices)
      expect(Array.from(batch.inputs)).toEqual(indices.flatMap((index) => Array.from(numbers[index]!.inputs)))
      expect(batch).toMatchObject({ shape: [indices.length, 1, 2, 3], indices: Int32Array.from(indices) })
    }
    await expect(async () => dataset.read([9])).rejects.toMatchObject({ code: 'dataset/index-out-of-range' })
  })

  test('write a file that NumPy reads', async () => {
    await storeDataset(join(folder, 'floats'), { name: 'floats', examples: examples([{ inputs: Float32Array.of(1.5, -2), shape: [2], className: 'a' }]) })
    expect(await readNpy(fileBytes(join(folder, 'floats', 'inputs.npy')))).toEqual({ shape: [1, 2], data: Float32Array.of(1.5, -2) })
    expect((await (await openStoredDataset(join(folder, 'floats'), { memoryLimit: 0 })).read([0])).inputs).toEqual(Float32Array.of(1.5, -2))
  })

  test('leave nothing behind when an example is wrong', async () => {
    const first = numbers[0]!
    const wrong: readonly (readonly [string, readonly StoredExample[]])[] = [
      ['dataset/empty', []],
      ['dataset/shapes-differ', [first, { ...first, shape: [2, 1, 3] }]],
      ['dataset/shapes-differ', [first, { ...first, inputs: new Uint8Array(5) }]],
      ['dataset/shapes-differ', [first, { ...first, inputs: new Float32Array(6) }]],
      ['data/not-finite', [{ inputs: Float32Array.of(NaN), shape: [1], className: 'a' }]],
    ]
    for (const [code, list] of wrong) await expect(storeDataset(join(folder, 'x'), { name: 'x', examples: examples(list) })).rejects.toMatchObject({ code })
    const failing = async function* (): AsyncGenerator<StoredExample> {
      yield first
      throw new Error('the source is gone')
    }
    await expect(storeDataset(join(folder, 'x'), { name: 'x', examples: failing() })).rejects.toThrow('the source is gone')
    expect(await readdir(folder)).toEqual([])
  })

  test('two that store the same at once leave one whole set', async () => {
    const path = join(folder, 'numbers')
    await Promise.all([1, 2, 3].map(async () => storeDataset(path, { name: 'numbers', examples: examples(numbers) })))
    expect(await readdir(folder)).toEqual(['numbers'])
    expect((await openStoredDataset(path)).size).toBe(9)
  })

  test('notice damage', async () => {
    const path = join(folder, 'numbers')
    await storeDataset(path, { name: 'numbers', examples: examples(numbers) })
    const inputs = join(path, 'inputs.npy')
    const good = await readFile(inputs)
    const changed = Buffer.from(good)
    changed[130]! ^= 1
    await writeFile(inputs, changed)
    await expect(openStoredDataset(path)).rejects.toMatchObject({ code: 'dataset/corrupt-store', message: expect.stringContaining('hash') as string })
    await truncate(inputs, good.length - 1)
    await expect(openStoredDataset(path, { memoryLimit: 0 })).rejects.toMatchObject({ code: 'dataset/corrupt-store' })
    await rm(inputs)
    await expect(openStoredDataset(path)).rejects.toMatchObject({ code: 'dataset/corrupt-store' })
    await writeFile(join(path, 'dataset.json'), '{')
    await expect(openStoredDataset(path)).rejects.toMatchObject({ code: 'dataset/corrupt-store' })
    await expect(openStoredDataset(join(folder, 'none'))).rejects.toMatchObject({ code: 'file/not-found' })
  })
})
