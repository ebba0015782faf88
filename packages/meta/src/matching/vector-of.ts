import { concat, reshape, type Scalar, type Tensor, zeros } from '@transferkit/tensor'

/** Numbers side by side, `[number]`. @internal */
export const vectorOf = ([first, ...rest]: readonly Scalar[]): Tensor => {
  if (first === undefined) return zeros([0])
  const one = (number: Scalar): Tensor => reshape(number as Tensor, [1]) // A number as a vector of one
  return concat([one(first), ...rest.map(one)], 0)
}
