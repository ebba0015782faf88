import { add, branchAt, type Forward, leavesOf, mapTree, mean, multiply, onesLike, type ProgramVariables, randomKey, readSync, release, type RegulariserProgram, type Scalar, scalar, square, stopGradient, type Strategy, type StrategyDefinition, subtract, subtree, sum, tensor, type Tensor, type TensorTree, type TransferProgram, zeros, zerosLike } from '@transferkit/tensor'
import { brokenProperties } from '@transferkit/tensor/conformance'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { warmUp } from '../loop/warm-up.fixture.js'
import { classificationLoss } from '../strategies/classification-loss.js'
import { defineRegulariser, defineStrategy } from '../strategies/define-strategy.js'
import { featureExtraction } from '../strategies/feature-extraction.js'
import { fineTune } from '../strategies/fine-tune.js'
import { strategyProperties } from './conformance-checks.js'
import { conformanceSetting } from './conformance-setting.js'
import { regulariserProperties } from './regulariser-checks.js'

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

/** `½‖θ‖²` of a tree. */
const decay = (params: TensorTree): Scalar => leavesOf<Tensor>(params).reduce<Scalar>((total, leaf) => add(total, multiply(sum(square(leaf)), 0.5)), scalar(0))

/** A regulariser that is broken: the decay of all parameters, changed. */
const brokenRegulariser = (program: RegulariserProgram): StrategyDefinition =>
  defineRegulariser({ name: 'broken', summary: 'Does one thing wrong.', reference: { citation: 'None.' }, options: z.strictObject({}), prepare: () => program })

interface Case {
  /** Whether all other properties are shown to hold: it takes a while. */
  readonly alone?: boolean
}

