import type { Compile } from '@transferkit/tensor'
import type { CompilingRuntime } from './test-compiled.js'

/**
 * Makes a compiler whose functions give the results of a recording from the first call on, for tests that call a function once.
 *
 * @param compile A compiler that records a function when it is first called.
 *
 * @example
 * ```ts
 * import { type Compile, scope, square, type Tensor, tensor } from '@transferkit/tensor'
 * import { replaying } from '@transferkit/training/testing'
 *
 * const compile: Compile = (f) => f
 * const four = scope(() => replaying(compile)((x: Tensor) => square(x))(tensor([2], [1])))
 * ```
 */
export const replaying =
  (compile: Compile): Compile =>
  (f) => {
    const compiled = compile(f)
    return (input) => {
      compiled(input)
      return compiled(input)
    }
  }

/**
 * Runs a check on a backend that records functions, with the results of recordings. The test is skipped where the backend cannot be opened, and says so.
 *
 * @param open Opens the backend.
 * @param skip Skips the test, as Vitest hands it to tests.
 * @param check Checks what compiled functions give.
 *
 * @example
 * ```ts
 * import { item, scalar, scope, square } from '@transferkit/tensor'
 * import { type CompilingRuntime, runCompiled } from '@transferkit/training/testing'
 *
 * const nineIsThreeSquared = (open: () => Promise<CompilingRuntime>, skip: (note: string) => never) =>
 *   runCompiled(open, skip, (compile) => {
 *     const found = scope(() => item(compile(({ x }: { readonly x: ReturnType<typeof scalar> }) => square(x))({ x: scalar(3) })))
 *     if (found !== 9) throw new Error(`It is ${found}.`)
 *   })
 * ```
 */
export const runCompiled = async (open: () => Promise<CompilingRuntime>, skip: (note: string) => never, check: (compile: Compile) => Promise<void> | void): Promise<void> => {
  const opened = await open().catch((error: unknown) => String(error))
  if (typeof opened === 'string') return skip(opened)
  try {
    await check(replaying(opened.compile))
  } finally {
    opened.close()
  }
}

/** A way to run a check. */
export interface CheckedWay {
  /** Whether functions run op by op on the active backend, or as recordings. */
  readonly way: 'op by op' | 'compiled'
  /**
   * Runs a check with a compiler, which changes nothing where functions run op by op.
   *
   * @param skip Skips the test, as Vitest hands it to tests.
   * @param check Checks what compiled functions give.
   */
  readonly run: (skip: (note: string) => never, check: (compile: Compile) => Promise<void> | void) => Promise<void>
}

/**
 * The two ways to run a check: op by op on the active backend, and with recordings on one that makes them. For `test.for`.
 *
 * @param open Opens the backend that records functions.
 *
 * @example
 * ```ts
 * import { checkedWays, type CompilingRuntime } from '@transferkit/training/testing'
 *
 * const names = (open: () => Promise<CompilingRuntime>) => checkedWays(open).map(({ way }) => way)
 * ```
 */
export const checkedWays = (open: () => Promise<CompilingRuntime>): readonly CheckedWay[] => [
  { way: 'op by op', run: async (_skip, check) => check((f) => f) },
  { way: 'compiled', run: (skip, check) => runCompiled(open, skip, check) },
]
