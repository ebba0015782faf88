import { describe, expect, test } from 'vitest'
import type { Compile, CompileOptions } from '../contracts/compile.js'
import { scope } from '../memory/scope.js'
import { multiply } from '../ops/arithmetic.js'
import { integerTensor, tensor } from '../ops/creation.js'
import { readSync } from '../tensor/read.js'
import { verifiedCompile } from './verified-compile.js'

interface Result {
  readonly [name: string]: unknown
}

/** Calls a verified function whose compiled form gives something else. */
const verify = (right: () => Result, wrong: () => Result): Result => {
  // The results of these tests are all of one type.
  const compile = (() => wrong) as unknown as Compile
  return scope(() => verifiedCompile(compile)(function step(_: object) { return right() })({}))
}

describe('a verified compiler', () => {
  test('passes on what is equal, in any kind of result, and frees what it compared with', () => {
    const make = (): Result => ({ list: [multiply(tensor([1, Number.NaN, -0], [3]), 2)], name: 'a', more: { nothing: undefined, update: () => 1 } })
    scope(() => {
      const { list } = verify(make, make) as { readonly list: readonly [ReturnType<typeof tensor>] }
      expect([...readSync(list[0])]).toEqual([2, Number.NaN, -0])
    })
  })

  test.each<[string, () => Result, () => Result, string]>([
    ['a value', () => ({ a: 1, b: { c: tensor([1, 2, 3], [3]) } }), () => ({ a: 1, b: { c: tensor([1, 2.5, 1], [3]) } }), "first at 'b.c': element 1 is 2.5 and not 2; 2 of 3 elements differ, by up to 2."],
    ['the sign of zero', () => ({ a: tensor([0], [1]) }), () => ({ a: tensor([-0], [1]) }), "first at 'a': element 0 is -0 and not 0; 1 of 1 elements differ"],
    ['a shape', () => ({ a: tensor([1, 2], [2]) }), () => ({ a: tensor([1, 2], [1, 2]) }), "first at 'a': it is float32 [1, 2] and not float32 [2]."],
    ['an element type', () => ({ a: tensor([1], [1]) }), () => ({ a: integerTensor([1], [1]) }), "first at 'a': it is int32 [1] and not float32 [1]."],
    ['another leaf', () => ({ a: 'x' }), () => ({ a: 2 }), `first at 'a': it is 2 and not "x".`],
    ['a tensor for a number', () => ({ a: 2 }), () => ({ a: tensor([2], [1]) }), "first at 'a': it is a tensor and not 2."],
    ['a part that is missing', () => ({ a: 1, b: 2 }), () => ({ a: 1 }), "first at 'b': it is missing."],
    ['a part too many', () => ({ a: 1 }), () => ({ a: 1, b: 2 }), "first at 'b': it should not be there."],
  ])('names the first path that differs: %s', (_, right, wrong, expected) => {
    expect(() => verify(right, wrong)).toThrow(expect.objectContaining({ code: 'compile/differs', message: expect.stringContaining(expected) as string }))
    expect(() => verify(right, wrong)).toThrow("The compiled form of 'step' gives another result")
  })

  test('in bfloat16 lets numbers be a little apart, for the largest of the result, if they are equal in float32', () => {
    const right = (): Result => ({ count: integerTensor([1], [1]), large: tensor([16], [1]), small: tensor([0, 0.5], [2]) })
    const compileTo = (rounded: () => Result, exact = right): (() => void) => {
      // As above.
      const compile = ((_: unknown, options?: CompileOptions) => (options?.precision === 'bfloat16' ? rounded : exact)) as unknown as Compile
      return () => {
        scope(() => {
          verifiedCompile(compile)(right, { precision: 'bfloat16' })({})
        })
      }
    }
    expect(compileTo(() => ({ ...right(), small: tensor([1, 0.25], [2]) }))).not.toThrow()
    expect(compileTo(() => ({ ...right(), small: tensor([1.25, 0.25], [2]) }))).toThrow("first at 'small': element 0 is 1.25 and not 0; 1 of 2 elements differ")
    expect(compileTo(() => ({ ...right(), small: tensor([Number.NaN, 0.5], [2]) }))).toThrow("first at 'small': element 0 is NaN and not 0")
    expect(compileTo(() => ({ ...right(), count: integerTensor([2], [1]) }))).toThrow("first at 'count': element 0 is 2 and not 1")
    expect(compileTo(right, () => ({ ...right(), small: tensor([0.001, 0.5], [2]) }))).toThrow("first at 'small': element 0 is 0.001")
  })
})
