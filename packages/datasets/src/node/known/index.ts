import type { DatasetManifest } from '../manifest.js'
import { digitManifests } from './digits.js'
import { imageManifests } from './images.js'
import { textManifests } from './texts.js'

/** Manifests of the data sets that this package knows. */
export const knownManifests: readonly DatasetManifest[] = [...digitManifests, ...imageManifests, ...textManifests]
