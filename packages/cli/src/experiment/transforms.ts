import { centreCrop, greyToRgb, horizontalFlip, padCrop, padTo, resize, rgbToGrey } from '@transferkit/datasets'
import type { BatchTransform } from '@transferkit/tensor'
import type { TransformEntry } from '../recipe/image-schemas.js'

/**
 * The transforms that a recipe lists.
 *
 * @param entries What the recipe says, in this order.
 * @internal
 */
export const transformsOf = (entries: readonly TransformEntry[]): readonly BatchTransform[] =>
  entries.flatMap((entry) => [
    ...(entry.resize === undefined ? [] : [resize(...entry.resize)]),
    ...(entry.padTo === undefined ? [] : [padTo(...entry.padTo)]),
    ...(entry.centreCrop === undefined ? [] : [centreCrop(...entry.centreCrop)]),
    ...(entry.padCrop === undefined ? [] : [padCrop(entry.padCrop)]),
    ...(entry.horizontalFlip === undefined ? [] : [horizontalFlip()]),
    ...(entry.greyToRgb === undefined ? [] : [greyToRgb()]),
    ...(entry.rgbToGrey === undefined ? [] : [rgbToGrey()]),
  ])
