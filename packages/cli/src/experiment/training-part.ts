import { fewShot, fewShotSplit, stratifiedSplit, subset, type FewShotSplit, type TextDataset } from '@transferkit/datasets'
import { type Dataset, foldIn, type Key, permutation, randomKey } from '@transferkit/tensor'
import type { TargetSettings } from '../recipe/target-schema.js'

/** How sets of one kind, of images or of texts, are cut. */
interface SetParts<Examples> {
  readonly fewShot: (all: Examples, perClass: number, key: Key) => Examples
  readonly fewShotSplit: (all: Examples, perClass: number, key: Key) => FewShotSplit<Examples>
  readonly stratifiedSplit: (all: Examples, fractions: { readonly train: number; readonly test: number }, key: Key) => { readonly train: Examples; readonly test: Examples }
  readonly subset: (all: Examples, indices: readonly number[], name: string) => Examples
}

/** How sets of images are cut. @internal */
export const imageParts: SetParts<Dataset> = { fewShot, fewShotSplit, stratifiedSplit: (all, fractions, key) => stratifiedSplit(all, fractions, key), subset }

/** How sets of texts are cut. @internal */
export const textParts: SetParts<TextDataset> = { fewShot, fewShotSplit, stratifiedSplit: (all, fractions, key) => stratifiedSplit(all, fractions, key), subset }

type LabelledSet = Pick<Dataset, 'name' | 'size' | 'labels' | 'task'>

/** A share of each class, and at least one example of each; a larger share with the same key adds to a smaller one. */
const shareOfClasses = ({ labels, task }: LabelledSet, share: number, key: Key): readonly number[] =>
  task.classes
    .flatMap((_, label) => {
      const members = Array.from(labels.keys()).filter((position) => labels[position] === label)
      const wanted = Math.min(members.length, Math.max(1, Math.round(share * members.length)))
      return Array.from(permutation(foldIn(key, label), members.length).subarray(0, wanted), (order) => members[order] ?? 0)
    })
    .sort((a, b) => a - b)

/** Examples to train on and to test on. @internal */
export interface Parts<Examples> {
  /** What is trained on. */
  readonly train: Examples
  /** What is tested on. */
  readonly test: Examples
}

/**
 * The training examples of a seed: all of them, so many of each class, or a share of each class.
 *
 * @internal
 */
export const trainingPart = <Examples extends LabelledSet>(all: Examples, { examplesPerClass, trainShare = 1 }: TargetSettings, seed: number, parts: SetParts<Examples>): Examples => {
  const key = foldIn(randomKey(seed), 'few-shot')
  if (examplesPerClass !== undefined) return parts.fewShot(all, examplesPerClass, key)
  return trainShare === 1 ? all : parts.subset(all, shareOfClasses(all, trainShare, key), `${all.name}, ${String(100 * trainShare)} %`)
}

/**
 * The training examples of a seed, and all others to test on.
 *
 * @internal
 */
export const trainingPartAndRest = <Examples extends LabelledSet>(all: Examples, { examplesPerClass, trainShare = 1 }: TargetSettings, seed: number, parts: SetParts<Examples>): Parts<Examples> => {
  const key = foldIn(randomKey(seed), 'few-shot')
  if (examplesPerClass !== undefined) return parts.fewShotSplit(all, examplesPerClass, key)
  const chosen = shareOfClasses(all, trainShare, key)
  const taken = new Set(chosen)
  const rest = Array.from(all.labels.keys()).filter((position) => !taken.has(position))
  const percent = `${String(100 * trainShare)} %`
  return { train: parts.subset(all, chosen, `${all.name}, ${percent}`), test: parts.subset(all, rest, `${all.name}, all but ${percent}`) }
}

/**
 * A share of each class to test on, the same for all seeds, and all others to train on.
 *
 * @internal
 */
export const heldOut = <Examples extends LabelledSet>(all: Examples, share: number, parts: SetParts<Examples>): Parts<Examples> => parts.stratifiedSplit(all, { train: 1 - share, test: share }, foldIn(randomKey(0), 'test'))
