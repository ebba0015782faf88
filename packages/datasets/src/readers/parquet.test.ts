import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readParquet } from './parquet.js'

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url)))

test.each(['none', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4'])('reads what PyArrow wrote with compression %s', async (codec) => {
  const { rowCount, columns } = await readParquet(fixture(`${codec}.parquet`))
  expect(rowCount).toBe(4)
  expect(columns.get('text')).toEqual(['first', 'zwölf', null, 'last'])
  expect(columns.get('label')).toEqual([0, 1, 2, 1])
  expect(columns.get('score')).toEqual([0.5, -1.25, 3, 0])
  expect(columns.get('image')?.map((bytes) => Array.from(bytes as Uint8Array))).toEqual([[0, 255], [0x89, 0x50, 0x4e, 0x47], [], [1]])
})

test('reads only the columns asked for, and names those there are for one there is not', async () => {
  const { columns } = await readParquet(fixture('snappy.parquet'), { columns: ['label'] })
  expect([...columns]).toEqual([['label', [0, 1, 2, 1]]])
  await expect(readParquet(fixture('snappy.parquet'), { name: 's.parquet', columns: ['lable'] })).rejects.toMatchObject({
    code: 'data/unknown-column',
    message: expect.stringContaining('text, label, score, image') as string,
  })
})

test('refuses other formats, damage and what is too large', async () => {
  await expect(readParquet(fixture('quoted.csv'), { name: 'q' })).rejects.toMatchObject({ code: 'data/corrupt-parquet' })
  await expect(readParquet(fixture('none.parquet').subarray(0, 1000))).rejects.toMatchObject({ code: 'data/corrupt-parquet' })
  await expect(readParquet(fixture('none.parquet'), { maximumBytes: 1000 })).rejects.toMatchObject({ code: 'data/too-large' })
})
