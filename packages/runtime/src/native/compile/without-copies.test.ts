import { concat, grad, multiply, pad, randomKey, randomNormal, readSync, type Scalar, scope, slice, sum, type Tensor } from '@transferkit/tensor'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Runtime } from '../../backend.js'
import { backendsToTest } from '../../backends.fixture.js'
import type { GraphNode } from './graph-definition.js'
import { withoutCopies } from './without-copies.js'

const node = (name: string, operation: string, ...inputs: readonly string[]): GraphNode => ({ name, operation, inputs, attributes: {} })

const constant = (name: string, ...integers: readonly number[]): GraphNode => ({ ...node(name, 'Const'), integers })

const shapes: Readonly<Record<string, readonly number[]>> = { x: [2, 3], y: [2, 1], part: [2, 3], rest: [2, 1], block: [2, 2] }

/** What `use` is given in the end. */
const usedAfter = (...nodes: readonly GraphNode[]): readonly string[] =>
  withoutCopies([node('x', 'Placeholder'), node('y', 'Placeholder'), ...nodes], (output) => shapes[output]).at(-1)?.inputs ?? []

describe('a block that is all of a tensor', () => {
  const joined = [constant('axis', -1), node('joined', 'ConcatV2', 'x', 'y', 'axis'), constant('first', 0, 0), constant('last', 0, 3), constant('size', 2, 1)]

  test('is that tensor again, cut out of what it was joined with', () => {
    expect(usedAfter(...joined, node('part', 'Slice', 'joined', 'first', 'size'), node('rest', 'Slice', 'joined', 'last', 'size'), node('use', 'Mul', 'part', 'rest'))).toEqual(['x', 'y'])
  })

  test('is that tensor again, cut out of zeros around it', () => {
    const padded = [constant('paddings', 0, 0, 2, 1), node('padded', 'PadV2', 'x', 'paddings', 'y'), constant('inner', 0, 2), constant('outer', 0, 1)]
    expect(usedAfter(...padded, node('part', 'Slice', 'padded', 'inner', 'size'), node('use', 'Relu', 'part'))).toEqual(['x'])
    expect(usedAfter(...padded, node('part', 'Slice', 'padded', 'outer', 'size'), node('use', 'Relu', 'part'))).toEqual(['part'])
  })

  test('is found through several such steps', () => {
    const again = [node('part', 'Slice', 'joined', 'first', 'size'), constant('none', 0, 0, 0, 0), node('padded', 'PadV2', 'part', 'none', 'y'), node('block', 'Slice', 'padded', 'first', 'size')]
    const all = withoutCopies([node('x', 'Placeholder'), node('y', 'Placeholder'), ...joined, ...again, node('use', 'Relu', 'block')], (output) => ({ ...shapes, block: [2, 3] })[output])
    expect(all.at(-1)?.inputs).toEqual(['x'])
  })

  test('stays where it is less, elsewhere, or of unknown origin', () => {
    expect(usedAfter(...joined, node('block', 'Slice', 'joined', 'first', 'size'), node('use', 'Relu', 'block'))).toEqual(['block'])
    expect(usedAfter(...joined, node('rest', 'Slice', 'joined', 'first', 'size'), node('use', 'Relu', 'rest'))).toEqual(['rest'])
    expect(usedAfter(...joined, node('part', 'Slice', 'x', 'first', 'size'), node('use', 'Relu', 'part'))).toEqual(['part'])
    expect(usedAfter(node('joined', 'ConcatV2', 'x', 'y', 'unknown'), ...joined.slice(2), node('part', 'Slice', 'joined', 'first', 'size'), node('use', 'Relu', 'part'))).toEqual(['part'])
  })
})

describe.each(backendsToTest.filter(({ backend }) => backend === 'native'))('on $name', ({ open }) => {
  let runtime: Runtime
  beforeAll(async () => {
    runtime = await open()
  })

  test('a compiled function and its gradient keep their bits', () => {
    scope(() => {
      const masked = (x: Tensor): Tensor => concat([x, slice(x, [0, 0], [-1, 1])], -1)
      const f = (x: Tensor): Scalar => sum(multiply(slice(pad(masked(x), [[1, 0], [0, 2]]), [1, 0], [4, 5]), slice(masked(x), [0, 1], [4, 5])))
      const both = ({ x }: { readonly x: Tensor }): readonly Tensor[] => [f(x), grad(f)(x)]
      const input = { x: randomNormal(randomKey(1), [4, 5]) as Tensor }
      const compiled = runtime.compile(both)
      compiled(input)
      expect(compiled(input).map((value) => readSync(value))).toStrictEqual(both(input).map((value) => readSync(value)))
    })
  })
})
