import { add, branchAt, innerProduct, item, mapTree, multiply, readSync, scalar, scope, square, subtract, sum, tanh, tensor, type Tensor, type TensorTree, zipTrees } from '@transferkit/tensor'
import { expectClose, liveTensors } from '@transferkit/tensor/testing'
import { adam, sgd } from '@transferkit/training'
import { describe, expect, test } from 'vitest'
import type { BilevelProblem, Iterate } from './bilevel-problem.js'
import { metaGradient, type MetaGradientForm } from './meta-gradient.js'
import { unroll } from './unroll.js'

const forms: readonly MetaGradientForm[] = ['exact', 'finiteDifference', 'firstOrder']

const only = (tree: TensorTree, name = 'x'): Tensor => branchAt(tree, name) as Tensor // A leaf stands there

/** θ is pulled towards φ with curvature `h`, by plain descent; the outer objective is the distance to a goal. */
const quadratic = (steps: number, h: number, rate: number, goal: number): BilevelProblem => ({
  inner: Array.from({ length: steps }, () => ({
    name: 'pull',
    evaluate: (params: TensorTree, meta: TensorTree) => ({ value: multiply(sum(square(subtract(only(params), only(meta)))), h / 2), auxiliary: {} }),
  })),
  update: ({ params, memory }, gradients) => ({ params: zipTrees(params, gradients, (p, g) => subtract(p, multiply(g, rate))), memory }),
  isAffine: true,
  outer: (params) => multiply(sum(square(subtract(only(params), goal))), 0.5),
})

describe('on a quadratic, where everything is known', () => {
  // θ_n = (1 - ηh)ⁿ θ_0 + (1 - (1 - ηh)ⁿ) φ
  test.each([1, 2, 5])('%i inner steps', (steps) => {
    scope(() => {
      const [h, rate, goal, start, meta] = [2, 0.1, 3, 1, 2]
      const kept = (1 - rate * h) ** steps
      const last = kept * start + (1 - kept) * meta
      const [problem, phi] = [quadratic(steps, h, rate, goal), { x: scalar(meta) }]
      const unrolled = unroll(problem, { params: { x: scalar(start) }, memory: {} }, phi)
      expectClose(only(unrolled.last.params), [last])
      const [exact, difference, firstOrder] = forms.map((form) => metaGradient(problem, unrolled, phi, { form }))
      expectClose(exact!.value, [0.5 * (last - goal) ** 2])
      expectClose(only(exact!.outerGradient), [last - goal])
      expectClose(only(exact!.gradient), [(last - goal) * (1 - kept)])
      expectClose(only(difference!.gradient), [(last - goal) * (1 - kept)], { relative: 1e-3 })
      // Without the Hessian every step counts as the last one does.
      expectClose(only(firstOrder!.gradient), [(last - goal) * rate * h * steps], { relative: 1e-3 })
    })
  })

  test('no inner step, and none that depends on the meta-parameters, give exactly zero', () => {
    scope(() => {
      const phi = { x: scalar(2) }
      const none = quadratic(0, 2, 0.1, 3)
      const apart: BilevelProblem = { ...none, isAffine: false, inner: [{ name: 'task', dependsOnMeta: false, evaluate: (params) => ({ value: sum(square(only(params))), auxiliary: {} }) }] }
      for (const problem of [none, apart, { ...apart, isAffine: true }]) {
        for (const form of forms) {
          const { gradient } = metaGradient(problem, unroll(problem, { params: { x: scalar(1) }, memory: {} }, phi), phi, { form })
          expect(item(only(gradient) as ReturnType<typeof scalar>)).toBe(0) // A single number
        }
      }
    })
  })
})

const optimisers = { 'momentum and decay': sgd({ momentum: 0.9, weightDecay: 0.1 }), 'Nesterov momentum': sgd({ momentum: 0.8, nesterov: true }), Adam: adam({ epsilon: 1e-3, weightDecay: 0.05 }) }

/** A curved problem: the gradients are those of tanh, and the meta-parameters act on each coordinate and from outside as well. */
const curved = (steps: number, optimiser: ReturnType<typeof sgd>, isAffine: boolean): BilevelProblem => ({
  inner: Array.from({ length: steps }, (_, index) => ({
    name: `step ${index}`,
    evaluate: (params: TensorTree, meta: TensorTree) => ({ value: sum(multiply(square(tanh(subtract(only(params), only(meta)))), tensor([1, 2, 0.5], [3]))), auxiliary: {} }),
  })),
  update: ({ params, memory }, gradients) => {
    const result = optimiser.update(gradients, memory, params, { learningRate: scalar(0.1) })
    return { params: result.params, memory: result.state }
  },
  isAffine,
  outer: (params, meta) => add(sum(square(tanh(only(params)))), multiply(sum(square(only(meta))), 0.1)),
})

