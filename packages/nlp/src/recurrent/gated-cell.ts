import { add, branchAt, foldIn, matMul, randomUniform, reshape, type Tensor, type TensorTree, variable, type Vectors, zeros } from '@transferkit/tensor'
import type { CellOptions, RecurrentCell } from './cell.js'
import { orthogonal } from './orthogonal.js'

/** What all cells have: parameters of both products, with gates side by side. */
export const cellInit =
  (gates: number, { hiddenSize, orthogonal: isOrthogonal = false }: CellOptions): RecurrentCell['init'] =>
  (key, inputSize) => {
    const columns = gates * hiddenSize
    const bound = 1 / Math.sqrt(hiddenSize)
    const uniform = (name: string, shape: readonly number[]): Tensor => randomUniform(foldIn(key, name), shape, -bound, bound)
    const bias = (name: string): Tensor => (isOrthogonal ? zeros([columns]) : uniform(name, [columns]))
    return {
      input: { weight: uniform('input.weight', [inputSize, columns]), bias: bias('input.bias') },
      hidden: { weight: isOrthogonal ? orthogonal(foldIn(key, 'hidden.weight'), [hiddenSize, columns]) : uniform('hidden.weight', [hiddenSize, columns]), bias: bias('hidden.bias') },
    }
  }

/** Weight and bias of the product with the input or with the hidden state. */
export const productOf = (params: TensorTree, name: 'input' | 'hidden'): { readonly weight: Tensor; readonly bias: Tensor } => {
  const branch = branchAt(params, name)
  return { weight: variable(branch, 'weight'), bias: variable(branch, 'bias') }
}

/** `x W`, whose sizes are checked at run time. */
export const productWith = (x: Tensor, weight: Tensor): Tensor => matMul(x, weight)

/** `x W + b` of all steps at once: one product of matrices instead of one an example. */
export const projectSteps = (x: Tensor, weight: Tensor, bias: Tensor): Tensor => {
  const [batch = 0, steps = 0, channels = 0] = x.shape
  const rows = productWith(reshape(x, [batch * steps, channels]), weight)
  return reshape(add(rows, bias), [batch, steps, bias.size])
}

/** Zeros in the shape of a state. */
export const zeroState = (batch: number, hiddenSize: number): Vectors =>
  zeros([batch, hiddenSize])
