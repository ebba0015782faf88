/**
 * Makes a faster form of a pure function of one object that holds trees of tensors, with the same results.
 *
 * A native backend records the function once for each structure of its input and replays it as one operation; everywhere else a compiler returns
 * the function as it is. Tensors that the function uses without being given them count as constants. Random numbers are drawn anew from the keys of each
 * call. Names in a result stand in alphabetical order. A function that reads the values of a tensor, or that decides by other values which change from call to call, runs op by op, which is said once.
 *
 * @param f A pure function.
 * @returns A function with the same results.
 */
export type Compile = <I, O>(f: (input: I) => O) => (input: I) => O
