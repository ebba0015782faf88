import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RunCommand } from './command.js'
import { installUpstreamIn } from './install-upstream.js'

let upstream = ''
beforeEach(async () => {
  upstream = await mkdtemp(join(tmpdir(), 'transferkit-upstream-'))
  const builder = join(upstream, 'node_modules', '@mapbox', 'node-pre-gyp')
  await mkdir(builder, { recursive: true })
  await writeFile(join(builder, 'package.json'), '{ "name": "@mapbox/node-pre-gyp" }')
})
afterEach(() => rm(upstream, { recursive: true, force: true }))

test("runs upstream's script in its folder, with the builder that it calls by name", async () => {
  const run: RunCommand = async (_, args, options) => {
    expect(args).toEqual(['scripts/install.js', 'gpu', 'download'])
    expect(options?.cwd).toBe(upstream)
    expect(options?.environment?.['PATH']).toContain(join('@mapbox', 'node-pre-gyp', 'bin'))
    await mkdir(join(upstream, 'lib', 'napi-v8'), { recursive: true })
    await writeFile(join(upstream, 'lib', 'napi-v8', 'tfjs_binding.node'), '')
    return { status: 0, output: '', errors: '' }
  }
  expect(await installUpstreamIn(run, upstream, { accelerator: 'cuda' })).toBe(join(upstream, 'lib', 'napi-v8', 'tfjs_binding.node'))
})

test('says what to do instead when it fails', async () => {
  const run: RunCommand = () => Promise.resolve({ status: 0, output: '', errors: 'getaddrinfo ENOTFOUND' })
  const attempt = installUpstreamIn(run, upstream, {})
  await expect(attempt).rejects.toMatchObject({ code: 'runtime/upstream-failed' })
  await expect(attempt).rejects.toThrow(/use installNative instead.*ENOTFOUND/s)
})

test('without the package there is nothing to run', async () => {
  const run: RunCommand = () => Promise.reject(new Error('not to be called'))
  await expect(installUpstreamIn(run, undefined, {})).rejects.toMatchObject({ code: 'runtime/upstream-missing' })
})
