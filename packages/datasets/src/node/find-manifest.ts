import { nearestSpelling, TransferkitError } from '@transferkit/tensor'
import { knownManifests } from './known/index.js'
import type { DatasetManifest, ImageManifest, TextManifest } from './manifest.js'

/** A split of a known data set. */
export interface NamedSplit<Manifest> {
  readonly manifest: Manifest
  readonly split: string
}

/** The image set and split that a name such as `mnist/train` stands for. */
export const findImageSplit = (name: string, manifests: readonly DatasetManifest[] = knownManifests): NamedSplit<ImageManifest> => {
  const { manifest, split } = findSplit(name, manifests)
  if (manifest.kind === 'image') return { manifest, split }
  throw new TransferkitError('dataset/wrong-kind', `${name}: is a set of texts; load it with loadTextDataset.`)
}

/** The text set and split that a name such as `sst2/train` stands for. */
export const findTextSplit = (name: string, manifests: readonly DatasetManifest[] = knownManifests): NamedSplit<TextManifest> => {
  const { manifest, split } = findSplit(name, manifests)
  if (manifest.kind === 'text') return { manifest, split }
  throw new TransferkitError('dataset/wrong-kind', `${name}: is a set of images; load it with loadDataset.`)
}

const findSplit = (name: string, manifests: readonly DatasetManifest[]): NamedSplit<DatasetManifest> => {
  const whole = manifests.find((manifest) => manifest.name === name)
  if (whole !== undefined) {
    const splits = Object.keys(whole.splits)
    const [only] = splits
    if (only !== undefined && splits.length === 1) return { manifest: whole, split: only }
    throw new TransferkitError('dataset/no-split', `${name}: has several splits; write one of ${splits.map((split) => `${name}/${split}`).join(', ')}.`)
  }
  const slash = name.lastIndexOf('/')
  const manifest = manifests.find((candidate) => candidate.name === name.slice(0, Math.max(slash, 0)))
  const split = name.slice(slash + 1)
  if (manifest === undefined) {
    const names = manifests.map((candidate) => candidate.name)
    const nearest = nearestSpelling(slash === -1 ? name : name.slice(0, slash), names)
    throw new TransferkitError(
      'dataset/unknown',
      `${name}: there is no such data set. ${nearest === undefined ? '' : `Did you mean ${nearest}? `}Known are: ${names.join(', ')}; a split follows after /, as in mnist/train.`,
    )
  }
  if (!(split in manifest.splits)) {
    throw new TransferkitError('dataset/no-split', `${name}: ${manifest.name} has no split ${JSON.stringify(split)}. Its splits are: ${Object.keys(manifest.splits).join(', ')}.`)
  }
  return { manifest, split }
}
