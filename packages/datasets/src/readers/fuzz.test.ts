import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { integerArray, randomKey, foldIn, TransferkitError } from '@transferkit/tensor'
import { describe, expect, test } from 'vitest'
import { readBinaryVectors } from '../text/read-binary-vectors.js'
import { readTextVectors } from '../text/read-text-vectors.js'
import { readCifarBinary } from './cifar.js'
import { readDelimited } from './delimited.js'
import { readIdx } from './idx.js'
import { readLabelledJsonLines } from './json-lines.js'
import { readLabelledLines } from './labelled-lines.js'
import { readLabelledTable } from './labelled-table.js'
import { readNpy } from './npy.js'
import { readNpz } from './npz.js'
import { readParquet } from './parquet.js'
import { readTar } from './tar.js'
import { readZip } from './zip.js'

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url)))

const drain = async (items: AsyncIterable<unknown>): Promise<void> => {
  for await (const _item of items) continue
}

const maximumBytes = 1 << 20
const readers: readonly (readonly [string, Uint8Array, (bytes: Uint8Array) => Promise<unknown>])[] = [
  ['idx', fixture('floats.idx'), async (bytes) => readIdx(bytes, { maximumBytes })],
  ['idx in gzip', fixture('images.idx.gz'), async (bytes) => readIdx(bytes, { maximumBytes })],
  ['cifar', new Uint8Array(gunzipSync(fixture('cifar10.bin.gz'))).subarray(0, 3100), async (bytes) => readCifarBinary(bytes, { variant: 'cifar-10', maximumBytes })],
  ['npy', fixture('column_major.npy'), async (bytes) => readNpy(bytes, { maximumBytes })],
  ['npz', fixture('packed.npz'), async (bytes) => readNpz(bytes, { maximumBytes })],
  ['zip', fixture('images.zip'), async (bytes) => drain(readZip(bytes, { maximumBytes }))],
  ['tar', fixture('ustar.tar').subarray(0, 5120), async (bytes) => drain(readTar(bytes, { maximumBytes }))],
  ['tar with pax records', fixture('pax.tar').subarray(0, 6144), async (bytes) => drain(readTar(bytes, { maximumBytes }))],
  ['delimited', fixture('quoted.csv'), async (bytes) => drain(readDelimited(bytes, { maximumBytes }))],
  ['labelled lines', new TextEncoder().encode('1 größe\n0 b\n'), async (bytes) => readLabelledLines(bytes, { maximumBytes })],
  ['labelled table', new TextEncoder().encode('a\tb\nx\ty\n'), async (bytes) => readLabelledTable(bytes, { text: 'a', label: 'b', maximumBytes })],
  ['JSON lines', new TextEncoder().encode('{"text": "größe", "label": 1}\n'), async (bytes) => readLabelledJsonLines(bytes, { maximumBytes })],
  ['word vectors', new TextEncoder().encode('2 2\nfilm 1 2\ngröße 3 4\n'), async (bytes) => readTextVectors(bytes, { maximumBytes })],
  ['binary word vectors', new TextEncoder().encode('2 1\na abcd\nb efgh\n'), async (bytes) => readBinaryVectors(bytes, { maximumBytes })],
  ['parquet', fixture('snappy.parquet'), async (bytes) => readParquet(bytes, { maximumBytes })],
  ['parquet in zstd', fixture('zstd.parquet'), async (bytes) => readParquet(bytes, { maximumBytes })],
]

/** Every outcome but a result or an error of ours, with what led to it. */
const surprises = async (cases: Iterable<readonly [string, Uint8Array]>, read: (bytes: Uint8Array) => Promise<unknown>): Promise<readonly string[]> => {
  const found: string[] = []
  for (const [what, bytes] of cases) {
    try {
      await read(bytes)
    } catch (error) {
      if (!TransferkitError.isInstance(error)) found.push(`${what}: ${String(error)}`)
    }
  }
  return found
}

describe.each(readers)('%s', (_, good, read) => {
  test('a file cut at any length is a result or a clear error', async () => {
    const step = Math.max(1, Math.floor(good.length / 400))
    const cut = Array.from({ length: Math.ceil(good.length / step) }, (_unused, index) => [`cut at ${index * step}`, good.slice(0, index * step)] as const)
    expect(await surprises(cut, read)).toEqual([])
  })

  test('a file with changed bytes is a result or a clear error', async () => {
    const changed = Array.from({ length: 400 }, (_unused, trial) => {
      const bytes = good.slice()
      const key = foldIn(randomKey(1), trial)
      const changes = 1 + (trial % 3)
      integerArray(foldIn(key, 'place'), changes, bytes.length).forEach((place, index) => {
        bytes[place] = integerArray(foldIn(key, index), 1, 256)[0] ?? 0
      })
      return [`trial ${trial}`, bytes] as const
    })
    expect(await surprises(changed, read)).toEqual([])
  })

  test('random bytes are a clear error or a result', async () => {
    const noise = Array.from({ length: 50 }, (_unused, trial) => [`noise ${trial}`, Uint8Array.from(integerArray(foldIn(randomKey(2), trial), trial * 7, 256))] as const)
    expect(await surprises(noise, read)).toEqual([])
  })
})
