import { readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { foldIn, integerArray, randomKey, TransferkitError } from '@transferkit/tensor'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decodeImage } from './decode-image.js'
import type { DataProgress } from './progress.js'
import { readImageArchive, readImageFolder } from './read-image-folder.js'

const fixturePath = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url))
const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(fixturePath(name)))
const expected = JSON.parse(readFileSync(fixturePath('expected.json'), 'utf8')) as {
  readonly images: Readonly<Record<string, { readonly channels: number; readonly pixels: number[] }>>
  readonly greyOfColour: number[]
}

describe('decodeImage', () => {
  test.each(Object.entries(expected.images).filter(([name]) => name !== 'transparent.png'))('decodes %s as Pillow does', async (name, { channels, pixels }) => {
    const image = await decodeImage(fixture(name), name)
    expect(image.shape[2]).toBe(channels)
    expect(image.pixels.length).toBe(pixels.length)
    // Decoders of JPEG may differ by a rounding.
    const tolerance = name.endsWith('.jpg') ? 1 : 0
    image.pixels.forEach((value, index) => expect(Math.abs(value - pixels[index]!)).toBeLessThanOrEqual(tolerance))
  })

  test.each(['grey.png', 'grey.jpg', 'one-bit.png'])('repeats the values of %s where RGB is asked for', async (name) => {
    const grey = await decodeImage(fixture(name), name)
    const rgb = await decodeImage(fixture(name), name, { channels: 'rgb' })
    expect(rgb.shape).toEqual([12, 16, 3])
    expect(Array.from(rgb.pixels)).toEqual(Array.from(grey.pixels).flatMap((value) => [value, value, value]))
  })

  test('weighs colours where grey is asked for', async () => {
    expect(Array.from((await decodeImage(fixture('colour.png'), 'colour.png', { channels: 'grey' })).pixels)).toEqual(expected.greyOfColour)
  })

  test('brings images to a size by filling or covering it', async () => {
    const fill = await decodeImage(fixture('colour.png'), 'colour.png', { resize: { height: 6, width: 6, fit: 'fill' } })
    expect(fill.shape).toEqual([6, 6, 3])
    const cover = await decodeImage(fixture('colour.png'), 'colour.png', { resize: { height: 12, width: 12, fit: 'cover' } })
    const whole = expected.images['colour.png']!.pixels
    expect(Array.from(cover.pixels)).toEqual(Array.from({ length: 12 }, (_, row) => whole.slice((row * 16 + 2) * 3, (row * 16 + 14) * 3)).flat())
  })

  test('refuses what cannot be an example', async () => {
    await expect(decodeImage(fixture('transparent.png'), 'dir/t.png')).rejects.toMatchObject({ code: 'image/transparent', message: expect.stringContaining('dir/t.png') as string })
    await expect(decodeImage(fixture('colour.png'), 'c.png', { maximumPixels: 100 })).rejects.toMatchObject({ code: 'image/too-large' })
    await expect(decodeImage(new Uint8Array(0), 'e.png')).rejects.toMatchObject({ code: 'image/corrupt' })
    await expect(decodeImage(fixture('quoted.csv'), 'q.png')).rejects.toMatchObject({ code: 'image/corrupt' })
    await expect(decodeImage(fixture('colour.jpg').subarray(0, 500), 'c.jpg')).rejects.toMatchObject({ code: 'image/corrupt' })
  })

  test.each(['colour.png', 'colour.jpg'])('a damaged %s is an image or a clear error', async (name) => {
    const good = fixture(name)
    for (let trial = 0; trial < 150; trial++) {
      const key = foldIn(randomKey(6), trial)
      const bytes = good.slice(0, trial < 50 ? Math.floor((good.length * trial) / 50) : good.length)
      if (trial >= 50) bytes[integerArray(key, 1, bytes.length)[0]!] = integerArray(foldIn(key, 1), 1, 256)[0]!
      await decodeImage(bytes, name, { maximumPixels: 10_000 }).catch((error: unknown) => {
        if (!TransferkitError.isInstance(error)) throw error
      })
    }
  })
})

