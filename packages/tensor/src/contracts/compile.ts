/** What a compiled function computes in: `float32` throughout, or `bfloat16` for what costs most. */
export type Precision = 'float32' | 'bfloat16'

/** How a function is compiled. */
export interface CompileOptions {
  /**
   * `float32` unless told, with the results of the function itself. With `bfloat16` convolutions and matrix products, and what lies between convolutions, are computed in
   * numbers of 8 significant bits, where the backend has them; all else, such as losses, statistics and optimisers, and what goes in and comes out, stays in float32.
   */
  readonly precision?: Precision
}

/**
 * Makes a faster form of a pure function of one object that holds trees of tensors, with the same results.
 *
 * A native backend records the function once for each structure of its input and replays it as one operation; everywhere else a compiler returns
 * the function as it is. Tensors that the function uses without being given them count as constants. Random numbers are drawn anew from the keys of each
 * call. Names in a result stand in alphabetical order. A function that reads the values of a tensor, or that decides by other values which change from call to call, runs op by op, which is said once.
 *
 * @param f A pure function.
 * @param options How it is compiled.
 * @returns A function with the same results; in another precision, with nearly the same.
 */
export type Compile = <I, O>(f: (input: I) => O, options?: CompileOptions) => (input: I) => O
