import { countElements, foldIn, grad, mapTree, randomKey, randomNormal, readSync, relu, release, scope, type Shape, square, sum, type Tensor, type TensorTree, tensor } from '@transferkit/tensor'
import { checkGradients, expectClose } from '@transferkit/tensor/testing'
import { describe, expect, test } from 'vitest'
import { candidateKinds, type CandidateKind } from './candidate.js'
import { constantGate, gate } from './gate.js'
import { openness } from './openness.js'
import { parameterTransferUnit, type ParameterTransferUnitOptions } from './parameter-transfer-unit.js'

const key = randomKey(11)
const images = [2, 3, 3, 4]

const random = (name: string, shape: Shape, size = 1): Tensor => randomNormal(foldIn(key, name), shape, 0, size)

const streams = (shape: Shape): { source: Tensor; target: Tensor; tuned: Tensor } => ({ source: random('s', shape), target: random('t', shape), tuned: random('c', shape) })

const unitWith = (candidate: CandidateKind, options: Partial<ParameterTransferUnitOptions> = {}): ReturnType<typeof parameterTransferUnit> =>
  parameterTransferUnit({ candidate, transferGate: gate({ kind: 'pointwise' }), fineTuneGate: gate({ kind: 'pointwise' }), ...options })

const held = (candidate: CandidateKind, transfer: number | Tensor, fineTune: number | Tensor): ReturnType<typeof parameterTransferUnit> =>
  unitWith(candidate, { transferGate: constantGate(transfer), fineTuneGate: constantGate(fineTune) })

const exactly = (actual: Tensor, expected: Tensor): void => expectClose(actual, expected, { absolute: 0, relative: 0 })

const randomised = (params: TensorTree): TensorTree => mapTree(params, (leaf, path) => random(path, leaf.shape, 0.7))

describe('corners of the gates', () => {
  test.each(['light', 'threeState'] as const)('%s: z = 1, f = 0 is the source, exactly', (candidate) => {
    scope(() => {
      const unit = held(candidate, 1, 0)
      const given = streams(images)
      exactly(unit.apply(randomised(unit.init(key, { source: images, target: images })), given).output, given.source)
    })
  })

  test.each(candidateKinds)('%s: z = 0 is the target, exactly, for any f', (candidate) => {
    scope(() => {
      const given = streams(images)
      for (const fineTune of [0, 0.3, 1]) {
        const unit = held(candidate, 0, fineTune)
        exactly(unit.apply(randomised(unit.init(key, { source: images, target: images })), given).output, given.target)
      }
    })
  })

  test('threeState: z = 1, f = 1 is the tuned clone, exactly', () => {
    scope(() => {
      const given = streams(images)
      exactly(held('threeState', 1, 1).apply({}, given).output, given.tuned)
    })
  })

  test('a tensor of zeros and ones chooses element by element', () => {
    scope(() => {
      const given = streams([1, 4])
      const output = held('threeState', tensor([1, 1, 0, 0], [1, 4]), tensor([0, 1, 0, 1], [1, 4])).apply({}, given).output
      const [s, c, t] = [given.source, given.tuned, given.target].map((x) => readSync(x))
      expect([...readSync(output)]).toEqual([s![0], c![1], t![2], t![3]])
    })
  })

  test('learned biases of 30 come as near as rounding allows', () => {
    scope(() => {
      const unit = unitWith('threeState', { transferGate: gate({ kind: 'pointwise', bias: 30 }), fineTuneGate: gate({ kind: 'pointwise', bias: -30 }) })
      const given = streams(images)
      expectClose(unit.apply(unit.init(key, { source: images, target: images }), given).output, given.source, { absolute: 1e-6, relative: 0 })
    })
  })
})

test.each(['light', 'threeState'] as const)('%s: the output lies between its three streams', (candidate) => {
  scope(() => {
    // With ψ the identity and W_c at its start, the candidate of `light` is the source itself.
    const unit = unitWith(candidate)
    const start = unit.init(key, { source: images, target: images }) as Record<string, TensorTree>
    const params = { ...start, transferGate: randomised(start['transferGate']!), fineTuneGate: randomised(start['fineTuneGate']!) }
    const given = streams(images)
    const [h, s, t, c] = [unit.apply(params, given).output, given.source, given.target, candidate === 'light' ? given.source : given.tuned].map((x) => readSync(x))
    h!.forEach((value, index) => {
      const around = [s![index]!, t![index]!, c![index]!]
      expect(value).toBeGreaterThanOrEqual(Math.min(...around) - 1e-6)
      expect(value).toBeLessThanOrEqual(Math.max(...around) + 1e-6)
    })
  })
})

