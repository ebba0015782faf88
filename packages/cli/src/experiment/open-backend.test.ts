import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeImages } from '../images.fixture.js'
import { comparison } from '../recipe/comparison.js'
import { parseRecipe } from '../recipe/parse-recipe.js'
import { runCaptured } from '../run-captured.fixture.js'
import { openBackend } from './open-backend.js'

const recipe = `name: bars
source:
  network: digit-network
  pretrain: { dataset: ./source, steps: 4, batchSize: 6 }
target:
  dataset: ./target
  examplesPerClass: 2
training: { steps: 6, batchSize: 4, learningRate: 0.02 }
strategies: [ptu]
`

const withoutCompiler = recipe.replace('steps: 6,', 'steps: 6, compile: false,')

const fileOf = (text: string): Parameters<typeof openBackend>[1] => ({ ...parseRecipe(text, 'bars.yaml', comparison), definitions: { methods: new Map(), networks: new Map(), datasets: new Map(), backends: new Map(), code: new Map() } })

const quiet = { note: () => undefined }

/** Why native TensorFlow cannot be opened; undefined where it can. */
const nativeProblem = await openBackend({ backend: 'native' }, fileOf(recipe), quiet).then(
  (runtime) => {
    runtime.close()
    return undefined
  },
  (error: unknown) => String(error),
)

// Said aloud, past the guard that forbids tests to write to the console.
if (nativeProblem !== undefined) process.stderr.write(`Skipped: tests of the native backend, because ${nativeProblem}\n`)

describe.skipIf(nativeProblem !== undefined)('steps on native TensorFlow', () => {
  const oneMore = ({ count }: { readonly count: number }): number => count + 1

  test.each([
    ['are compiled', recipe, {}, false],
    ['are as they are when the command line says so', recipe, { compile: false }, true],
    ['are as they are when the recipe says so', withoutCompiler, {}, true],
    ['are as they are when the recipe says so and the command line says nothing else', withoutCompiler, { compile: true }, true],
  ])('%s', async (_, text, options, isSame) => {
    const runtime = await openBackend({ backend: 'native', ...options }, fileOf(text), quiet)
    try {
      expect(runtime.compile(oneMore) === oneMore).toBe(isSame)
    } finally {
      runtime.close()
    }
  })

  describe('give the same numbers either way', () => {
    let folder = ''
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'transferkit-compile-'))
      await writeImages(join(folder, 'source'), 4, 1)
      await writeImages(join(folder, 'target'), 5, 2)
      await writeFile(join(folder, 'bars.yaml'), recipe)
      await writeFile(join(folder, 'plain.yaml'), withoutCompiler)
      await writeFile(join(folder, 'verified.yaml'), recipe.replace('steps: 6,', 'steps: 6, compile: verify,'))
    })
    afterAll(async () => {
      await rm(folder, { recursive: true, force: true })
    })

    const run = (...argv: readonly string[]): ReturnType<typeof runCaptured> =>
      runCaptured([...argv, '--backend', 'native'], { workingFolder: folder, environment: { TRANSFERKIT_CACHE: join(folder, argv.join(' ')) } })
    const modelIn = (out: string): Promise<Buffer> => readFile(join(folder, out, 'strategies', 'ptu', 'seed-1', 'artefact', 'transfer.safetensors'))

    test('of the source and of the model', async () => {
      for (const argv of [
        ['run', 'bars.yaml', '--out', 'compiled'],
        ['run', 'bars.yaml', '--out', 'plain', '--no-compile'],
        ['run', 'plain.yaml', '--out', 'by-recipe'],
        ['run', 'verified.yaml', '--out', 'verified'],
        ['pretrain', 'bars.yaml', '--no-compile', '--out', 'source.safetensors'],
      ]) {
        const { code, stderr } = await run(...argv)
        expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
      }
      for (const out of ['plain', 'by-recipe', 'verified']) expect(await modelIn(out)).toEqual(await modelIn('compiled'))
      expect(await readFile(join(folder, 'source.safetensors'))).toEqual(await readFile(join(folder, 'compiled', 'source.safetensors')))
    })

    test('so what is finished counts as finished', async () => {
      await cp(join(folder, 'compiled'), join(folder, 'again'), { recursive: true })
      const { stderr } = await run('compare', 'plain.yaml', '--out', 'again', '--seeds', '1', '--no-compile')
      expect(stderr).toContain('finished before')
    })
  })
})
