import type { Strategy } from '@transferkit/tensor'
import { expectTypeOf, test } from 'vitest'
import { ptu } from './ptu.js'

test('options are checked by the compiler too', () => {
  expectTypeOf(ptu({ candidate: 'threeState', unitsAfter: ['stage1'] })).toEqualTypeOf<Strategy>()
  expectTypeOf(ptu()).toEqualTypeOf<Strategy>()
  // @ts-expect-error There is no such candidate.
  ptu({ candidate: 'heavy' })
  // @ts-expect-error There is no such option.
  ptu({ gates: 'pointwise' })
})