describe('readImageFolder and readImageArchive', () => {
  let folder: string
  const put = async (path: string, name: string): Promise<void> => {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await cp(fixturePath(name), join(folder, path))
  }
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'transferkit test '))
    await put('dogs/c.png', 'opaque.png')
    await put('cats/b.png', 'colour.png')
    await put('cats/a.jpg', 'colour.jpg')
  })
  afterEach(async () => rm(folder, { recursive: true, force: true }))

  test('reads classes in the order of their names, images in the order of theirs', async () => {
    await writeFile(join(folder, '.DS_Store'), 'litter')
    const dataset = await readImageFolder(folder)
    expect(dataset.task.classes).toEqual(['cats', 'dogs'])
    expect([...dataset.labels]).toEqual([0, 0, 1])
    expect(dataset.exampleShape).toEqual([12, 16, 3])
    expect(Array.from((await dataset.read([1])).inputs)).toEqual(expected.images['colour.png']!.pixels)
  })

  test.each(['ustar.tar', 'ustar.tar.gz', 'images.zip'])('reads %s, in the order of the archive', async (name) => {
    const dataset = await readImageArchive(fixturePath(name), { name: 'archive' })
    expect(dataset.task.classes).toEqual(['cats', 'dogs'])
    expect([...dataset.labels]).toEqual([0, 0, 1])
    expect(Array.from((await dataset.read([0])).inputs)).toEqual(expected.images['colour.png']!.pixels)
    expect(dataset.name).toBe('archive')
  })

  test('names an image of another size or other channels, and what to do', async () => {
    await put('dogs/d.png', 'other-size.png')
    await expect(readImageFolder(folder)).rejects.toMatchObject({ code: 'image/other-shape', message: expect.stringMatching(/dogs\/d\.png is 9 x 16.*cats\/a\.jpg is 12 x 16.*option resize/s) as string })
    expect((await readImageFolder(folder, { resize: { height: 8, width: 8, fit: 'cover' } })).size).toBe(4)
    await put('dogs/d.png', 'grey.png')
    await expect(readImageFolder(folder)).rejects.toMatchObject({ code: 'image/other-shape', message: expect.stringMatching(/dogs\/d\.png.*option channels/s) as string })
    expect((await readImageFolder(folder, { channels: 'rgb' })).exampleShape).toEqual([12, 16, 3])
    expect((await readImageFolder(folder, { channels: 'grey' })).exampleShape).toEqual([12, 16, 1])
  })

  test('names a damaged image, an empty class, an unknown class, and an image outside of a class', async () => {
    await writeFile(join(folder, 'dogs', 'e.png'), 'no image')
    await expect(readImageFolder(folder)).rejects.toMatchObject({ code: 'image/corrupt', message: expect.stringContaining('dogs/e.png') as string })
    await rm(join(folder, 'dogs', 'e.png'))
    await expect(readImageFolder(folder, { classes: ['cats'] })).rejects.toMatchObject({ code: 'image/unknown-class', message: expect.stringContaining('"dogs"') as string })
    await expect(readImageFolder(folder, { classes: ['dogs', 'cats', 'birds'] })).rejects.toMatchObject({ code: 'dataset/empty-class', message: expect.stringContaining('"birds"') as string })
    expect([...(await readImageFolder(folder, { classes: ['dogs', 'cats'] })).labels]).toEqual([1, 1, 0])
    await mkdir(join(folder, 'birds'))
    await expect(readImageFolder(folder)).rejects.toMatchObject({ code: 'dataset/empty-class', message: expect.stringContaining('birds') as string })
    await rm(join(folder, 'birds'), { recursive: true })
    await put('z.png', 'colour.png')
    await expect(readImageFolder(folder)).rejects.toMatchObject({ code: 'image/no-class', message: expect.stringContaining('z.png') as string })
  })

  test('says that there is no folder, no archive, or nothing in it', async () => {
    await expect(readImageFolder(join(folder, 'none'))).rejects.toMatchObject({ code: 'file/not-found', message: expect.stringContaining('none') as string })
    await expect(readImageArchive(join(folder, 'none.tar'))).rejects.toMatchObject({ code: 'file/not-found' })
    await mkdir(join(folder, 'empty'))
    await expect(readImageFolder(join(folder, 'empty'))).rejects.toMatchObject({ code: 'dataset/empty' })
  })

  test('tells how far it is, and stops', async () => {
    for (let index = 0; index < 120; index++) await put(`dogs/n${index}.png`, 'colour.png')
    const seen: DataProgress[] = []
    await readImageFolder(folder, { name: 'many', onProgress: (progress) => seen.push(progress) })
    expect(seen).toEqual([{ kind: 'decode', dataset: 'many', done: 100 }])
    await expect(readImageFolder(folder, { signal: AbortSignal.abort() })).rejects.toThrow('aborted')
  })
})
