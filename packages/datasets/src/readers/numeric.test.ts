import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readCifarBinary } from './cifar.js'
import { readIdx } from './idx.js'
import { readNpy } from './npy.js'
import { readNpz } from './npz.js'

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url)))
const expected = JSON.parse(new TextDecoder().decode(fixture('expected.json'))) as {
  readonly idx: { readonly images: number[]; readonly floats: number[]; readonly shorts: number[] }
  readonly cifar: readonly number[][]
  readonly npy: Readonly<Record<string, { readonly shape: number[]; readonly data: (number | string)[] }>>
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

describe('readIdx', () => {
  test('reads compressed bytes, and big-endian floats and integers', async () => {
    const images = await readIdx(fixture('images.idx.gz'))
    expect(images.shape).toEqual([3, 4, 5])
    expect([...(images.data as Uint8Array)]).toEqual(expected.idx.images)
    const floats = await readIdx(fixture('floats.idx'))
    expect(floats).toEqual({ shape: [2, 3], data: Float32Array.from(expected.idx.floats) })
    const shorts = await readIdx(fixture('shorts.idx'))
    expect(shorts).toEqual({ shape: [4], data: Int16Array.from(expected.idx.shorts) })
  })

  test.each([1, 2, 3, 7])('gives the same from a stream in pieces of %i bytes', async (size) => {
    expect(await readIdx(inPieces(fixture('images.idx.gz'), size))).toEqual(await readIdx(fixture('images.idx.gz')))
    expect(await readIdx(inPieces(fixture('floats.idx'), size))).toEqual(await readIdx(fixture('floats.idx')))
  })

  test('reads a web stream', async () => {
    expect(await readIdx(new Blob([fixture('images.idx.gz') as Uint8Array<ArrayBuffer>]).stream())).toEqual(await readIdx(fixture('images.idx.gz')))
  })

  test('says what is wrong with a file', async () => {
    const good = fixture('floats.idx')
    await expect(readIdx(new TextEncoder().encode('<html>'), { name: 'a.idx' })).rejects.toMatchObject({ code: 'data/wrong-format', message: expect.stringContaining('a.idx') as string })
    await expect(readIdx(good.subarray(0, 20))).rejects.toMatchObject({ code: 'data/truncated', message: expect.stringContaining('ends at byte 20') as string })
    await expect(readIdx(Uint8Array.of(...good, 0))).rejects.toMatchObject({ code: 'data/trailing-bytes' })
    await expect(readIdx(fixture('images.idx.gz').subarray(0, 60))).rejects.toMatchObject({ code: 'data/corrupt-gzip' })
    await expect(readIdx(new Uint8Array(0))).rejects.toMatchObject({ code: 'data/truncated' })
  })

  test('refuses a header that claims 2^60 elements before it takes memory for them', async () => {
    const header = Uint8Array.of(0, 0, 8, 2, 0x40, 0, 0, 0, 0x40, 0, 0, 0)
    await expect(readIdx(header)).rejects.toMatchObject({ code: 'data/too-large' })
    const hidden = Uint8Array.of(0, 0, 8, 2, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)
    await expect(readIdx(hidden, { maximumBytes: 1000 })).rejects.toMatchObject({ code: 'data/too-large' })
  })

  test('stops at the permitted size when a small file unpacks to a large one', async () => {
    await expect(readIdx(fixture('images.idx.gz'), { maximumBytes: 59 })).rejects.toMatchObject({ code: 'data/too-large' })
  })

  test('passes on a failure of the source', async () => {
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield fixture('images.idx.gz').subarray(0, 30)
      throw new Error('the disk is gone')
    }
    await expect(readIdx(broken())).rejects.toThrow('the disk is gone')
  })
})

describe('readNpy', () => {
  test.each(Object.entries(expected.npy))('reads %s as NumPy wrote it', async (name, { shape, data }) => {
    const array = await readNpy(fixture(`${name}.npy`))
    expect(array.shape).toEqual(shape)
    expect(Array.from(array.data as Float64Array, (value) => (typeof value === 'bigint' ? String(value) : value))).toEqual(data)
  })

  const withHeader = (header: string): Uint8Array => Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0, ...new TextEncoder().encode(header))

  test('refuses what it cannot read, naming it', async () => {
    await expect(readNpy(fixture('floats.idx'))).rejects.toMatchObject({ code: 'data/wrong-format' })
    await expect(readNpy(withHeader("{'descr': '|O8', 'fortran_order': False, 'shape': (1,), }"))).rejects.toMatchObject({ code: 'data/bad-header', message: expect.stringContaining('|O8') as string })
    await expect(readNpy(withHeader("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }"))).rejects.toMatchObject({ code: 'data/bad-header' })
    await expect(readNpy(withHeader("{'descr': '<f4', 'fortran_order': False, 'shape': (1152921504606846976,), }"))).rejects.toMatchObject({ code: 'data/too-large' })
    await expect(readNpy(Uint8Array.of(...fixture('bytes.npy'), 1))).rejects.toMatchObject({ code: 'data/trailing-bytes' })
  })
})

describe('readNpz', () => {
  test('reads stored and compressed archives', async () => {
    const stored = await readNpz(fixture('stored.npz'))
    expect([...stored.keys()].sort()).toEqual(['big_endian', 'bytes'])
    expect(stored.get('bytes')).toEqual(await readNpy(fixture('bytes.npy')))
    const packed = await readNpz(fixture('packed.npz'))
    expect(packed.get('column_major')).toEqual(await readNpy(fixture('column_major.npy')))
  })

  test('refuses an archive of other files', async () => {
    await expect(readNpz(fixture('images.zip'), { name: 'x.npz' })).rejects.toMatchObject({ code: 'data/wrong-format', message: expect.stringContaining('x.npz, cats/b.png') as string })
  })
})

describe('readCifarBinary', () => {
  test('turns planes to pixels', async () => {
    const ten = await readCifarBinary(fixture('cifar10.bin.gz'), { variant: 'cifar-10' })
    expect([...ten.labels]).toEqual([3, 9])
    const at = 3 * (7 * 32 + 11)
    expect([...ten.inputs.subarray(at, at + 3)]).toEqual(expected.cifar[0])
    const hundred = await readCifarBinary(fixture('cifar100.bin.gz'), { variant: 'cifar-100' })
    expect([...hundred.labels]).toEqual([93, 99])
    expect([...hundred.coarseLabels]).toEqual([3, 9])
    expect(hundred.inputs).toEqual(ten.inputs)
  })

  test('refuses labels out of range and incomplete images', async () => {
    await expect(readCifarBinary(Uint8Array.of(10, ...new Uint8Array(3072)), { variant: 'cifar-10' })).rejects.toMatchObject({ code: 'data/label-out-of-range' })
    await expect(readCifarBinary(new Uint8Array(3072), { variant: 'cifar-10' })).rejects.toMatchObject({ code: 'data/truncated' })
    await expect(readCifarBinary(fixture('cifar10.bin.gz'), { variant: 'cifar-10', maximumBytes: 4000 })).rejects.toMatchObject({ code: 'data/too-large' })
  })
})