const cases: readonly (readonly [property: string, mistake: string, made: () => StrategyDefinition, options?: Case])[] = [
  ['determinism', 'a strategy that ignores its seed', () => broken((program) => ({ ...program, init: () => program.init(randomKey(0)) })), { alone: true }],
  ['determinism', 'a strategy with randomness of its own', () => {
    let call = 0
    const definition = broken((program) => ({ ...program, init: () => program.init(randomKey(call++)) }))
    return definition
  }],
  ['memory', 'a strategy that leaks', () => {
    const definition = broken((program) => {
      kept.push(zeros([1]))
      return program
    })
    return definition
  }, { alone: true }],
  ['frozen', 'a strategy that moves frozen weights', () => {
    const definition = broken(
      (program) => ({
        ...program,
        publish: (variables) => ({ ...variables, frozen: mapTree(variables.frozen, (leaf) => multiply(leaf, 1 + 2 ** -22)) }),
      }),
      featureExtraction(),
    )
    return definition
  }, { alone: true }],
  ['frozen', "a strategy that writes into the source's memory", () => {
    const definition = broken(({ prefix: _prefix, ...program }) => ({
      ...program,
      forward: (variables, inputs, mode) => {
        const [leaf] = Object.values((variables.frozen as { params: { stage1: { norm: Record<string, Tensor> } } }).params.stage1.norm)
        if (mode.training) readSync(leaf!)[0]! += 0.5
        return program.forward(variables, inputs, mode)
      },
    }), featureExtraction())
    return definition
  }],
  ['gradients', 'a gradient that is cut off', () => {
    const definition = broken((program) => ({
      ...program,
      forward: (variables: ProgramVariables, inputs, mode): Forward => program.forward({ ...variables, params: mapTree(variables.params, (leaf, path) => (path.startsWith('stage2.norm') ? stopGradient(leaf) : leaf)) }, inputs, mode),
    }))
    return definition
  }, { alone: true }],
  ['statistics', 'a strategy that loses its running statistics', () => {
    const definition = broken((program) => ({
      ...program,
      forward: (variables, inputs, mode) => ({ ...program.forward(variables, inputs, mode), state: variables.state }),
    }))
    return definition
  }],
  ['statistics', 'a strategy that drops its running statistics from the published model', () => broken((program) => ({ ...program, publish: (variables) => ({ ...variables, state: {} }) }))],
  ['publish', 'a strategy whose save loses what batch norm has learned of the data', () => broken((program) => ({ ...program, publish: (variables) => ({ ...variables, state: mapTree(variables.state, (leaf, path) => (path.endsWith('variance') ? onesLike(leaf) : zerosLike(leaf))) }) })), { alone: true }],
  ['round-trip', 'a model that uses something outside of its variables', () => {
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
    return definition
  }],
  ['resume', 'a strategy that remembers steps outside of its state', () => {
    const definition = broken((program) => {
      let steps = 0
      return { ...program, forward: (variables, inputs, mode) => {
        if (mode.training) steps++
        const forward = program.forward(variables, inputs, mode)
        return { ...forward, logits: multiply(forward.logits, mode.training ? 1 / steps : 1) }
      } }
    })
    return definition
  }],
  ['fold', 'a fold that is not equal', () => {
    const definition = broken((program) => ({
      ...program,
      fold: (variables) => {
        const folded = program.fold!(variables)
        return { ...folded, variables: { ...folded.variables, params: mapTree(folded.variables.params, (leaf) => multiply(leaf, 1.1)) } }
      },
    }))
    return definition
  }, { alone: true }],
  ['prefix', 'a prefix that is not the beginning of the forward pass', () => {
    const definition = broken((program) => ({ ...program, prefix: { ...program.prefix!, compute: (variables, inputs) => multiply(program.prefix!.compute(variables, inputs), 2) } }), featureExtraction())
    return definition
  }],
  ['prefix', 'a loss on features that is not the loss on images', () => {
    const definition = broken((program) => withPrefixLoss(program, 2), warmUp({ ownLoss: true }))
    return definition
  }],
  ['features', 'features that look at the other examples of a batch', () => {
    const definition = broken(({ prefix, ...program }) => {
      const mixed = (inputs: Tensor): Tensor => subtract(inputs, mean(inputs, [0]))
      return {
        ...program,
        forward: (variables, inputs, mode) => program.forward(variables, mixed(inputs), mode),
        prefix: { ...prefix!, compute: (variables, inputs) => prefix!.compute(variables, mixed(inputs)) },
      }
    }, featureExtraction())
    return definition
  }],
  ['held', 'a strategy that moves what a phase holds', () => {
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
    return definition
  }],
  ['learning', 'a strategy that does not learn', () => {
    const definition = broken((program) => ({ ...program, step: ({ training }) => ({ training, metrics: { loss: tensor([1.5], []) } }) }))
    return definition
  }],
  ['options', 'a strategy that accepts anything', () => {
    const lax = defineStrategy({ name: 'lax', summary: 'Takes all.', reference: { citation: 'None.' }, options: z.looseObject({}), prepare: (context) => fineTune().prepare(context) })
    return lax
  }, { alone: true }],
  ['term-gradient', 'a term whose gradient is half of what it should be', () => brokenRegulariser({ penalty: ({ params }) => {
    const half = multiply(decay(params), 0.5e-3)
    return add(half, stopGradient(half))
  } }), { alone: true }],
  ['effect', 'a term that depends on nothing', () => brokenRegulariser({ penalty: () => scalar(0.25) })],
  ['structures', 'a term that asks for the parameters of one structure', () => brokenRegulariser({ penalty: ({ params }) => multiply(decay(subtree<Tensor>(params, 'stage1')), 1e-3) })],
]

afterEach(() => {
  release(kept.splice(0))
})

describe('the conformance suite finds, in its property', () => {
  for (const [property, mistake, made, { alone = false } = {}] of cases) test(`${property}: ${mistake}`, { timeout: 240_000 }, async () => {
    const definition = made()
    const setting = await conformanceSetting({ strategy: definition })
    const all = [...strategyProperties, ...(definition.kind === 'regulariser' ? regulariserProperties : [])]
    const broken = await brokenProperties("strategy 'broken'", alone ? all : all.filter(({ name }) => name === property), setting)
    setting.source.release()
    expect([...broken.keys()]).toEqual([property])
    // Losses and slopes are long numbers, which another machine may round in another way.
    expect(broken.get(property)?.replaceAll(/-?\d+\.\d+(e-\d+)?/g, '#.#')).toMatchSnapshot()
  })
})
