import type { Strategy } from '@transferkit/tensor'
import { expectTypeOf, test } from 'vitest'
import { discreteStates } from './discrete-states.js'
import { recurrentPtu } from './recurrent-ptu.js'

test('options are checked by the compiler too', () => {
  expectTypeOf(recurrentPtu({ candidate: 'threeState', layers: ['recurrent1'] })).toEqualTypeOf<Strategy>()
  expectTypeOf(discreteStates({ hidden: 'frozen' })).toEqualTypeOf<Strategy>()
  // @ts-expect-error There is no such kind of gate for vectors.
  recurrentPtu({ gate: 'pointwise' })
  // @ts-expect-error There is no such option.
  recurrentPtu({ unitsAfter: 'stages' })
  // @ts-expect-error There is no such treatment.
  discreteStates({ hidden: 'freeze' })
})
