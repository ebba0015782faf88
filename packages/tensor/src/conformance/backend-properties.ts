import { grad } from '../autodiff/grad.js'
import type { OpenBackend } from '../contracts/definition.js'
import { scope } from '../memory/scope.js'
import { multiply } from '../ops/arithmetic.js'
import { cast, equal, greaterOrEqual, less, logicalAnd, logicalNot } from '../ops/comparison.js'
import { integerTensor, ones, tensor } from '../ops/creation.js'
import { exp, sign } from '../ops/elementwise.js'
import { dropout, oneHot } from '../ops/indexing.js'
import { argMax, sum } from '../ops/reduction.js'
import { uniformArray } from '../random/host.js'
import { foldIn, type Key, randomKey } from '../random/key.js'
import { readSync } from '../tensor/read.js'
import type { Axes, DataType } from '../tensor/axes.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkGradients } from '../testing/gradient-check.js'
import { closeTo } from '../testing/close.js'
import { differentiableOps } from '../testing/differentiable-ops.js'
import { liveTensors } from '../testing/live-tensors.js'
import { breach, type Property } from './property.js'

/** What the properties of a backend are tested on. @internal */
export interface BackendSetting {
  readonly backend: OpenBackend
  /** Values of all ops on the backend that it is held against. */
  readonly reference: ReadonlyMap<string, ArrayLike<number>>
}

type BackendProperty = Property<BackendSetting>

const integers: readonly (readonly [string, () => Tensor<Axes, DataType>])[] = [
  ['argMax', () => argMax(tensor([1, 5, 2, 7, 0, 3], [2, 3]), -1)],
  ['cast to integers', () => cast(tensor([-1.7, -0.2, 0.2, 1.7], [4]), 'int32')],
  ['cast to booleans', () => cast(tensor([0, 2, -1], [3]), 'bool')],
  ['oneHot', () => oneHot(integerTensor([2, 0], [2]), 3)],
  ['sign', () => sign(tensor([-2, 0, 3], [3]))],
  ['comparisons', () => logicalAnd(less(tensor([1, 2, 3], [3]), tensor([2, 2, 2], [3])), logicalNot(equal(tensor([1, 2, 3], [3]), tensor([3, 2, 1], [3]))))],
  ['greaterOrEqual', () => greaterOrEqual(tensor([1, 2, 3], [3]), tensor([2, 2, 2], [3]))],
]

const cases: readonly (readonly [string, () => Tensor<Axes, DataType>])[] = [...differentiableOps.map(({ name, f, inputs }) => [name, () => f(...inputs())] as const), ...integers]

/** Values of all ops on the active backend. @internal */
export const valuesOfOps = (): ReadonlyMap<string, ArrayLike<number>> => new Map(cases.map(([name, f]) => [name, scope(() => readSync(f()).slice())]))

const values: BackendProperty = {
  name: 'values',
  title: 'every op gives what it gives on the backend that this one is held against',
  run: ({ reference }) => {
    for (const [name, found] of valuesOfOps()) {
      const expected = reference.get(name) ?? []
      if (closeTo(found, expected, { absolute: 1e-4, relative: 1e-4 })) continue
      const wrong = Array.from(expected).findIndex((value, index) => !closeTo([found[index] ?? Number.NaN], [value], { absolute: 1e-4, relative: 1e-4 }))
      breach({ where: `the op '${name}', element ${wrong}`, expected: String(expected[wrong]), found: String(found[wrong]), advice: "Look at the kernel that the op calls: its attributes, its padding, its element type." })
    }
  },
}

const gradients: BackendProperty = {
  name: 'gradients',
  title: 'first and second derivatives of every op agree with finite differences',
  run: () => {
    for (const { name, f, inputs } of differentiableOps) {
      scope(() => {
        const { first = [], second = [] } = checkGradients({ f, inputs: inputs() })
        for (const [order, errors, allowed] of [['first', first, 1e-2], ['second', second, 3e-2]] as const) {
          const wrong = errors.findIndex((error) => !(error < allowed))
          if (wrong !== -1) breach({ where: `the op '${name}', input ${wrong}, ${order} derivative`, expected: `a relative error below ${allowed}`, found: (errors[wrong] ?? Number.NaN).toPrecision(3), advice: 'Look at the kernels that the gradient calls; a kernel that is missing is worked around, one that is wrong is not.' })
        }
      })
    }
  },
}

const randomness: BackendProperty = {
  name: 'randomness',
  title: 'random numbers are those of the key, bit for bit, on every backend',
  run: () => {
    const [key, rate, count] = [foldIn(randomKey(3), 'backend'), 0.4, 257]
    const found = scope(() => readSync(dropout(ones([count]), key, { rate })).slice())
    const wrong = [...uniformArray(key, count)].findIndex((value, index) => !Object.is(found[index], Math.fround(value < rate ? 0 : 1 / (1 - rate))))
    if (wrong !== -1) breach({ where: `dropout, element ${wrong}`, expected: 'to be kept where the uniform number of the key is at least the rate, and dropped elsewhere', found: String(found[wrong]), advice: 'Draw by the counter of the key; a generator of the backend gives other numbers.' })
  },
}

const memory: BackendProperty = {
  name: 'memory',
  title: 'no op and no gradient leaves a tensor behind',
  run: () => {
    for (const { name, f, inputs } of differentiableOps) {
      const before = liveTensors()
      scope(() => {
        const [x, ...others] = inputs()
        if (x !== undefined) grad((moved: Tensor) => sum(f(moved, ...others)))(x)
      })
      const left = liveTensors() - before
      if (left !== 0) breach({ where: `the op '${name}' and its gradient`, expected: 'no tensor after the scope', found: `${left}`, advice: 'Free what a kernel makes besides its result.' })
    }
  },
}

const compiled: BackendProperty = {
  name: 'compile',
  title: 'a compiled function gives what the function gives, bit for bit, for every input and key',
  run: ({ backend }) => {
    const f = ({ x, key }: { readonly x: Tensor; readonly key: Key }): Tensor => dropout(multiply(exp(x), 2), key, { rate: 0.5 })
    const fast = backend.compile(f)
    for (const seed of [1, 2, 3]) {
      const given = (): { readonly x: Tensor; readonly key: Key } => ({ x: tensor([seed, 0.5, -seed, 0.25], [4]), key: randomKey(seed) })
      const [found, expected] = scope(() => [readSync(fast(given())).slice(), readSync(f(given())).slice()] as const)
      const wrong = expected.findIndex((value, index) => !Object.is(value, found[index]))
      if (wrong !== -1) breach({ where: `call ${seed}, element ${wrong}`, expected: String(expected[wrong]), found: String(found[wrong]), advice: 'Give each call its own inputs and keys: what was recorded at the first call must not count as a constant.' })
    }
  },
}

/** All properties of a backend, in order. @internal */
export const backendProperties: readonly BackendProperty[] = [values, gradients, randomness, memory, compiled]
