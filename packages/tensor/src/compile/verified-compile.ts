import type { Compile } from '../contracts/compile.js'
import { TransferkitError } from '../error.js'
import { scope } from '../memory/scope.js'
import { readSync } from '../tensor/read.js'
import type { DataType } from '../tensor/axes.js'
import type { AnyTensor } from '../tensor/tensor.js'
import { isTensor } from '../tensor/upstream.js'
import { flattenTree } from '../tree/tree.js'

/** A number with its sign. */
const numeral = (value: number | undefined): string => (Object.is(value, -0) ? '-0' : String(value))

/**
 * How far the results of a step in bfloat16 may be from those of the function, as a share of the largest magnitude of all its results. Bfloat16 has 8 significant bits, and a
 * step rounds many times over. The error of a gradient has nothing to do with the size of that gradient: where terms cancel each other out, as in that of a bias before batch
 * normalisation, only error is left.
 */
const bfloat16Tolerance = 1 / 16

/** Whether two numbers are the same or, where they may differ at all, near enough. */
const agree = (right: number | undefined, found: number | undefined, allowed: number): boolean => Object.is(right, found) || (allowed > 0 && Math.abs((right ?? Number.NaN) - (found ?? Number.NaN)) <= allowed)

/** What is wrong with a tensor, where it differs from the expected one in any bit or, in floats, by more than is allowed. */
const tensorDifference = (expected: AnyTensor, found: AnyTensor, allowed: number): string | undefined => {
  const [wanted, got] = [expected, found].map(({ dtype, shape }) => `${dtype} [${shape.join(', ')}]`)
  if (wanted !== got) return `it is ${got ?? ''} and not ${wanted ?? ''}`
  const [right, wrong] = [readSync<DataType>(expected), readSync<DataType>(found)]
  const differing = Array.from(right.keys()).filter((index) => !agree(right[index], wrong[index], expected.dtype === 'float32' ? allowed : 0))
  const [first] = differing
  if (first === undefined) return undefined
  const largest = differing.reduce((most, index) => Math.max(most, Math.abs((right[index] ?? 0) - (wrong[index] ?? 0))), 0)
  return `element ${first} is ${numeral(wrong[first])} and not ${numeral(right[first])}; ${differing.length} of ${right.length} elements differ, by up to ${largest}`
}

const leafDifference = (expected: unknown, found: unknown, allowed: number): string | undefined => {
  if (isTensor(expected) && isTensor(found)) return tensorDifference(expected, found, allowed)
  // Functions cannot be compared: each call may make its own.
  return Object.is(expected, found) || (typeof expected === 'function' && typeof found === 'function') ? undefined : `it is ${describe(found)} and not ${describe(expected)}`
}

const describe = (value: unknown): string => (isTensor(value) ? 'a tensor' : typeof value === 'string' ? JSON.stringify(value) : String(value))

/** The largest finite magnitude in all tensors of floats. */
const largestMagnitude = (tree: unknown): number =>
  flattenTree<unknown>(tree)
    .flatMap(({ leaf }) => (isTensor(leaf) && leaf.dtype === 'float32' ? [Array.from(readSync<DataType>(leaf))] : []))
    .reduce((most, values) => values.reduce((largest, value) => (Number.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest), most), 0)

/** The first path at which two results differ, and how. */
const firstDifference = (expected: unknown, found: unknown, allowed: number): string | undefined => {
  const leaves = [expected, found].map((tree) => new Map(flattenTree<unknown>(tree).map(({ path, leaf }) => [path, leaf])))
  const [right = new Map<string, unknown>(), wrong = new Map<string, unknown>()] = leaves
  for (const [path, leaf] of right) {
    const problem = wrong.has(path) ? leafDifference(leaf, wrong.get(path), allowed) : 'it is missing'
    if (problem !== undefined) return `at '${path}': ${problem}`
  }
  const added = [...wrong.keys()].find((path) => !right.has(path))
  return added === undefined ? undefined : `at '${added}': it should not be there`
}

/**
 * Makes a compiler that proves itself, to find out whether an error has to do with compiling: whenever a compiled function is called, the function itself is called
 * beside it, and their results have to be equal, bit for bit. It takes twice the time and memory.
 *
 * Where a function is compiled in bfloat16, it is compiled in float32, too, which has to give equal results; those in bfloat16 have to be within a sixteenth of the largest
 * magnitude of all results.
 *
 * @param compile The compiler, such as that of an open runtime.
 * @returns A compiler whose functions throw a TransferkitError `compile/differs` that names the first part of the result that differs.
 *
 * @example
 * ```ts
 * import { type Compile, randomUniform, randomKey, scope, verifiedCompile } from '@transferkit/tensor'
 *
 * const nothing: Compile = (f) => f
 * const draw = verifiedCompile(nothing)(({ seed }: { readonly seed: number }) => ({ noise: randomUniform(randomKey(seed), [2]) }))
 * const { noise } = scope(() => draw({ seed: 1 }))
 * ```
 */
export const verifiedCompile =
  (compile: Compile): Compile =>
  (f, options) => {
    const compiled = compile(f, options)
    const isRounded = options?.precision === 'bfloat16'
    const exact = isRounded ? compile(f) : undefined
    return (input) => {
      const found = compiled(input)
      scope(() => {
        const expected = f(input)
        const difference = (exact === undefined ? undefined : firstDifference(expected, exact(input), 0)) ?? firstDifference(expected, found, isRounded ? bfloat16Tolerance * largestMagnitude(expected) : 0)
        if (difference === undefined) return
        throw new TransferkitError(
          'compile/differs',
          `The compiled form of ${f.name === '' ? 'a function' : `'${f.name}'`} gives another result than the function itself, first ${difference}. Does the function use something beside its input that changes, such as a variable, the time or Math.random? If it does not, please report this; until then, do without compiling.`,
        )
      })
      return found
    }
  }
