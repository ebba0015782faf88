import { add, branchAt, flattenTree, integerTensor, item, mapTree, multiply, randomKey, randomNormal, readSync, scalar, type Scalar, scope, square, type StepInputs, sum, type Tensor, tensor, type TensorTree, type TransferProgram } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { classificationLoss, fineTune, sgd, trainingStep } from '@transferkit/training'
import { testStrategy } from '@transferkit/training/testing'
import { describe, expect, test } from 'vitest'
import { metaGradient, type MetaGradientForm } from '../bilevel/meta-gradient.js'
import { unroll } from '../bilevel/unroll.js'
import { smooth } from './l2t-ww-setting.fixture.js'
import { initLogRates, learningRateProblem, metaSgd } from './meta-sgd.js'

testStrategy({ strategy: metaSgd })
testStrategy({ strategy: metaSgd, options: { innerSteps: 2, per: 'stage', metaGradient: 'finiteDifference' } })

const forms: readonly MetaGradientForm[] = ['exact', 'finiteDifference', 'firstOrder']

const at = (tree: TensorTree, path: string): Tensor => branchAt(tree, path) as Tensor // A leaf

describe('on a quadratic, where everything is known', () => {
  // Two layers with curvatures c: θ_T = θ (1 - η exp(φ) c)^T, J = ½ Σ d θ_T².
  const [curvatures, weights, start] = [{ first: 1, second: 3 }, { first: 2, second: 0.5 }, { first: 1, second: -2 }] as const
  const rate = 0.1
  const bowl =
    (factors: Readonly<Record<'first' | 'second', number>>) =>
    (params: TensorTree): Scalar => {
      const term = (layer: 'first' | 'second'): Scalar => multiply(sum(square(at(params, `${layer}.x`))), 0.5 * factors[layer])
      return add(term('first'), term('second'))
    }
  const layers = ['first', 'second'] as const

  test.each([1, 2, 4])('%i inner steps', (innerSteps) => {
    scope(() => {
      const params = { first: { x: scalar(start.first) }, second: { x: scalar(start.second) } }
      const optimiser = sgd()
      const phi = { first: scalar(0.3), second: scalar(-0.5) }
      const problem = learningRateProblem({ inner: bowl(curvatures), outer: bowl(weights), innerSteps, per: 'layer', optimiser, learningRate: scalar(rate) })
      const unrolled = unroll(problem, { params, memory: optimiser.init(params) }, phi)
      const expected = layers.map((layer) => {
        const [c, step] = [curvatures[layer], rate * Math.exp(layer === 'first' ? 0.3 : -0.5)]
        return -weights[layer] * start[layer] ** 2 * innerSteps * (1 - step * c) ** (2 * innerSteps - 1) * step * c
      })
      for (const form of ['exact', 'finiteDifference'] as const) {
        const { gradient } = metaGradient(problem, unrolled, phi, { form })
        expectClose(layers.flatMap((layer) => [...readSync(at(gradient, layer))]), expected, { relative: 3e-3 })
      }
    })
  })
})

/** The strategy on a smooth network, with a batch. */
const setting = (options: Parameters<typeof metaSgd>[0]): { readonly program: TransferProgram; readonly inputs: StepInputs; readonly plain: TransferProgram } => {
  const network = smooth([3, 5], 4)
  const context = { source: { network, variables: network.init(randomKey(1), [1, ...network.inputShape]) }, task: { kind: 'classification', classes: ['a', 'b', 'c'] }, inputShape: network.inputShape } as const
  const [program, plain] = [metaSgd(options).prepare(context), fineTune().prepare(context)]
  const { params, state } = program.init(randomKey(2))
  const optimiser = sgd({ momentum: 0.9, weightDecay: 0.01 })
  return {
    program,
    plain,
    inputs: {
      training: { params, state, optimiser: optimiser.init(params), extra: program.initExtra?.(randomKey(3), params) ?? {} },
      frozen: { params: {}, state: {} },
      batch: { inputs: randomNormal(randomKey(4), [6, ...network.inputShape]), labels: integerTensor([0, 1, 2, 0, 1, 2], [6]) },
      key: randomKey(5),
      progress: scalar(0),
      optimiser,
      learningRate: scalar(0.5),
    },
  }
}

