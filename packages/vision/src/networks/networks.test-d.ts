import { inference, type Logits, type Network, type Tensor, type Variables } from '@transferkit/tensor'
import { expectTypeOf, test } from 'vitest'
import { parallelAdapters } from '../strategies/parallel-adapters.js'
import { seriesAdapters } from '../strategies/series-adapters.js'
import { resnet18 } from './resnet.js'

// Only types are looked at: nothing here runs.
declare const network: Network
declare const variables: Variables
declare const images: Tensor<['batch', 224, 224, 3]>

test('a network gives scores of classes', () => {
  expectTypeOf(resnet18({ classes: 10, stem: 'small' })).toEqualTypeOf<Network>()
  expectTypeOf(network.apply(variables, images, inference).output).toEqualTypeOf<Logits>()
  // @ts-expect-error Scores are no images.
  expectTypeOf(network.apply(variables, images, inference).output).toEqualTypeOf<Tensor<['batch', 'height', 'width', 'channel']>>()
})

test('what does not fit does not compile', () => {
  // @ts-expect-error The number of classes is not known.
  resnet18()
  // @ts-expect-error There is no such stem.
  resnet18({ classes: 10, stem: 'tiny' })
  // @ts-expect-error Images are tensors.
  network.apply(variables, [0, 1], inference)
  // @ts-expect-error There is no such place.
  parallelAdapters({ proj: 'both' })
  // @ts-expect-error Only parallel adapters have this option.
  seriesAdapters({ dropout: 0.5 })
})
