import type { Strategy } from '@transferkit/tensor'
import { expectTypeOf, test } from 'vitest'
import { gtn } from './gtn.js'

test('options are checked by the compiler too', () => {
  expectTypeOf(gtn({ gateAt: 'stage3', warmUpMomentum: 'accumulated' })).toEqualTypeOf<Strategy>()
  expectTypeOf(gtn()).toEqualTypeOf<Strategy>()
  // @ts-expect-error There is no such way.
  gtn({ batchNormInWarmUp: 'adapt' })
  // @ts-expect-error There is no such option.
  gtn({ dropout: 0.5 })
})