describe('the rates of a network', () => {
  test('one a layer, or one a stage', () => {
    scope(() => {
      const { params } = setting({}).inputs.training
      expect(Object.keys(initLogRates(params, 'layer'))).toEqual(['head', 'stage1-convolution', 'stage2-convolution'])
      expect(Object.keys(initLogRates(params, 'stage'))).toEqual(['head', 'stage1', 'stage2'])
    })
  })

  test('at their start, and not learned, it is fine-tuning', () => {
    scope(() => {
      const { program, plain, inputs } = setting({ metaLearningRate: 0 })
      const [own, expected] = [program.step!(inputs), trainingStep(plain)(inputs)]
      for (const { path, leaf } of flattenTree<Tensor>(expected.training.params)) expectClose(at(own.training.params, path), readSync(leaf), { absolute: 1e-6, relative: 1e-5 })
    })
  })

  test.each(forms)('%s: the meta-gradient agrees with differences of the whole unroll', (form) => {
    scope(() => {
      const { plain, inputs } = setting({})
      const { training, optimiser, learningRate } = inputs
      const loss = (params: TensorTree): Scalar => classificationLoss(plain)({ ...inputs, variables: { params, state: training.state, frozen: inputs.frozen } }).loss
      const problem = learningRateProblem({ inner: loss, outer: loss, innerSteps: 2, per: 'layer', optimiser, learningRate })
      const begin = { params: training.params, memory: training.optimiser }
      const phi = mapTree(initLogRates(training.params, 'layer'), (_leaf, path) => scalar(path === 'head' ? 0.5 : -0.2))
      const { gradient } = metaGradient(problem, unroll(problem, begin, phi), phi, { form })
      const objective = (layer: string, step: number): number =>
        scope(() => {
          const moved = mapTree(phi, (leaf, path) => (path === layer ? scalar(item(leaf as Scalar) + step) : leaf)) // One number a layer
          return item(problem.outer(unroll(problem, begin, moved).last.params, moved))
        })
      for (const { path, leaf } of flattenTree<Tensor>(gradient)) {
        const slope = (objective(path, 0.05) - objective(path, -0.05)) / 0.1
        // Without the Hessian only the last step is right.
        expectClose(leaf, [slope], form === 'firstOrder' ? { absolute: 5e-2, relative: 0.5 } : { absolute: 5e-5, relative: 2e-2 })
      }
    })
  })

  test('grow where the halves of the batch agree', () => {
    scope(() => {
      const { program, inputs } = setting({ metaLearningRate: 0.1 })
      const half = randomNormal(randomKey(6), [3, 6, 6, 2])
      const same = { inputs: tensor([...readSync(half), ...readSync(half)], [6, 6, 6, 2]), labels: integerTensor([0, 1, 2, 0, 1, 2], [6]) }
      const { training } = program.step!({ ...inputs, learningRate: scalar(0.01), batch: same })
      for (const { leaf } of flattenTree<Tensor>(branchAt(training.extra, 'rates'))) expect(item(leaf as Scalar)).toBeGreaterThan(0.05) // One number a layer
      const [inspection] = program.inspectExtra!(training.extra, { ...training, frozen: {} }, same.inputs, same.labels)
      expect(Object.keys(inspection!.series['learning rate']!)).toEqual(['stage1-convolution', 'stage2-convolution', 'head'])
    })
  })
})

test('a batch of one example is refused', () => {
  scope(() => {
    const { program, inputs } = setting({})
    const one = { inputs: randomNormal(randomKey(4), [1, 6, 6, 2]), labels: integerTensor([0], [1]) }
    expect(() => program.step!({ ...inputs, batch: one })).toThrow(/a batch of 1 cannot be halved/)
    expect(program.faultOf!({ outer: Number.NaN })).toMatch(/explode/)
    expect(program.faultOf!({ outer: 1 })).toBeUndefined()
  })
})
