/**
 * Makes a faster form of a pure function of one object that holds trees of tensors, with the same results.
 *
 * A native backend records the function once for each structure of its input and replays it as one operation; everywhere else a compiler returns
 * the function as it is. Tensors that the function uses without being given them count as constants. A function that reads the values of a tensor, or
 * that depends on other values which change from call to call, such as random keys, runs op by op.
 *
 * @param f A pure function.
 * @returns A function with the same results.
 */
export type Compile = <I, O>(f: (input: I) => O) => (input: I) => O
