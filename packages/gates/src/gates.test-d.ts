import type { Labels, Tensor, TensorTree } from '@transferkit/tensor'
import { expectTypeOf, test } from 'vitest'
import { gate, type Gate } from './gate.js'
import { parameterTransferUnit, type ParameterTransferUnit, type UnitResult } from './parameter-transfer-unit.js'

// Only types are looked at: nothing here runs.
declare const unit: ParameterTransferUnit
declare const params: TensorTree
declare const activation: Tensor<['batch', 16]>
declare const labels: Labels

test('a unit mixes activations', () => {
  expectTypeOf(gate({ kind: 'pointwise', bias: -2 })).toEqualTypeOf<Gate>()
  expectTypeOf(unit.apply(params, { source: activation, target: activation })).toEqualTypeOf<UnitResult>()
})

test('what does not fit does not compile', () => {
  // @ts-expect-error There is no such kind.
  gate({ kind: 'convolution' })
  // @ts-expect-error There is no such option.
  gate({ kind: 'dense', size: 3 })
  // @ts-expect-error There is no such candidate, and its gates are missing.
  parameterTransferUnit({ candidate: 'heavy' })
  // @ts-expect-error A unit needs both streams.
  unit.apply(params, { source: activation })
  // @ts-expect-error Labels are no activation.
  unit.apply(params, { source: activation, target: labels })
  // @ts-expect-error Shapes are lists of sizes.
  unit.init({} as never, { source: 16, target: 16 })
})
