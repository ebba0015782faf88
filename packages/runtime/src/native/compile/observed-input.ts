import { type AnyTensor, isBranch, type Tree } from '@transferkit/tensor'

/** Values that are not tensors and were read while a function ran, by their path in its input. @internal */
export type ReadValues = ReadonlyMap<string, unknown>

/** An input that notes what is read of it. @internal */
export interface ObservedInput<I> {
  readonly input: I
  readonly read: ReadValues
}

/**
 * A copy of an input with other tensors, which notes every other value that is read of it: a number that decides how the function computes must be
 * the same when the recording is used again. @internal
 *
 * @param input Trees of tensors and other values.
 * @param tensors What to put in the place of each tensor, by path.
 */
export const observeInput = <I>(input: I, tensors: ReadonlyMap<string, AnyTensor>): ObservedInput<I> => {
  const read = new Map<string, unknown>()
  const observe = (value: Tree<unknown>, path: string): unknown => {
    const tensor = tensors.get(path)
    if (tensor !== undefined || !isBranch(value)) return tensor ?? value
    const observed = Array.isArray(value) ? [] : {}
    for (const [name, child] of Object.entries(value)) {
      const childPath = path === '' ? name : `${path}.${name}`
      const copy = observe(child, childPath)
      const isLeaf = !isBranch(child) && !tensors.has(childPath)
      Object.defineProperty(observed, name, {
        enumerable: true,
        get: () => {
          if (isLeaf) read.set(childPath, child)
          return copy
        },
      })
    }
    return observed
  }
  // The copy has the structure of the input.
  return { input: observe(input, '') as I, read }
}
