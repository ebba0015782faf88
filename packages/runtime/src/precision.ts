import type { Compile, Precision } from '@transferkit/tensor'

/**
 * A compiler that computes in float32 where a function should be compiled in a precision that there is not, and says so once. @internal
 *
 * @param compile The backend's compiler.
 * @param precisions What it can compute in.
 * @param backend What the backend is, for people.
 * @param warn Is told.
 */
export const withFallback = (compile: Compile, precisions: readonly Precision[], backend: string, warn: (text: string) => void): Compile => {
  let told = false
  return (f, options) => {
    if (options?.precision === undefined || precisions.includes(options.precision)) return compile(f, options)
    // It is no error: the numbers are better than those that were asked for, and only slower.
    if (!told) warn(`${backend} has no fast ${options.precision} here, so float32 is used.`)
    told = true
    return compile(f, { ...options, precision: 'float32' })
  }
}
