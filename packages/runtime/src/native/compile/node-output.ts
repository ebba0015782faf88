/** The node of an output, which is written as `node` or `node:index`. @internal */
export const nodeOf = (output: string): string => output.split(':')[0] ?? output

/** Shape of an output; undefined where it is not known. @internal */
export type ShapeOf = (output: string) => readonly number[] | undefined
