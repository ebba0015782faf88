import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { StoredFeatures } from '../loop/feature-store.js'
import { folderFeatureStore } from './folder-feature-store.js'

let folder: string
let notes: string[]

const note = (text: string): void => void notes.push(text)

beforeEach(async () => {
  notes = []
  folder = join(await mkdtemp(join(tmpdir(), 'transferkit-features-')), 'features')
})

afterEach(async () => {
  await rm(join(folder, '..'), { recursive: true, force: true })
})

const features = (seed: number, examples = 2): StoredFeatures => ({ shape: [examples, 3], values: Float32Array.from({ length: 3 * examples }, (_, index) => seed + index / 10) })

const sizes = async (): Promise<number> => {
  const files = await Promise.all((await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size))
  return files.reduce((total, size) => total + size, 0)
}

describe('a store in a folder', () => {
  test('gives another process what it was given', async () => {
    await folderFeatureStore(folder).put('a', features(1), note)
    expect(await folderFeatureStore(folder).get('a', note)).toEqual({ ...features(1), from: 'disk' })
    expect(await folderFeatureStore(folder).get('b', note)).toBeUndefined()
    expect(notes).toEqual([])
  })

  test('forgets what was used least recently, and never takes more than it may', async () => {
    await folderFeatureStore(folder).put('probe', features(0), note)
    const one = await sizes()
    await rm(folder, { recursive: true })
    const store = folderFeatureStore(folder, { maximumBytes: 10 * one })
    for (let key = 0; key < 8; key++) {
      await store.put(`key-${key}`, features(key), note)
      // Files of one moment would have no order.
      await utimes(join(folder, `key-${key}.features.safetensors`), key, key)
      expect(await sizes()).toBeLessThanOrEqual(10 * one)
    }
    await store.get('key-0', note)
    for (let key = 8; key < 14; key++) {
      await store.put(`key-${key}`, features(key), note)
      expect(await sizes()).toBeLessThanOrEqual(10 * one)
    }
    const kept = (await readdir(folder)).map((name) => name.split('.')[0])
    expect(kept).toEqual(expect.arrayContaining(['key-0', 'key-13']))
    expect(kept).not.toEqual(expect.arrayContaining(['key-1']))
    await store.put('large', features(0, 5000), note)
    expect(await readdir(folder)).not.toContain('large.features.safetensors')
    expect(notes).toEqual([])
  })

  test.each<readonly [string, (bytes: Buffer) => Buffer | Promise<Buffer>]>([
    ['cut off', (bytes) => bytes.subarray(0, bytes.length - 5)],
    ['empty', () => Buffer.alloc(0)],
    ['changed in one bit', (bytes) => Buffer.from(bytes.map((byte, index) => (index === bytes.length - 3 ? byte ^ 4 : byte)))],
    ['of another key', async () => {
      await folderFeatureStore(folder).put('b', features(2), note)
      return readFile(join(folder, 'b.features.safetensors'))
    }],
    ['of another kind', () => Buffer.from('hello, I am not a file of features')],
  ])('does not believe a file that is %s', async (_name, damage) => {
    const store = folderFeatureStore(folder)
    await store.put('a', features(1), note)
    const path = join(folder, 'a.features.safetensors')
    await writeFile(path, await damage(await readFile(path)))
    expect(await store.get('a', note)).toBeUndefined()
    expect(notes).toHaveLength(1)
    expect(notes[0]).toContain(`Features are computed again. ${path}`)
    await store.put('a', features(1), note)
    expect(await store.get('a', note)).toMatchObject(features(1))
  })

  test('where it cannot write says so once and goes on without', async () => {
    await writeFile(folder, 'a file where the folder should be')
    const store = folderFeatureStore(folder)
    expect(await store.get('a', note)).toBeUndefined()
    notes = []
    await store.put('a', features(1), note)
    await store.put('b', features(2), note)
    expect(notes).toHaveLength(1)
    expect(notes[0]).toMatch(/^Features are no longer kept on disk\. Cannot write '.*': a part of its path is a file, not a folder\.$/)
  })

  test.runIf(process.platform !== 'win32' && process.getuid?.() !== 0)('in a folder that is read-only still reads', async () => {
    await folderFeatureStore(folder).put('a', features(1), note)
    await chmod(folder, 0o500)
    const store = folderFeatureStore(folder)
    expect(await store.get('a', note)).toMatchObject(features(1))
    await store.put('b', features(2), note)
    expect(notes[0]).toContain('you may not write there')
    await chmod(folder, 0o700)
  })

  test('clears away what killed processes left half written, and nothing else', async () => {
    await mkdir(folder)
    await writeFile(join(folder, '.old.tmp'), 'half')
    await utimes(join(folder, '.old.tmp'), 1, 1)
    await writeFile(join(folder, '.new.tmp'), 'half')
    await writeFile(join(folder, 'notes.txt'), 'mine')
    await folderFeatureStore(folder).put('a', features(1), note)
    expect((await readdir(folder)).sort()).toEqual(['.new.tmp', 'a.features.safetensors', 'notes.txt'])
  })

  test('serves several at once: each reads a whole file or none', async () => {
    const stores = [0, 1, 2].map(() => folderFeatureStore(folder, { maximumBytes: 4000 }))
    await Promise.all(
      stores.map(async (store, worker) => {
        for (let round = 0; round < 25; round++) {
          const key = (round * 7 + worker * 3) % 11
          const found = await store.get(`key-${key}`, note)
          if (found === undefined) await store.put(`key-${key}`, features(key), note)
          else expect(found).toMatchObject(features(key))
        }
      }),
    )
    expect(notes).toEqual([])
    expect((await readdir(folder)).every((name) => name.endsWith('.features.safetensors'))).toBe(true)
  })

  test('does not mind a folder that is deleted or moved meanwhile', async () => {
    const store = folderFeatureStore(folder)
    await store.put('a', features(1), note)
    await rename(folder, `${folder}-moved`)
    expect(await store.get('a', note)).toBeUndefined()
    await store.put('a', features(1), note)
    expect(await store.get('a', note)).toMatchObject(features(1))
    expect(notes).toEqual([])
  })
})
