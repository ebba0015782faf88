import type { Dataset, Regulariser, Strategy, Tensor, TrainedNetwork } from '@transferkit/tensor'
import { expectTypeOf, test } from 'vitest'
import { sgd } from '../optimisers/sgd.js'
import { cosine } from '../schedules/schedule.js'
import { compose } from '../strategies/compose.js'
import { fineTune } from '../strategies/fine-tune.js'
import { l2SpPenalty } from '../strategies/l2-sp.js'
import type { TrainingEvent } from './events.js'
import { transfer, type TransferResult } from './transfer.js'

// Only types are looked at: nothing here runs.
declare const source: TrainedNetwork
declare const target: Dataset
declare const images: Tensor<['batch', 'height', 'width', 'channel']>

test('a transfer is awaited for the model, or iterated for its progress', async () => {
  const run = transfer({ source, target, strategy: fineTune(), steps: 10, optimiser: sgd({ momentum: 0.9 }), schedule: cosine(0.1) })
  expectTypeOf(await run).toEqualTypeOf<TransferResult>()
  for await (const event of run) expectTypeOf(event).toEqualTypeOf<TrainingEvent>()
})

test('what may be composed', () => {
  expectTypeOf(compose(fineTune(), l2SpPenalty())).toEqualTypeOf<Strategy>()
  expectTypeOf(l2SpPenalty()).toEqualTypeOf<Regulariser>()
  // @ts-expect-error Two structures cannot be composed.
  compose(fineTune(), fineTune())
  // @ts-expect-error A structure comes first.
  compose(l2SpPenalty(), l2SpPenalty())
})

test('what does not fit does not compile', () => {
  // @ts-expect-error There is no source.
  transfer({ target, strategy: fineTune(), steps: 10 })
  // @ts-expect-error A regulariser alone builds no model.
  transfer({ source, target, strategy: l2SpPenalty(), steps: 10 })
  // @ts-expect-error A strategy is no name; `strategyById` finds one by its name.
  transfer({ source, target, strategy: 'fine-tune', steps: 10 })
  // @ts-expect-error There is no such option.
  transfer({ source, target, strategy: fineTune(), step: 10 })
  // @ts-expect-error There is no such choice.
  transfer({ source, target, strategy: fineTune(), steps: 10, keep: 'first' })
  // @ts-expect-error A schedule says the rate of each step; `constant` makes one of a number.
  transfer({ source, target, strategy: fineTune(), steps: 10, schedule: 0.1 })
  // @ts-expect-error The option is misspelt.
  fineTune({ headLearningRte: 10 })
  // @ts-expect-error Momentum is a number.
  sgd({ momentum: '0.9' })
})

test('the model takes images as they were stored, and tensors in `logits` only', async () => {
  const model = {} as TransferResult
  expectTypeOf(model.logits(images)).toEqualTypeOf<Tensor<readonly ['batch', 'class']>>()
  // @ts-expect-error A tensor is not what was stored.
  await model.predict(images)
})
