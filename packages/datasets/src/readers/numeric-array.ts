/** Element types of the numeric file formats. */
export type NumericData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array

/** An array as a file holds it: numbers in row-major order, and their shape. */
export interface NumericArray {
  /** The numbers, last axis fastest. */
  readonly data: NumericData
  /** Size of each axis; empty for a single number. */
  readonly shape: readonly number[]
}
