import type { Regulariser, Scalar, Strategy, TensorTree } from '@transferkit/tensor'
import { expectTypeOf, test } from 'vitest'
import type { BilevelProblem } from '../bilevel/bilevel-problem.js'
import { lwf } from '../family/lwf.js'
import { l2tWw } from './l2t-ww.js'
import { metaSgd } from './meta-sgd.js'

// Only types are looked at: nothing here runs.
declare const loss: Scalar
declare const tree: TensorTree

test('options are checked by the compiler too', () => {
  expectTypeOf(l2tWw({ pairs: [{ source: 'stage1', target: 'stage2' }], metaGradient: 'firstOrder' })).toEqualTypeOf<Strategy>()
  expectTypeOf(metaSgd({ per: 'stage' })).toEqualTypeOf<Strategy>()
  expectTypeOf(lwf({ temperature: 2 })).toEqualTypeOf<Regulariser>()
  // @ts-expect-error There is no such rule.
  l2tWw({ pairs: 'each' })
  // @ts-expect-error A pair has a source and a target.
  l2tWw({ pairs: [{ source: 'stage1' }] })
  // @ts-expect-error There is no such form.
  l2tWw({ metaGradient: 'second-order' })
  // @ts-expect-error There is no such option.
  metaSgd({ steps: 2 })
  // @ts-expect-error The option is a number.
  lwf({ temperature: 'two' })
})

test('a bilevel problem is made of numbers and trees', () => {
  expectTypeOf<{ inner: []; update: (iterate: { params: TensorTree; memory: TensorTree }) => { params: TensorTree; memory: TensorTree }; outer: () => Scalar }>().toExtend<BilevelProblem>()
  const update: BilevelProblem['update'] = (iterate) => iterate
  // @ts-expect-error The outer objective is one number.
  const vector: BilevelProblem = { inner: [], update, outer: () => tree }
  // @ts-expect-error An inner objective gives its value with what else is kept.
  const bare: BilevelProblem = { inner: [{ name: 'step', evaluate: () => loss }], update, outer: () => loss }
  expectTypeOf([vector, bare]).toEqualTypeOf<BilevelProblem[]>()
})
