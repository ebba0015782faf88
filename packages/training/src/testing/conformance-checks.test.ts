import { branchAt, type Forward, leavesOf, mapTree, mean, multiply, type ProgramVariables, randomKey, readSync, release, stopGradient, type Strategy, type StrategyDefinition, subtract, tensor, type Tensor, type TransferProgram, zeros } from '@transferkit/tensor'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { warmUp } from '../loop/warm-up.fixture.js'
import { classificationLoss } from '../strategies/classification-loss.js'
import { defineStrategy } from '../strategies/define-strategy.js'
import { featureExtraction } from '../strategies/feature-extraction.js'
import { fineTune } from '../strategies/fine-tune.js'
import { conformanceChecks } from './conformance-checks.js'
import { type ConformanceSetting, conformanceSetting } from './conformance-setting.js'

/** A strategy that is broken in one place. */
const broken = (change: (program: TransferProgram) => TransferProgram, base: Strategy = fineTune()): StrategyDefinition =>
  defineStrategy({
    name: 'broken',
    summary: 'Does one thing wrong.',
    reference: { citation: 'None.' },
    options: z.strictObject({}),
    prepare: (context) => change(base.prepare(context)),
  })

/** A program whose prefixes have a multiple of their loss. */
const withPrefixLoss = (program: TransferProgram, factor: number): TransferProgram => ({
  ...program,
  phases: program.phases!.map(({ program: own = {}, ...phase }) => {
    const { prefix, ...rest } = own
    if (prefix === undefined) return { ...phase, program: own }
    return { ...phase, program: { ...rest, prefix: { ...prefix, loss: (inputs) => {
      const outputs = prefix.loss!(inputs)
      return { ...outputs, loss: multiply(outputs.loss, factor) }
    } } } }
  }),
})

const kept: Tensor[] = []

const run = async (name: string, definition: StrategyDefinition): Promise<void> => {
  const setting: ConformanceSetting = await conformanceSetting({ strategy: definition })
  const check = conformanceChecks.find((one) => one.name === name)!
  try {
    await check.run(setting)
  } finally {
    setting.source.release()
  }
}

afterEach(() => {
  release(kept.splice(0))
})

