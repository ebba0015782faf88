import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeFolderAtomically, writeFileAtomically } from './atomic-write.js'
import { onFile } from './file-error.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transferkit test '))
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

const systemError = (code: string): Error => Object.assign(new Error(`${code}: as the system says it`), { code })
const failing = (error: Error) => async (): Promise<never> => Promise.reject(error)

test.each([
  ['ENOENT', 'file/not-found', 'no such file'],
  ['ENOSPC', 'file/disk-full', 'TRANSFERKIT_CACHE'],
  ['EACCES', 'file/no-permission', 'permissions'],
  ['EIO', 'file/failed', 'EIO'],
])('%s becomes an error for a person that names the file', async (code, ours, advice) => {
  await expect(onFile('a/b.bin', failing(systemError(code)))).rejects.toMatchObject({ code: ours, message: expect.stringMatching(new RegExp(`^a/b\\.bin: .*${advice}`)) as string })
})

test('an error of another kind stays as it is', async () => {
  const error = new RangeError('mine')
  await expect(onFile('a', failing(error))).rejects.toBe(error)
})

test('a folder that cannot be filled, on a full disk for example, leaves nothing', async () => {
  const fill = async (temporary: string): Promise<void> => {
    await writeFile(join(temporary, 'half'), 'half')
    throw systemError('ENOSPC')
  }
  await expect(makeFolderAtomically(join(folder, 'set'), fill)).rejects.toMatchObject({ code: 'file/disk-full' })
  expect(await readdir(folder)).toEqual([])
})

test('a file that cannot be written leaves the old one', async () => {
  await writeFileAtomically(join(folder, 'deep', 'a'), 'old')
  // A folder cannot be replaced by a file.
  await expect(writeFileAtomically(join(folder, 'deep'), 'new')).rejects.toMatchObject({ code: expect.stringContaining('file/') as string })
  expect(await readdir(folder)).toEqual(['deep'])
  await writeFileAtomically(join(folder, 'deep', 'a'), 'new')
  expect(await readdir(join(folder, 'deep'))).toEqual(['a'])
})
