import { add, batchNormTraining, grad, multiply, randomKey, randomNormal, readSync, relu, scope, sum, type Tensor } from '@transferkit/tensor'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Runtime } from '../../backend.js'
import { backendsToTest } from '../../backends.fixture.js'
import { fuseBatchNorm } from './fuse-batch-normalisation.js'
import type { GraphNode } from './graph-definition.js'

const node = (name: string, operation: string, ...inputs: readonly string[]): GraphNode => ({ name, operation, inputs, attributes: {} })

const given = ['x', 'scale', 'offset', 'none', 'other', 'dy', 'dz'].map((name) => node(name, 'Placeholder'))
const norm = node('norm', 'TransferkitBatchNorm', 'x', 'scale', 'offset', 'none')
const gradientOfNorm = node('gradient', 'TransferkitBatchNormGradient', 'mask', 'none', 'x', 'none', 'scale', 'none', 'norm:1', 'norm:2')

/** Everything has one shape but for the output called `other`. */
const fused = (nodes: readonly GraphNode[], shapeOfOther: readonly number[] = [2, 3]): readonly string[] =>
  fuseBatchNorm([...given, ...nodes], (output) => (output === 'other' ? shapeOfOther : [2, 3]))
    .slice(given.length)
    .map(({ name, inputs, attributes }) => `${name}(${inputs.join()})${attributes['rectified'] === undefined ? '' : ' rectified'}`)

const unchanged = (nodes: readonly GraphNode[]): readonly string[] => nodes.map(({ name, inputs }) => `${name}(${inputs.join()})`)

describe('joining batch normalisation with the rectifier', () => {
  test('and its gradient with that of the rectifier', () => {
    const nodes = [norm, node('relu', 'Relu', 'norm'), node('mask', 'ReluGrad', 'dy', 'relu'), gradientOfNorm, node('use', 'Conv2D', 'relu', 'gradient')]
    expect(fused(nodes)).toEqual(['norm(x,scale,offset,none) rectified', 'gradient(dy,none,x,none,scale,offset,norm:1,norm:2) rectified', 'use(norm,gradient)'])
  })

  test('with a residual, whose gradient comes with it, from a sum of gradients', () => {
    const nodes = [
      norm,
      node('late', 'Mul', 'other', 'other'),
      node('sum', 'AddV2', 'norm', 'late'),
      node('relu', 'Relu', 'sum'),
      node('total', 'AddV2', 'dy', 'dz'),
      node('mask', 'ReluGrad', 'total', 'relu'),
      gradientOfNorm,
      node('use', 'Conv2D', 'relu', 'mask'),
    ]
    expect(fused(nodes)).toEqual([
      'late(other,other)',
      'norm(x,scale,offset,late) rectified',
      'gradient(dy,dz,x,norm,scale,none,norm:1,norm:2) rectified',
      'use(norm,gradient:3)',
    ])
  })

  test('with given statistics, and a residual', () => {
    const inference = node('norm', 'TransferkitBatchNormInference', 'x', 'scale', 'offset', 'dy', 'dz', 'none')
    expect(fused([inference, node('relu', 'Relu', 'norm')])).toEqual(['norm(x,scale,offset,dy,dz,none) rectified'])
    expect(fused([inference, node('sum', 'AddV2', 'other', 'norm'), node('relu', 'Relu', 'sum')])).toEqual(['norm(x,scale,offset,dy,dz,other) rectified'])
  })

  test('leaves a sum with something of another shape', () => {
    const nodes = [norm, node('sum', 'AddV2', 'norm', 'other'), node('relu', 'Relu', 'sum')]
    expect(fused(nodes, [3])).toEqual(unchanged(nodes))
    expect(fused(nodes)).toEqual(['norm(x,scale,offset,other) rectified'])
  })

  test('leaves what is used elsewhere, too', () => {
    const nodes = [norm, node('relu', 'Relu', 'norm'), node('tap', 'Identity', 'norm')]
    expect(fused(nodes)).toEqual(unchanged(nodes))
    const summed = [norm, node('sum', 'AddV2', 'norm', 'other'), node('relu', 'Relu', 'sum'), node('tap', 'Identity', 'sum')]
    expect(fused(summed)).toEqual(unchanged(summed))
  })

  test('leaves a residual that depends on the statistics', () => {
    const nodes = [norm, node('shifted', 'Sub', 'other', 'norm:1'), node('sum', 'AddV2', 'norm', 'shifted'), node('relu', 'Relu', 'sum')]
    expect(fused(nodes)).toEqual(unchanged(nodes))
  })

  test('leaves the gradient where the masked gradient of the output is used elsewhere and there is no residual', () => {
    const nodes = [norm, node('relu', 'Relu', 'norm'), node('mask', 'ReluGrad', 'dy', 'relu'), gradientOfNorm, node('tap', 'Identity', 'mask')]
    expect(fused(nodes)).toEqual(['norm(x,scale,offset,none) rectified', 'mask(dy,norm)', 'gradient(mask,none,x,none,scale,none,norm:1,norm:2)', 'tap(mask)'])
  })
})

type Point = Readonly<Record<'x' | 'scale' | 'offset', Tensor>>

/** Two residual blocks behind a rectified normalisation, so that there is every kind of sum. */
const loss = ({ x, scale, offset }: Point): Tensor<readonly []> => {
  const normalised = (at: Tensor): Tensor => batchNormTraining(at, scale, offset).output
  const block = (at: Tensor): Tensor => relu(add(normalised(multiply(at, at)), at))
  const weights = randomNormal(randomKey(4), x.shape)
  return sum(multiply(block(block(relu(normalised(x)))), weights))
}

describe.each(backendsToTest)('a recorded step on $name', ({ open }) => {
  let runtime: Runtime
  beforeAll(async () => {
    runtime = await open()
    return () => {
      runtime.close()
    }
  })

  // Channels that fill registers and those that do not; more rows than a task takes.
  test.each([[[4, 5, 5, 16]], [[3, 7, 10]], [[37, 3]], [[8, 9, 8, 96]], [[2049, 16]]])('gives the gradients of the eager one, bit for bit, shape %j', (shape) => {
    scope(() => {
      const channels = shape.at(-1) ?? 0
      const point: Point = { x: add(randomNormal(randomKey(1), shape), 0.5), scale: randomNormal(randomKey(2), [channels]), offset: randomNormal(randomKey(3), [channels]) }
      const step = (at: Point): Point => grad(loss)(at)
      const compiled = runtime.compile(step)
      compiled(point)
      const [expected, found] = [step(point), compiled(point)].map((gradients) => [gradients.x, gradients.scale, gradients.offset].map((gradient) => Array.from(readSync(gradient))))
      expect(found).toEqual(expected)
    })
  })
})
