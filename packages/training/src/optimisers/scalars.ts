import { scalar, type Tensor } from '@transferkit/tensor'

/** One tensor for each number of an update, so that a number shared by a hundred parameters is uploaded once. @internal */
export const scalarsByValue = (): ((value: number) => Tensor) => {
  const made = new Map<number, Tensor>()
  return (value) => {
    const known = made.get(value)
    if (known !== undefined) return known
    const fresh: Tensor = scalar(value)
    made.set(value, fresh)
    return fresh
  }
}
