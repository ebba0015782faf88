import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bindingFiles, findBindingSources } from './binding.js'
import { type Accelerator, chooseLibrary, type LibraryTarget } from './libraries.js'
import { libraryRecord, nativeLayout } from './native-cache.js'
import { findNative } from './native-state.js'

const linux: LibraryTarget = { platform: 'linux', architecture: 'x64', glibc: '2.36', avx: true }

let cache = ''
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'transferkit-cache-'))
})
afterEach(() => rm(cache, { recursive: true, force: true }))

const place = async (accelerator: Accelerator, binding: boolean): Promise<string> => {
  const library = chooseLibrary(linux, accelerator)
  const layout = nativeLayout(cache, library)
  const path = join(layout.library, bindingFiles(findBindingSources()).loader)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(layout.record, libraryRecord(library))
  if (binding) await writeFile(path, '')
  return path
}

test('nothing set up: says how', () => {
  expect(findNative(cache, linux)).toMatchObject({ binding: undefined, reason: 'native TensorFlow is not set up.', fix: expect.stringContaining('--install') as string })
})

test('a library without the binding of this version needs a few seconds only', async () => {
  await place('cpu', false)
  expect(findNative(cache, linux)).toMatchObject({ binding: undefined, reason: expect.stringContaining('not built for this version') as string })
})

test('a CUDA build was made on purpose, so it comes first', async () => {
  const processor = await place('cpu', true)
  expect(findNative(cache, linux).binding).toBe(processor)
  const card = await place('cuda', true)
  expect(findNative(cache, linux)).toMatchObject({ binding: card, reason: 'native TensorFlow is set up for CUDA.' })
})

test('a library of other wheels does not count', async () => {
  await place('cpu', true)
  await writeFile(nativeLayout(cache, chooseLibrary(linux, 'cpu')).record, '{}')
  expect(findNative(cache, linux).binding).toBeUndefined()
})

test('where it cannot be built, it says so instead of proposing it', () => {
  const state = findNative(cache, { platform: 'darwin', architecture: 'arm64' })
  expect(state.fix).toBeUndefined()
  expect(state.reason).toContain('wasm backend')
})