describe('the conformance suite finds', () => {
  test('a strategy that ignores its seed', async () => {
    await expect(run('determinism', broken((program) => ({ ...program, init: () => program.init(randomKey(0)) })))).rejects.toThrow('ignores its key')
  })

  test('a strategy with randomness of its own', async () => {
    let call = 0
    const definition = broken((program) => ({ ...program, init: () => program.init(randomKey(call++)) }))
    await expect(run('determinism', definition)).rejects.toThrow('must come from the keys')
  })

  test('a strategy that leaks', async () => {
    const definition = broken((program) => {
      kept.push(zeros([1]))
      return program
    })
    await expect(run('memory', definition)).rejects.toThrow('more than before')
  })

  test('a strategy that moves frozen weights', async () => {
    const definition = broken(
      (program) => ({
        ...program,
        publish: (variables) => ({ ...variables, frozen: mapTree(variables.frozen, (leaf) => multiply(leaf, 1.01)) }),
      }),
      featureExtraction(),
    )
    await expect(run('frozen', definition)).rejects.toThrow('has changed')
  })

  test("a strategy that writes into the source's memory", async () => {
    const definition = broken(({ prefix: _prefix, ...program }) => ({
      ...program,
      forward: (variables, inputs, mode) => {
        const [leaf] = Object.values((variables.frozen as { params: { stage1: { norm: Record<string, Tensor> } } }).params.stage1.norm)
        if (mode.training) readSync(leaf!)[0]! += 0.5
        return program.forward(variables, inputs, mode)
      },
    }), featureExtraction())
    await expect(run('frozen', definition)).rejects.toThrow('has changed')
  })

  test('a gradient that is cut off', async () => {
    const definition = broken((program) => ({
      ...program,
      forward: (variables: ProgramVariables, inputs, mode): Forward => program.forward({ ...variables, params: mapTree(variables.params, (leaf, path) => (path.startsWith('stage2.norm') ? stopGradient(leaf) : leaf)) }, inputs, mode),
    }))
    await expect(run('gradients', definition)).rejects.toThrow("'stage2.norm.")
  })

  test('a strategy that loses its running statistics', async () => {
    const definition = broken((program) => ({
      ...program,
      forward: (variables, inputs, mode) => ({ ...program.forward(variables, inputs, mode), state: variables.state }),
    }))
    await expect(run('statistics', definition)).rejects.toThrow('No running statistic has changed')
  })

  test('a strategy that drops its running statistics from the published model', async () => {
    await expect(run('statistics', broken((program) => ({ ...program, publish: (variables) => ({ ...variables, state: {} }) })))).rejects.toThrow('are lost')
  })

  test('a model that uses something outside of its variables', async () => {
    const hidden = { scale: 1 }
    const definition = broken((program) => {
      const own = { ...hidden }
      return {
        ...program,
        forward: (variables, inputs, mode) => {
          if (mode.training) own.scale *= 1.1
          const forward = program.forward(variables, inputs, mode)
          return { ...forward, logits: multiply(forward.logits, own.scale) }
        },
      }
    })
    await expect(run('round-trip', definition)).rejects.toThrow('other scores')
  })

  test('a strategy that remembers steps outside of its state', async () => {
    const definition = broken((program) => {
      let steps = 0
      return { ...program, forward: (variables, inputs, mode) => {
        if (mode.training) steps++
        const forward = program.forward(variables, inputs, mode)
        return { ...forward, logits: multiply(forward.logits, mode.training ? 1 / steps : 1) }
      } }
    })
    await expect(run('resume', definition)).rejects.toThrow('ends with another model')
  })

  test('a fold that is not equal', async () => {
    const definition = broken((program) => ({
      ...program,
      fold: (variables) => {
        const folded = program.fold!(variables)
        return { ...folded, variables: { ...folded.variables, params: mapTree(folded.variables.params, (leaf) => multiply(leaf, 1.1)) } }
      },
    }))
    await expect(run('fold', definition)).rejects.toThrow('folded network')
  })

  test('a prefix that is not the beginning of the forward pass', async () => {
    const definition = broken((program) => ({ ...program, prefix: { ...program.prefix!, compute: (variables, inputs) => multiply(program.prefix!.compute(variables, inputs), 2) } }), featureExtraction())
    await expect(run('prefix', definition)).rejects.toThrow('frozen prefix')
  })

  test('a loss on features that is not the loss on images', async () => {
    const definition = broken((program) => withPrefixLoss(program, 2), warmUp({ ownLoss: true }))
    await expect(run('prefix', definition)).rejects.toThrow("of phase 'warm-up' the loss is")
  })

  test('features that look at the other examples of a batch', async () => {
    const definition = broken(({ prefix, ...program }) => {
      const mixed = (inputs: Tensor): Tensor => subtract(inputs, mean(inputs, [0]))
      return {
        ...program,
        forward: (variables, inputs, mode) => program.forward(variables, mixed(inputs), mode),
        prefix: { ...prefix!, compute: (variables, inputs) => prefix!.compute(variables, mixed(inputs)) },
      }
    }, featureExtraction())
    await expect(run('features', definition)).rejects.toThrow('ends with another model than one on images')
  })

  test('a strategy that moves what a phase holds', async () => {
    const definition = broken(
      (program) => ({
        ...program,
        phases: program.phases!.map((phase) => ({
          ...phase,
          program: {
            loss: (inputs) => {
              const [leaf] = leavesOf<Tensor>(branchAt(inputs.variables.params, 'stage1'))
              if (phase.trains !== undefined) readSync(leaf!)[0]! += 0.5
              return classificationLoss(program)(inputs)
            },
          },
        })),
      }),
      warmUp(),
    )
    await expect(run('held', definition)).rejects.toThrow("has changed in a phase that does not train it: see 'trains' of phase 'warm-up'")
  })

  test('a strategy that does not learn', async () => {
    const definition = broken((program) => ({ ...program, step: ({ training }) => ({ training, metrics: { loss: tensor([1.5], []) } }) }))
    await expect(run('learning', definition)).rejects.toThrow('not below')
  })

  test('a strategy that accepts anything', async () => {
    const lax = defineStrategy({ name: 'lax', summary: 'Takes all.', reference: { citation: 'None.' }, options: z.looseObject({}), prepare: (context) => fineTune().prepare(context) })
    await expect(run('options', lax)).rejects.toThrow('was accepted')
  })
})
