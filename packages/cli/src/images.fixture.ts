import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import { foldIn, randomKey, uniformArray } from '@transferkit/tensor'

const size = 8

const chunk = (type: string, content: Uint8Array): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(content.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}

/** A grey PNG file of 8 x 8 pixels. */
const png = (pixels: Uint8Array): Buffer => {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header[8] = 8
  // Each row begins with the filter that it was written with: none.
  const rows = Buffer.concat(Array.from({ length: size }, (_, row) => Buffer.concat([Buffer.of(0), pixels.subarray(row * size, (row + 1) * size)])))
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', new Uint8Array())])
}

/** A noisy bar: horizontal, vertical or diagonal. */
const pixelsOf = (label: number, noise: Float32Array): Uint8Array =>
  Uint8Array.from({ length: size * size }, (_, index) => {
    const [row, column] = [Math.floor(index / size), index % size]
    const isInside = [Math.abs(row - 3) < 2, Math.abs(column - 3) < 2, Math.abs(row - column) < 2][label] === true
    return (isInside ? 150 : 20) + Math.floor(100 * (noise[index] ?? 0))
  })

/** Writes a folder of images: classes `across`, `down` and `slanted`. @internal */
export const writeImages = async (folder: string, perClass: number, seed: number): Promise<void> => {
  for (const [label, name] of ['across', 'down', 'slanted'].entries()) {
    await mkdir(join(folder, name), { recursive: true })
    for (let index = 0; index < perClass; index++) {
      const key = foldIn(foldIn(randomKey(seed), label), index)
      await writeFile(join(folder, name, `${index}.png`), png(pixelsOf(label, uniformArray(key, size * size))))
    }
  }
}