test('light starts with the source as its candidate, through a rectifier that changes nothing', () => {
  scope(() => {
    const unit = unitWith('light', { transferGate: constantGate(1), fineTuneGate: constantGate(1), activation: relu })
    const source = relu(random('s', images))
    exactly(unit.apply(unit.init(key, { source: images, target: images }), { source, target: random('t', images) }).output, source)
  })
})

test('gru computes its candidate from the gated source and the target', () => {
  scope(() => {
    const unit = unitWith('gru', { transferGate: constantGate(0.5), fineTuneGate: constantGate(0.25), activation: relu })
    const params = {
      candidate: { sourceWeight: tensor([1, 2, 3, 4], [2, 2]), targetWeight: tensor([0, 1, -1, 0], [2, 2]), bias: tensor([0.5, -100], [2]) },
    }
    // c = relu(0.25 [4, 8] W + [1, 2] U + b) = relu([7, 10] + [-2, 1] + [0.5, -100]) = [5.5, 0]; h = (c + t) / 2.
    const { output } = unit.apply(params, { source: tensor([4, 8], [1, 2]), target: tensor([1, 2], [1, 2]) })
    expectClose(output, [3.25, 1])
  })
})

test.each(candidateKinds)('%s: gradients match central differences, for parameters and streams', (candidate) => {
  scope(() => {
    const shape = [2, 2, 2, 3]
    const unit = unitWith(candidate)
    const params = randomised(unit.init(key, { source: shape, target: shape })) as Record<string, Record<string, Tensor>>
    const paths = Object.entries(params).flatMap(([branch, leaves]) => Object.keys(leaves).map((name) => [branch, name] as const))
    const given = streams(shape)
    const report = checkGradients({
      f: (source, target, tuned, ...leaves) => {
        const tree: Record<string, Record<string, Tensor>> = {}
        paths.forEach(([branch, name], index) => (tree[branch] = { ...tree[branch], [name]: leaves[index]! }))
        return unit.apply(tree, { source, target, tuned }).output
      },
      inputs: [given.source, given.target, given.tuned, ...paths.map(([branch, name]) => params[branch]![name]!)],
      orders: [1],
    })
    for (const error of report.first!) expect(error).toBeLessThan(1e-2)
  })
})

test('the fine-tune gate of light has no gradient at the identity, and a perturbation gives it one', () => {
  scope(() => {
    const largest = (perturbation: number): number => {
      const unit = unitWith('light', { perturbation })
      const given = streams(images)
      const gradient = grad((params: TensorTree) => sum(square(unit.apply(params, given).output)))(unit.init(key, { source: images, target: images }))
      const { fineTuneGate } = gradient as unknown as Record<string, Record<string, Tensor>>
      return Math.max(...Object.values(fineTuneGate!).flatMap((leaf) => [...readSync(leaf)].map(Math.abs)))
    }
    expect(largest(0)).toBeLessThan(1e-5)
    expect(largest(0.05)).toBeGreaterThan(1e-2)
  })
})

test('a source of another width is brought to the width of the target by a trainable map', () => {
  scope(() => {
    const shapes = { source: [1, 3, 3, 6], target: [1, 3, 3, 4] }
    const unit = held('light', 1, 0)
    const params = unit.init(key, shapes) as Record<string, Record<string, Tensor>>
    expect(params['projection']!['weight']!.shape).toEqual([6, 4])
    const { output } = unit.apply({ ...params, projection: { weight: tensor([1, 1, 1, 1, ...Array.from({ length: 20 }, () => 0)], [6, 4]) } }, { source: random('s', [2, 3, 3, 6]), target: random('t', [2, 3, 3, 4]) })
    const source = readSync(random('s', [2, 3, 3, 6]))
    // "Frozen" now means the projected source: here its first channel, four times.
    expectClose(output, Array.from({ length: 2 * 9 * 4 }, (_, index) => source[Math.floor(index / 4) * 6]!))
  })
})

test('light has the parameters of two gates, W_c and b_c', () => {
  const C = 16
  const params = unitWith('light').init(key, { source: [1, 8, 8, C], target: [1, 8, 8, C] })
  expect(countElements(params)).toBe(2 * (2 * C * C + C) + C * C + C)
  release(params)
})

test('mistakes are told', () => {
  scope(() => {
    expect(() => unitWith('light').init(key, { source: [1, 4, 4, 8], target: [1, 8, 8, 8] })).toThrow(/differ in width at most.*\[1,4,4,8\].*\[1,8,8,8\]/)
    const { source, target } = streams([1, 4])
    expect(() => held('threeState', 1, 1).apply({}, { source, target })).toThrow(/needs the activation of the trainable clone/)
  })
})

test('openness gives mean and spread', () => {
  const opening = tensor([0.2, 0.6], [2])
  const { mean, spread } = openness(opening)
  expect(mean).toBeCloseTo(0.4, 6)
  expect(spread).toBeCloseTo(0.2, 6)
  release(opening)
})
