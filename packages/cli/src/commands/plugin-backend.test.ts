import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Captured, runCaptured } from '../run-captured.fixture.js'

/** A backend as somebody outside writes it: plain JavaScript under another name, with a compiler that counts what it is given. */
const abacus = `
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu'
import { getKernel, getKernelsForBackend, registerBackend, registerKernel, removeBackend, setBackend } from '@tensorflow/tfjs-core'
import { defineBackend } from '@transferkit/tensor'

export const steps = { compiled: 0 }

export const abacus = defineBackend({
  name: 'abacus',
  summary: 'Beads on wires.',
  open: async () => {
    registerBackend('abacus', () => Object.assign(new MathBackendCPU(), { firstUse: false }), 0)
    for (const kernel of getKernelsForBackend('cpu')) if (getKernel(kernel.kernelName, 'abacus') === undefined) registerKernel({ ...kernel, backendName: 'abacus' })
    await setBackend('abacus')
    const compile = (step) => {
      steps.compiled += 1
      return step
    }
    return { compile, close: () => removeBackend('abacus') }
  },
})

export const rusty = defineBackend({ name: 'rusty', summary: 'It never starts.', open: () => Promise.reject(new Error('The beads do not move.')) })
`

const recipe = (plugin: string): string => `name: shades
plugins: [${plugin}]
source:
  network: tiny-network
  pretrain: { dataset: shades/train, test: shades/test, steps: 2, batchSize: 4 }
target:
  dataset: shades/train
  test: shades/test
training: { steps: 2, batchSize: 4 }
strategies: [fine-tune]
seeds: [1]
`

let folder = ''

const run = (...argv: readonly string[]): Promise<Captured> => runCaptured(argv, { workingFolder: folder, environment: { TRANSFERKIT_CACHE: join(folder, 'cache') } })

const compareOn = async (out: string, ...argv: readonly string[]): Promise<{ readonly said: string; readonly backend: unknown; readonly model: Buffer }> => {
  const { code, stderr } = await run('compare', ...argv, '--out', out)
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  const { backend } = JSON.parse(await readFile(join(folder, out, 'environment.json'), 'utf8')) as { readonly backend: unknown }
  return { said: stderr, backend, model: await readFile(join(folder, out, 'strategies', 'fine-tune', 'seed-1', 'artefact', 'transfer.safetensors')) }
}

// The project around the recipes is the plugin, and has its peers installed.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transferkit-backend-'))
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'abacus', type: 'module', transferkit: { specVersion: 1 }, exports: './index.js' }))
  await writeFile(join(folder, 'index.js'), abacus)
  const installed = fileURLToPath(new URL('../../node_modules/', import.meta.url))
  for (const name of ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu', '@transferkit/tensor']) {
    await mkdir(join(folder, 'node_modules', dirname(name)), { recursive: true })
    await symlink(join(installed, name), join(folder, 'node_modules', name), 'junction')
  }
  const others = relative(folder, fileURLToPath(new URL('../plugin.fixture.ts', import.meta.url))).replaceAll('\\', '/')
  await writeFile(join(folder, 'plain.yaml'), recipe(others))
  await writeFile(join(folder, 'abacus.yaml'), `backend: abacus\n${recipe(others)}`)
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

test('the backend of a plugin computes where recipe or command line name it, with the same numbers', async () => {
  const own = await compareOn('own', 'plain.yaml', '--backend', 'cpu')
  const byRecipe = await compareOn('by-recipe', 'abacus.yaml')
  const byCommand = await compareOn('by-command', 'plain.yaml', '--backend', 'abacus')
  const reason = 'abacus: of a plugin, as asked for.'
  expect([byRecipe.said, byCommand.said]).toEqual([expect.stringContaining(reason), expect.stringContaining(reason)])
  expect([own.backend, byRecipe.backend, byCommand.backend]).toEqual([expect.stringContaining('cpu: '), reason, reason])
  expect([byRecipe.model.equals(own.model), byCommand.model.equals(own.model)]).toEqual([true, true])
  expect(await readFile(join(folder, 'by-command', 'recipe.yaml'), 'utf8')).toContain('backend: abacus')

  const { steps } = (await import(join(folder, 'index.js'))) as { readonly steps: { readonly compiled: number } }
  expect(steps.compiled).toBeGreaterThan(0)
})

test('a backend of a plugin that cannot be opened says why', async () => {
  const { code, stdout, stderr } = await run('compare', 'plain.yaml', '--backend', 'rusty', '--out', 'broken')
  expect({ failed: code !== 0, stdout }).toEqual({ failed: true, stdout: '' })
  expect(stderr).toContain('The beads do not move.')
})
