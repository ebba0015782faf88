import type { Regulariser } from '@transferkit/tensor'
import { breach } from '@transferkit/tensor/conformance'
import { compose } from '../strategies/compose.js'
import { featureExtraction } from '../strategies/feature-extraction.js'
import { fineTune } from '../strategies/fine-tune.js'
import type { ConformanceSetting, StrategyProperty } from './conformance-setting.js'
import { checkGradient } from './gradient-check.js'
import { sameBytes, tensorsOf } from './trained-values.js'

/** The regulariser under test: the setting has it on top of fine-tuning. */
const regulariserOf = ({ strategy }: ConformanceSetting): Regulariser => {
  const [regulariser] = strategy.composition?.regularisers ?? []
  return regulariser ?? breach({ expected: 'a regulariser', found: `the strategy '${strategy.name}'`, advice: 'Test a structure by testStrategy.' })
}

const termGradient: StrategyProperty = {
  name: 'term-gradient',
  title: 'the gradient of the term alone agrees with finite differences',
  run: async (setting) => {
    const { name } = regulariserOf(setting)
    await checkGradient(setting, (program, inputs) => {
      const metrics = program.loss?.(inputs).metrics ?? {}
      return metrics[name] ?? breach({ where: 'the metrics of a step', expected: `the term under '${name}'`, found: Object.keys(metrics).join(', ') || 'none', advice: 'Give the term back from penalty, as a scalar.' })
    })
  },
}

const effect: StrategyProperty = {
  name: 'effect',
  title: 'the term changes what is learned',
  run: async (setting) => {
    const [plain, regularised] = [await tensorsOf(setting.run({ strategy: fineTune() })), await tensorsOf(setting.run())]
    if (sameBytes(plain, regularised)) breach({ where: '6 steps', expected: 'another model than without the term', found: 'the same, bit for bit', advice: 'Does the term depend on the parameters or on the forward pass, and is its weight above 0?' })
  },
}

const structures: StrategyProperty = {
  name: 'structures',
  title: 'it can be put on a structure that trains the head alone',
  run: async (setting) => {
    ;(await setting.run({ strategy: compose(featureExtraction(), regulariserOf(setting)), steps: 2 })).release()
  },
}

/** What a regulariser promises beside what every strategy does, in order. @internal */
export const regulariserProperties: readonly StrategyProperty[] = [termGradient, effect, structures]
