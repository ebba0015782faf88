import { type Compile, flattenTree, readSync, type Tensor, verifiedCompile } from '@transferkit/tensor'
import { holdProperty } from '@transferkit/tensor/conformance'
import { liveTensors } from '@transferkit/tensor/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TransferOptions, TransferResult } from '../loop/transfer.js'
import { type ConformanceOptions, type ConformanceSetting, conformanceSetting } from './conformance-setting.js'
import { propertiesOf, subjectOf } from './test-strategy.js'

/** The part of an open runtime that is tested. */
export interface CompilingRuntime {
  /** The compiler. */
  readonly compile: Compile
  /** Gives the backend back. */
  close(): void
}

/** A strategy whose compiled training is tested. */
export interface CompiledOptions extends ConformanceOptions {
  /** Opens a backend that records functions; the tests are skipped where it cannot be opened, and say so. */
  readonly open: () => Promise<CompilingRuntime>
  /** How to train, six steps unless told. */
  readonly training?: Partial<TransferOptions>
}

/** Properties that are tested without a training step; compiled steps have the gradients of those op by op, because they lead to the same model. */
const withoutSteps: ReadonlySet<string> = new Set(['options', 'gradients', 'term-gradient'])

/** A compiler that counts for each function how often it runs op by op. */
const counting = (compile: Compile): { readonly compile: Compile; readonly runs: readonly number[] } => {
  const runs: number[] = []
  return {
    runs,
    compile: (f, options) => {
      const position = runs.push(0) - 1
      return compile((input) => {
        runs[position] = (runs[position] ?? 0) + 1
        return f(input)
      }, options)
    },
  }
}

const valuesOf = ({ variables }: TransferResult): ReadonlyMap<string, Float32Array> => new Map(flattenTree<Tensor>({ ...variables }).map(({ path, leaf }) => [path, readSync(leaf)]))

/**
 * Tests that the training steps of a strategy are recorded exactly once and then replayed, each with the results of the step op by op, bit for bit, and give the model that the
 * steps give op by op; and that the strategy keeps the contract, as {@link testStrategy} tests it, with compiled steps. Call it at the top of a Vitest file.
 *
 * @param options The strategy, where it should be tested otherwise than with its defaults, and the backend.
 *
 * @example
 * ```ts
 * import { fineTune } from '@transferkit/training'
 * import { type CompilingRuntime, testCompiled } from '@transferkit/training/testing'
 *
 * const tests = (open: () => Promise<CompilingRuntime>) => testCompiled({ strategy: fineTune, open })
 * ```
 */
export const testCompiled = (options: CompiledOptions): void => {
  const { strategy, training = {}, except = [], open } = options
  describe(`compiled steps of the ${subjectOf(options)}`, () => {
    let runtime: CompilingRuntime | undefined
    let problem = ''
    let setting: ConformanceSetting | undefined
    beforeAll(async () => {
      try {
        runtime = await open()
      } catch (error) {
        problem = String(error)
        return
      }
      setting = await conformanceSetting(options)
    })
    afterAll(() => {
      setting?.source.release()
      runtime?.close()
    })

    it('are recorded once, and give the same model', async ({ skip }) => {
      if (runtime === undefined || setting === undefined) return skip(problem)
      const before = liveTensors()
      const eager = await setting.run(training)
      const { compile, runs } = counting(runtime.compile)
      const compiled = await setting.run({ ...training, compile: verifiedCompile(compile) })
      expect(runs.length).toBeGreaterThan(0)
      expect(runs).toEqual(runs.map(() => 1))
      expect(compiled.history.map(({ trainingLoss }) => trainingLoss)).toEqual(eager.history.map(({ trainingLoss }) => trainingLoss))
      expect(valuesOf(compiled)).toEqual(valuesOf(eager))
      compiled.release()
      eager.release()
      expect(liveTensors()).toBe(before)
    })

    for (const property of propertiesOf(strategy).filter(({ name }) => !withoutSteps.has(name))) {
      it.skipIf(except.includes(property.name))(`keep the contract, ${property.name}: ${property.title}`, async ({ skip }) => {
        if (runtime === undefined || setting === undefined) return skip(problem)
        const [{ compile }, opened] = [runtime, setting]
        await holdProperty(subjectOf(options), property, { ...opened, run: (changes = {}) => opened.run({ ...changes, compile }) })
      })
    }
  })
}
