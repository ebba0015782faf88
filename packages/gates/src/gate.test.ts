import { countElements, foldIn, gather, grad, integerTensor, mapTree, permutation, randomKey, randomNormal, readSync, release, reshape, scope, type Shape, sum, type Tensor, type TensorTree, tensor, TransferkitError } from '@transferkit/tensor'
import { checkGradients, expectClose } from '@transferkit/tensor/testing'
import { describe, expect, test } from 'vitest'
import { constantGate, gate, type GateKind, gateKinds } from './gate.js'

const key = randomKey(7)

const random = (name: string, shape: Shape, size = 1): Tensor => randomNormal(foldIn(key, name), shape, 0, size)

const randomParams = (params: TensorTree): TensorTree => mapTree(params, (leaf, path) => random(path, leaf.shape, 0.5))

const shapeFor = (kind: GateKind): readonly number[] => (kind === 'dense' ? [3, 4] : [2, 3, 3, 4])

const pick = (values: ArrayLike<number>, index: number): number => values[index] ?? Number.NaN

const leaf = (params: TensorTree, name: string): Float32Array => readSync((params as Record<string, Tensor>)[name]!)

/** The pre-activation of 1.5 by plain loops over one example of `[positions, channels]`, with `side` positions in a row. */
const expectedOpening = (kind: GateKind, params: TensorTree, s: ArrayLike<number>, t: ArrayLike<number>, side: number, channels: number, kernelSize = 3): number[] => {
  const positions = side * side
  const meanOf = (x: ArrayLike<number>, c: number): number => Array.from({ length: positions }, (_, p) => pick(x, p * channels + c)).reduce((a, b) => a + b, 0) / positions
  const bias = leaf(params, 'bias')
  const opened = (score: number, unit: number): number => 1 / (1 + Math.exp(-(score + pick(bias, unit))))
  if (kind === 'separable') {
    const [filter, weight] = [leaf(params, 'filter'), leaf(params, 'weight')]
    const border = (kernelSize - 1) / 2
    return Array.from({ length: positions * channels }, (_, index) => {
      const [p, unit] = [Math.floor(index / channels), index % channels]
      const [row, column] = [Math.floor(p / side), p % side]
      let score = 0
      for (let c = 0; c < 2 * channels; c++) {
        for (let i = 0; i < kernelSize; i++) {
          for (let j = 0; j < kernelSize; j++) {
            const [y, x] = [row + i - border, column + j - border]
            if (y < 0 || x < 0 || y >= side || x >= side) continue
            const value = pick(c < channels ? s : t, (y * side + x) * channels + (c % channels))
            score += value * pick(filter, (i * kernelSize + j) * 2 * channels + c) * pick(weight, c * channels + unit)
          }
        }
      }
      return opened(score, unit)
    })
  }
  const [ws, wt] = [leaf(params, 'sourceWeight'), leaf(params, 'targetWeight')]
  if (kind === 'diagonal') {
    return Array.from({ length: positions * channels }, (_, index) => {
      const c = index % channels
      return opened(pick(s, index) * pick(ws, c) + pick(t, index) * pick(wt, c), c)
    })
  }
  const units = kind === 'scalar' ? 1 : channels
  const pooled = kind === 'scalar' || kind === 'channel'
  return Array.from({ length: (pooled ? 1 : positions) * units }, (_, index) => {
    const [p, unit] = [Math.floor(index / units), index % units]
    let score = 0
    for (let c = 0; c < channels; c++) {
      score += (pooled ? meanOf(s, c) : pick(s, p * channels + c)) * pick(ws, c * units + unit)
      score += (pooled ? meanOf(t, c) : pick(t, p * channels + c)) * pick(wt, c * units + unit)
    }
    return opened(score, unit)
  })
}