describe.each(Object.entries(optimisers))('through %s', (_name, optimiser) => {
  const start = (): Iterate => {
    const params = { x: tensor([0.5, -0.3, 0.8], [3]) }
    // A memory that is not zero.
    return { params, memory: optimiser.update({ x: tensor([0.3, 0.1, -0.2], [3]) }, optimiser.init(params), params, { learningRate: scalar(0) }).state }
  }
  const phi = [0.2, -0.6, 0.1]
  const objective = (problem: BilevelProblem, values: readonly number[]): number =>
    scope(() => {
      const meta = { x: tensor(values, [3]) }
      return item(problem.outer(unroll(problem, start(), meta).last.params, meta))
    })

  test.each([1, 2, 4])('%i inner steps: the meta-gradient agrees with differences of the whole unroll', (steps) => {
    scope(() => {
      const problem = curved(steps, optimiser, false)
      const meta = { x: tensor(phi, [3]) }
      const unrolled = unroll(problem, start(), meta)
      const expected = phi.map((_, at) => {
        const to = (distance: number): number => objective(problem, phi.map((value, index) => (index === at ? value + distance : value)))
        return (to(1e-2) - to(-1e-2)) / 2e-2
      })
      expectClose(only(metaGradient(problem, unrolled, meta, { form: 'exact' }).gradient), expected, { relative: 5e-3, absolute: 5e-4 })
      expectClose(only(metaGradient(problem, unrolled, meta, { form: 'finiteDifference' }).gradient), expected, { relative: 1e-2, absolute: 1e-3 })
    })
  })
})

test.each([sgd({ momentum: 0.9, weightDecay: 0.1 }), sgd({ momentum: 0.8, nesterov: true }), sgd()])('an affine update needs no more than the parameters', (optimiser) => {
  scope(() => {
    const [params, meta] = [{ x: tensor([0.5, -0.3, 0.8], [3]) }, { x: tensor([0.2, -0.6, 0.1], [3]) }]
    for (const form of forms) {
      const [general, affine] = [false, true].map((isAffine) => {
        const problem = curved(3, optimiser, isAffine)
        return metaGradient(problem, unroll(problem, { params, memory: optimiser.init(params) }, meta), meta, { form }).gradient
      })
      expectClose(only(affine!), readSync(only(general!)))
    }
  })
})

test('an affine unroll keeps one copy of the parameters a step, the start and the end', () => {
  scope(() => {
    const problem = quadratic(4, 2, 0.1, 3)
    const [begin, phi] = [{ params: { x: scalar(1) }, memory: { x: scalar(0) } }, { x: scalar(2) }]
    const before = liveTensors()
    const { steps } = scope(() => unroll(problem, begin, phi))
    // Four new copies and four values; the start is the caller's.
    expect(liveTensors() - before).toBe(8)
    expect(new Set(steps.map(({ before: { memory } }) => memory)).size).toBe(1)
  })
})

test('another meta-method: learning rates of each layer are meta-parameters of the update', () => {
  scope(() => {
    const loss = (params: TensorTree): ReturnType<typeof innerProduct> => innerProduct(params, mapTree(params, (leaf, path) => multiply(leaf, path === 'first' ? 1 : 3)))
    const problem: BilevelProblem = {
      inner: [0, 1].map((index) => ({ name: `step ${index}`, dependsOnMeta: false, evaluate: (params) => ({ value: loss(params), auxiliary: {} }) })),
      update: ({ params, memory }, gradients, meta) => ({ params: zipTrees(params, zipTrees(gradients, meta, (g, rate) => multiply(g, rate)), (p, step) => subtract(p, step)), memory }),
      outer: (params) => loss(params),
    }
    const meta = { first: scalar(0.1), second: scalar(0.05) }
    const unrolled = unroll(problem, { params: { first: scalar(1), second: scalar(2) }, memory: {} }, meta)
    // J = Σ c θ² (1 - 2 c α)⁴
    const expected = [-8 * (1 - 0.2) ** 3, 3 * 4 * 4 * (1 - 0.3) ** 3 * -6]
    for (const form of ['exact', 'finiteDifference'] as const) {
      const { gradient } = metaGradient(problem, unrolled, meta, { form })
      expectClose([...readSync(only(gradient, 'first')), ...readSync(only(gradient, 'second'))], expected, { relative: 2e-3 })
    }
  })
})
