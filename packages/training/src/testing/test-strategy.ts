import { afterAll, beforeAll, describe, it } from 'vitest'
import { conformanceChecks } from './conformance-checks.js'
import { type ConformanceOptions, type ConformanceSetting, conformanceSetting } from './conformance-setting.js'

/**
 * Tests that a strategy keeps the contract: seeded determinism, no leak, frozen tensors unchanged, right gradients, statistics kept, save and load, resume,
 * folding, learning, and options that are rejected by name. Call it at the top of a Vitest file, with a backend of TensorFlow.js open.
 *
 * It takes some seconds on the plain JavaScript backend. Nothing of the strategy needs to be told but itself.
 *
 * @param options The strategy, and where it should be tested otherwise than with its defaults.
 *
 * @example
 * ```ts
 * import { fineTune } from '@transferkit/training'
 * import { testStrategy } from '@transferkit/training/testing'
 *
 * const tests = () => testStrategy({ strategy: fineTune, options: { headLearningRate: 10 } })
 * ```
 */
export const testStrategy = (options: ConformanceOptions): void => {
  const { strategy, except = [] } = options
  describe(`${strategy.name} ${JSON.stringify(options.options ?? {})} keeps the contract`, () => {
    let setting: ConformanceSetting | undefined
    beforeAll(async () => {
      setting = await conformanceSetting(options)
    })
    afterAll(() => {
      setting?.source.release()
    })
    for (const check of conformanceChecks) {
      it.skipIf(except.includes(check.name))(`${check.name}: ${check.title}`, async () => {
        if (setting !== undefined) await check.run(setting)
      })
    }
  })
}
