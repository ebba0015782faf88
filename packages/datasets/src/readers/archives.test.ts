import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { ArchiveEntry } from './archive-entry.js'
import { readTar } from './tar.js'
import { readZip } from './zip.js'

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url)))
const { longPath } = JSON.parse(new TextDecoder().decode(fixture('expected.json'))) as { readonly longPath: string }

const all = async (entries: AsyncIterable<ArchiveEntry>): Promise<ArchiveEntry[]> => {
  const list: ArchiveEntry[] = []
  for await (const entry of entries) list.push(entry)
  return list
}
const images = [
  { path: 'cats/b.png', bytes: fixture('colour.png') },
  { path: 'cats/a.jpg', bytes: fixture('colour.jpg') },
  { path: 'dogs/c.png', bytes: fixture('opaque.png') },
]

describe('readTar', () => {
  test('reads what Python wrote, compressed or not', async () => {
    expect(await all(readTar(fixture('ustar.tar')))).toEqual(images)
    expect(await all(readTar(fixture('ustar.tar.gz')))).toEqual(images)
  })

  test('reads pax and GNU records for long paths', async () => {
    expect((await all(readTar(fixture('pax.tar')))).map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)])).toEqual([
      [longPath, 'pax'],
      ['kätzchen/ä.png', 'umlaut'],
    ])
    expect((await all(readTar(fixture('gnu.tar')))).map(({ path }) => path)).toEqual([longPath])
  })

  test('reads only the files asked for', async () => {
    expect(await all(readTar(fixture('ustar.tar'), { filter: (path) => path.startsWith('dogs') }))).toEqual(images.slice(2))
  })

  test('says what is wrong with an archive', async () => {
    const good = fixture('ustar.tar')
    await expect(all(readTar(fixture('link.tar'), { name: 'l.tar' }))).rejects.toMatchObject({ code: 'data/bad-header', message: expect.stringContaining('cats/link.png') as string })
    await expect(all(readTar(good.subarray(0, 700)))).rejects.toMatchObject({ code: 'data/truncated' })
    await expect(all(readTar(Uint8Array.of(...good, 1)))).rejects.toMatchObject({ code: 'data/trailing-bytes' })
    await expect(all(readTar(good.map((byte, index) => (index === 513 ? byte ^ 1 : byte))))).rejects.toMatchObject({ code: 'data/wrong-format', message: expect.stringContaining('byte 512') as string })
    await expect(all(readTar(good, { maximumBytes: 600 }))).rejects.toMatchObject({ code: 'data/too-large' })
    await expect(all(readTar(good, { maximumBytes: 700 }))).resolves.toHaveLength(3)
  })

  test('refuses a size of 2^60 and a path that leads outside', async () => {
    const header = (path: string, size: string): Uint8Array => {
      const block = new Uint8Array(1536)
      const put = (text: string, offset: number): void => block.set(new TextEncoder().encode(text), offset)
      put(path, 0)
      put(size, 124)
      put('0', 156)
      put('        ', 148)
      put(block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0') + '\0 ', 148)
      return block
    }
    await expect(all(readTar(header('a/b', '77777777777')))).rejects.toMatchObject({ code: 'data/too-large' })
    await expect(all(readTar(header('../b', '00000000000')))).rejects.toMatchObject({ code: 'data/unsafe-path' })
    await expect(all(readTar(header('/b', '00000000000')))).rejects.toMatchObject({ code: 'data/unsafe-path' })
    await expect(all(readTar(header('a/b', '0000000x000')))).rejects.toMatchObject({ code: 'data/bad-header' })
  })
})

describe('readZip', () => {
  test('reads what Python wrote', async () => {
    expect(await all(readZip(fixture('images.zip')))).toEqual(images)
    expect(await all(readZip(fixture('images.zip'), { filter: (path) => path.startsWith('dogs') }))).toEqual(images.slice(2))
    expect((await all(readZip(fixture('zeros.zip'))))[0]?.bytes.every((byte) => byte === 0)).toBe(true)
  })

  test('refuses damage, files that are too large, and other formats', async () => {
    const good = fixture('images.zip')
    const data = 30 + 'cats/b.png'.length + 20
    await expect(all(readZip(good.map((byte, index) => (index === data ? byte ^ 0x10 : byte)), { name: 'i.zip' }))).rejects.toMatchObject({ code: 'data/corrupt-zip', message: expect.stringContaining('i.zip') as string })
    await expect(all(readZip(fixture('zeros.zip'), { maximumBytes: 100_000 }))).rejects.toMatchObject({ code: 'data/too-large' })
    await expect(all(readZip(fixture('ustar.tar')))).rejects.toMatchObject({ code: 'data/corrupt-zip' })
    await expect(all(readZip(Uint8Array.of(...good, 1)))).rejects.toMatchObject({ code: 'data/corrupt-zip' })
  })

  test('takes no memory for a claim of a size that cannot be', async () => {
    const claim = fixture('images.zip')
    const view = new DataView(claim.buffer)
    for (let offset = 0; offset < claim.length - 46; offset++) {
      if (view.getUint32(offset, true) === 0x02014b50) view.setUint32(offset + 24, 0x7fffffff, true)
      if (view.getUint32(offset, true) === 0x04034b50) view.setUint32(offset + 22, 0x7fffffff, true)
    }
    await expect(all(readZip(claim))).rejects.toMatchObject({ code: 'data/corrupt-zip' })
  })
})
