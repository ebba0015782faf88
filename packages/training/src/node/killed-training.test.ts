import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { build, defaultServerConditions, type Plugin } from 'vite'

let folder: string
let program: string

// A process of its own does not run on sources by itself: it gets them as one file of JavaScript.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transferkit-killed-'))
  const entry = join(folder, 'entry.mjs')
  const modules = ['@tensorflow/tfjs-backend-cpu', fileURLToPath(new URL('training-process.fixture.ts', import.meta.url))]
  await writeFile(entry, modules.map((module) => `import ${JSON.stringify(module)}\n`).join(''))
  const conditions = ['@transferkit/source', ...defaultServerConditions]
  const installed = createRequire(new URL('../../../../tools/package.json', import.meta.url))
  const tensorflowStaysOutside: Plugin = {
    name: 'tensorflow-stays-outside',
    enforce: 'pre',
    resolveId: (id) => (id.startsWith('@tensorflow/') ? { id: pathToFileURL(installed.resolve(id)).href, external: true } : undefined),
  }
  await build({
    configFile: false,
    plugins: [tensorflowStaysOutside],
    logLevel: 'silent',
    root: folder,
    resolve: { conditions },
    ssr: { noExternal: true, resolve: { conditions } },
    build: { ssr: entry, outDir: join(folder, 'program'), target: 'node20', rollupOptions: { output: { entryFileNames: 'program.mjs' } } },
  })
  program = join(folder, 'program', 'program.mjs')
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** Runs the training; kills it without warning as soon as it has done a step. */
const runUntil = async (runFolder: string, killAfter = Infinity): Promise<{ readonly code: number | null; readonly errors: string }> => {
  const child: ChildProcess = spawn(process.execPath, [program, runFolder], { stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  child.stdout?.on('data', (chunk: Buffer) => {
    const steps = [...chunk.toString().matchAll(/step (\d+)/g)].map(([, step]) => Number(step))
    if (steps.some((step) => step >= killAfter)) child.kill('SIGKILL')
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, errors })))
}

const artefactOf = async (runFolder: string): Promise<Buffer> => readFile(join(runFolder, 'warm-up', 'seed-1', 'artefact', 'transfer.safetensors'))

/** The recorded events without what a clock decides, and without word of checkpoints and features, which a resumed training may take and get again. */
const recordOf = async (runFolder: string): Promise<readonly unknown[]> =>
  (await readFile(join(runFolder, 'warm-up', 'seed-1', 'metrics.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly type: string })
    .filter(({ type }) => type !== 'checkpoint-saved' && type !== 'features-cached')
    .map((event) => ({ ...event, examplesPerSecond: 0, seconds: 0 }))

test('a training that is killed at any moment of any phase and started again gives the same numbers as one that was not', async () => {
  const straight = join(folder, 'straight')
  const { code, errors } = await runUntil(straight)
  expect(code, errors).toBe(0)

  const killed = join(folder, 'killed')
  for (const step of [2, 4, 8, 13]) expect((await runUntil(killed, step)).code).toBeNull()
  expect((await runUntil(killed)).code).toBe(0)

  expect(await artefactOf(killed)).toEqual(await artefactOf(straight))
  expect(await recordOf(killed)).toEqual(await recordOf(straight))
})
