/** The node of an output, which is written as `node` or `node:index`. @internal */
export const nodeOf = (output: string): string => output.split(':')[0] ?? output