describe.each(gateKinds)('gate %s', (kind) => {
  test('has the parameters that its definition counts', () => {
    const C = 8
    const k = 5
    const counts: Record<GateKind, number> = {
      dense: 2 * (2 * C * C + C),
      pointwise: 2 * (2 * C * C + C),
      separable: 2 * (2 * C * k * k + 2 * C * C + C),
      diagonal: 6 * C,
      channel: 2 * (2 * C * C + C),
      scalar: 2 * (2 * C + 1),
    }
    const params = gate({ kind, kernelSize: k }).init(key, kind === 'dense' ? [1, C] : [1, 6, 6, C])
    expect(2 * countElements(params)).toBe(counts[kind])
    release(params)
  })

  test('starts open by the logistic function of its bias, whatever it is given', () => {
    scope(() => {
      const shape = shapeFor(kind)
      const start = gate({ kind, bias: 2 })
      const opening = start.apply(start.init(key, shape), random('s', shape), random('t', shape))
      expectClose(opening, Array.from({ length: opening.size }, () => 1 / (1 + Math.exp(-2))))
    })
  })

  test('computes its definition', () => {
    scope(() => {
      const [batch, side, channels] = kind === 'dense' ? [3, 1, 4] : [2, 3, 4]
      const shape = shapeFor(kind)
      const learned = gate({ kind })
      const params = randomParams(learned.init(key, shape))
      const [s, t] = [random('s', shape), random('t', shape)]
      const perExample = side * side * channels
      const part = (x: Tensor, example: number): Float32Array => readSync(x).slice(example * perExample, (example + 1) * perExample)
      const expected = Array.from({ length: batch }, (_, b) => expectedOpening(kind, params, part(s, b), part(t, b), side, channels)).flat()
      expectClose(learned.apply(params, s, t), expected, { absolute: 1e-5 })
    })
  })

  test('has the shape that broadcasts to the activations, and stays within 0 and 1', () => {
    scope(() => {
      const shape = shapeFor(kind)
      const learned = gate({ kind })
      const opening = learned.apply(mapTree(learned.init(key, shape), (x, path) => random(path, x.shape, 20)), random('s', shape), random('t', shape))
      const channels = shape.at(-1)!
      expect(opening.shape).toEqual(kind === 'channel' ? [2, 1, 1, channels] : kind === 'scalar' ? [2, 1, 1, 1] : shape)
      for (const value of readSync(opening)) expect(value >= 0 && value <= 1).toBe(true)
    })
  })

  test('has exact gradients with respect to its parameters and both activations', () => {
    scope(() => {
      const shape = shapeFor(kind)
      const learned = gate({ kind })
      const params = randomParams(learned.init(key, shape)) as Record<string, Tensor>
      const names = Object.keys(params)
      const report = checkGradients({
        f: (s, t, ...leaves) => learned.apply(Object.fromEntries(names.map((name, index) => [name, leaves[index]!])), s, t),
        inputs: [random('s', shape), random('t', shape), ...names.map((name) => params[name]!)],
      })
      for (const error of [...report.first!, ...report.second!]) expect(error).toBeLessThan(1e-2)
    })
  })

  test('gives every weight a gradient from the start', () => {
    scope(() => {
      const shape = shapeFor(kind)
      const learned = gate({ kind })
      const [s, t] = [random('s', shape), random('t', shape)]
      const gradient = grad((params: TensorTree) => sum(learned.apply(params, s, t)))(learned.init(key, shape)) as Record<string, Tensor>
      // The filters follow one step later, once the weights behind them have left 0.
      for (const name of Object.keys(gradient).filter((leafName) => leafName !== 'filter')) expect(readSync(gradient[name]!).some((g) => g !== 0)).toBe(true)
    })
  })
})

test.each(['pointwise', 'diagonal'] as const)('a %s gate commutes with permutations of positions', (kind) => {
  scope(() => {
    const shape = [6, 1, 1, 4]
    const learned = gate({ kind })
    const params = randomParams(learned.init(key, shape))
    const order = integerTensor(permutation(key, 6), [6])
    // Six positions as the rows of one image, permuted.
    const asImage = (x: Tensor): Tensor => reshape(x, [1, 6, 1, 4])
    const [s, t] = [random('s', shape), random('t', shape)]
    const before = learned.apply(params, asImage(s), asImage(t))
    const after = learned.apply(params, asImage(gather(s, order)), asImage(gather(t, order)))
    expectClose(after, asImage(gather(reshape(before, [6, 1, 1, 4]), order)), { absolute: 0, relative: 0 })
  })
})

test('a dense gate takes the vectors of a sequence, position by position', () => {
  scope(() => {
    const dense = gate({ kind: 'dense' })
    const params = randomParams(dense.init(key, [1, 5, 4]))
    const [s, t] = [random('s', [2, 5, 4]), random('t', [2, 5, 4])]
    expectClose(dense.apply(params, s, t), dense.apply(params, reshape(s, [10, 4]), reshape(t, [10, 4])), { absolute: 0, relative: 0 })
  })
})

test('a constant gate has no parameters and is open as told, by a number or a tensor', () => {
  scope(() => {
    const s = random('s', [2, 4])
    expect(constantGate(1).init(key, [2, 4])).toEqual({})
    expect([...readSync(constantGate(1).apply({}, s, s))]).toEqual([1])
    const half = tensor([0.5, 0.25, 0, 1], [1, 4])
    expect(constantGate(half).apply({}, s, s)).toBe(half)
  })
})

test('a kind that does not fit the activations is refused with those that do', () => {
  const error = (): unknown => gate({ kind: 'separable' }).init(key, [1, 16])
  expect(error).toThrow(TransferkitError)
  expect(error).toThrow(/'separable' gate does not fit activations of shape \[1,16\].*'dense', 'pointwise', 'diagonal', 'scalar'/)
  expect(() => gate({ kind: 'separable', kernelSize: 4 })).toThrow(/odd whole number/)
})
