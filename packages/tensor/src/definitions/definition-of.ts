/**
 * Puts what a definition says of itself on the function that makes what it defines.
 *
 * @param make A function that nobody else has.
 * @param says Name, kind and whatever else is to be read off it.
 * @returns The same function.
 *
 * @typeParam Make The function.
 * @typeParam Says What is put on it.
 *
 * @example
 * ```ts
 * import { definitionOf } from '@transferkit/tensor'
 *
 * const { name } = definitionOf(() => 0, { name: 'nothing' }) // nothing, though a function has a name of its own
 * ```
 */
export const definitionOf = <Make extends (...given: never[]) => unknown, Says extends object>(make: Make, says: Says): Make & Says =>
  // A function's own name cannot be assigned, only defined, which the compiler does not follow.
  Object.defineProperties(make, Object.fromEntries(Object.entries(says).map(([property, value]: [string, unknown]) => [property, { value, enumerable: true }]))) as Make & Says
