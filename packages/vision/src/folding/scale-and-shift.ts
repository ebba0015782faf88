import { add, multiply, rsqrt, subtract, type Tensor, variable, type Variables } from '@transferkit/tensor'

/** Batch norm with fixed statistics as `x ⊙ scale + shift`. @internal */
export const asScaleAndShift = ({ params, state }: Variables, epsilon: number): { readonly scale: Tensor; readonly shift: Tensor } => {
  const scale = multiply(rsqrt(add(variable(state, 'variance'), epsilon)), variable(params, 'scale'))
  return { scale, shift: subtract(variable(params, 'offset'), multiply(variable(state, 'mean'), scale)) }
}
