import type { Dataset, Key } from '@transferkit/tensor'
import { expectTypeOf, test } from 'vitest'
import { fewShot, fewShotSplit, type FewShotSplit } from './few-shot.js'
import { stratifiedSplit } from './stratified-split.js'
import { subset } from './subset.js'
import type { TextDataset } from './text-dataset.js'

declare const images: Dataset
declare const texts: TextDataset
declare const key: Key

test('what is made of images is images, and what is made of texts is texts', () => {
  expectTypeOf(subset(images, [0])).toEqualTypeOf<Dataset>()
  expectTypeOf(subset(texts, [0])).toEqualTypeOf<TextDataset>()
  expectTypeOf(fewShot(texts, 1, key)).toEqualTypeOf<TextDataset>()
  expectTypeOf(fewShotSplit(images, 1, key)).toEqualTypeOf<FewShotSplit<Dataset>>()
})

test('the parts of a split are known by name', () => {
  const split = stratifiedSplit(texts, { train: 0.9, test: 0.1 }, key)
  expectTypeOf(split).toEqualTypeOf<Readonly<Record<'train' | 'test', TextDataset>>>()
  // @ts-expect-error there is no such part
  expectTypeOf(split.validation).toBeUndefined()
})
