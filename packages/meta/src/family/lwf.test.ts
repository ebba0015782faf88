import { grad, identityMatrix, item, type Logits, mean, ones, readSync, scope, softmaxCrossEntropy, integerTensor, type Tensor, type TransferContext, zeros, randomKey, add } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { openRuntime } from '@transferkit/runtime/node'
import { compose, fineTune, scratch } from '@transferkit/training'
import { checkedWays, testStrategy } from '@transferkit/training/testing'
import { tinyNetwork } from '@transferkit/training/tiny'
import { describe, expect, test } from 'vitest'
import { attentionTransfer } from './attention-transfer.js'
import { distillationLoss } from './distillation-loss.js'
import { lwf } from './lwf.js'
import { between, official, penaltyInputs } from './official.fixture.js'

testStrategy({ strategy: lwf })

/** The fixture's scores are rows, one a class. */
const scores = (values: Tensor): Logits => values as unknown as Logits

const ways = checkedWays(() => openRuntime({ backend: 'native' }))

describe('LwF', () => {
  const { hyperparameters, scalars, tolerance, ours } = official<{ T: number; tradeOff: number }>('lwf')
  const close = (actual: Tensor | number[], name: string): void => {
    const [value = 0, relative = 0, absolute = 0] = scalars[name] ?? []
    expectClose(actual, [value], { relative, absolute })
  }

  describe.each(ways)('$way', ({ run }) => {
    test('agrees with the public implementation, which leaves out the square of the temperature, and with it', ({ skip }) =>
      run(skip, (compile) =>
        scope(() => {
          const [student, teacher] = [scores(ours('student')), scores(ours('teacher'))]
          const loss =
            (temperatureSquared: boolean) =>
            ({ z, t }: { readonly z: Tensor; readonly t: Tensor }): ReturnType<typeof distillationLoss> =>
              distillationLoss(scores(z), scores(t), { temperature: hyperparameters.T, temperatureSquared })
          const both = { z: student, t: teacher }
          close(compile(loss(false))(both), 'kd')
          close(compile(loss(true))(both), 'kdTimesTSquared')
          expectClose(compile(grad(loss(false)))(both).z, ours('kd_grad/student'), tolerance('kd_grad/student'))
        }),
      ))

    test.for([
      [false, 'total', 1],
      [true, 'kdTimesTSquared', hyperparameters.tradeOff],
    ] as const)('the term itself agrees, temperatureSquared: %s', ([temperatureSquared, name, factor], { skip }) =>
      run(skip, (compile) =>
        scope(() => {
          // With the identity as own head, the feature is what the fixture has as scores of that head.
          const feature = { pooled: ours('student') }
          const { context, structure } = between({}, feature)
          const term = lwf({ weight: hyperparameters.tradeOff / factor, temperature: hyperparameters.T, temperatureSquared }).prepare(context, structure)
          const teacher = ours('teacher')
          const ownParams = { weight: identityMatrix(10), bias: zeros([10]) }
          const penalty = (target: typeof feature): ReturnType<typeof term.penalty> => term.penalty(penaltyInputs({}, target, { ownParams, source: () => ({ taps: {}, logits: scores(teacher) }) }))
          const task = mean(softmaxCrossEntropy(scores(ours('target_logits')), integerTensor([...readSync(ours('y'))], [6])))
          const loss = compile(penalty)(feature)
          close(temperatureSquared ? loss : add(task, loss), name)
          if (!temperatureSquared) expectClose(compile(grad(penalty))(feature).pooled, ours('grad/student'), tolerance('grad/student'))
        }),
      ),
    )
  })

  const context: TransferContext = scope(() => ({
    source: { network: tinyNetwork(3), variables: tinyNetwork(3).init(randomKey(1), [1, 8, 8, 1]) },
    task: { kind: 'classification', classes: ['a', 'b'] },
    inputShape: [8, 8, 1],
  }))

  test("the own head starts as the source's, or at random where that is wanted", () => {
    scope(() => {
      const own = (headStart: 'source' | 'random'): unknown => lwf({ headStart }).prepare(context, fineTune().prepare(context)).init?.(randomKey(2))
      expect(own('source')).toBe((context.source.variables.params as unknown as { head: unknown }).head)
      expect(own('random')).toMatchObject({ weight: { shape: [6, 3] }, bias: { shape: [3] } })
    })
  })

  test('a head that does not fit the width of the target starts at random', () => {
    scope(() => {
      const { structure } = between({}, { pooled: ones([1, 9]) })
      expect(lwf().prepare(context, structure).init?.(randomKey(2))).toMatchObject({ weight: { shape: [9, 3] } })
    })
  })

  test('nothing is to be kept where the answers are the same', () => {
    scope(() => {
      const same = scores(ours('student'))
      expect(item(distillationLoss(same, same))).toBeCloseTo(0, 6)
    })
  })

  test('a tap without vectors is refused, with the nearest one', () => {
    scope(() => {
      const structure = scratch().prepare(context)
      expect(() => lwf({ tap: 'poled' }).prepare(context, structure)).toThrow(
        "Strategy 'lwf', option 'tap': the target model has no tap 'poled' that gives one vector an example. Did you mean 'pooled'? Its taps with vectors are: pooled.",
      )
      expect(() => lwf().prepare(context, between({}, { stage1: ones([1, 2, 2, 3]) }).structure)).toThrow('has no tap that gives one vector an example')
    })
  })

  test('is added to attention transfer by composition', () => {
    expect(compose(scratch(), lwf(), attentionTransfer()).name).toBe('scratch+lwf+attention-transfer')
  })
})
