import { type AnyTensor, type Branch, isBranch, type Key, standInKey, type Tree } from '@transferkit/tensor'

/** Values that are not tensors and were read while a function ran, by their path in its input. @internal */
export type ReadValues = ReadonlyMap<string, unknown>

/** A random key of an input. @internal */
export interface InputKey {
  /** Where it stands in the input. */
  readonly path: string
  readonly words: Key
}

/** An input that notes what is read of it. @internal */
export interface ObservedInput<I> {
  readonly input: I
  readonly read: ReadValues
  /** Its random keys, by the stand-ins that it holds in their places. */
  readonly keys: ReadonlyMap<Key, InputKey>
}

/** The random key that a branch is. */
const keyOf = (branch: Branch<unknown>): Key | undefined => {
  const words = new Map<string, unknown>(Object.entries(branch))
  const [high, low] = [words.get('high'), words.get('low')]
  return typeof high === 'number' && typeof low === 'number' && words.size === 2 ? { high, low } : undefined
}

/**
 * A copy of an input with other tensors, which notes every other value that is read of it: a number that decides how the function computes must be
 * the same when the recording is used again. A random key is replaced by a stand-in, whose words count as read only when the function looks at them. @internal
 *
 * @param input Trees of tensors and other values.
 * @param tensors What to put in the place of each tensor, by path.
 */
export const observeInput = <I>(input: I, tensors: ReadonlyMap<string, AnyTensor>): ObservedInput<I> => {
  const read = new Map<string, unknown>()
  const keys = new Map<Key, InputKey>()
  const observe = (value: Tree<unknown>, path: string): unknown => {
    const tensor = tensors.get(path)
    if (tensor !== undefined || !isBranch(value)) return tensor ?? value
    const words = keyOf(value)
    if (words !== undefined) {
      const key = standInKey(() => {
        read.set(`${path}.high`, words.high).set(`${path}.low`, words.low)
        return words
      })
      keys.set(key, { path, words })
      return key
    }
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
  return { input: observe(input, '') as I, read, keys }
}
