import { type DecathlonDomain, decathlonDomains } from './published.js'

/** How images are read, in the words of a recipe. */
export interface DecathlonImages {
  /** Height and width in pixels. */
  readonly size: readonly [number, number]
  /** `cover`: the shorter side gets this size, and the middle is kept. */
  readonly fit: 'cover'
}

/** One step of the preparation of images, in the words of a recipe: exactly one of the fields is there, as in `{ padCrop: 4 }`. */
export interface DecathlonTransform {
  /** Height and width, in pixels, of the window that is cut out of the middle. */
  readonly centreCrop?: readonly [number, number]
  /** Pixels by which each image is shifted at most, at random, up or down and left or right; zeros come in. */
  readonly padCrop?: number
  /** Each image is mirrored left to right with probability one half. */
  readonly horizontalFlip?: true
}

/** How the images of a domain are prepared, in the words of a recipe. */
export interface DecathlonPreprocessing {
  /** How they are read. */
  readonly images: DecathlonImages
  /** What is done to all images. */
  readonly transforms: readonly DecathlonTransform[]
  /** What is done to training images; its steps without random choice are done to test images too. */
  readonly augment: readonly DecathlonTransform[]
}

const images: DecathlonImages = { size: [72, 72], fit: 'cover' }

/**
 * A shift by at most 4 of 72 pixels, then the middle 64: of the shifted image no border is left, so this is a window of 64 pixels at a random place.
 * Without the shift it is the middle, as for test images.
 */
const cropped: DecathlonPreprocessing = { images, transforms: [], augment: [{ padCrop: 4 }, { horizontalFlip: true }, { centreCrop: [64, 64] }] }

/** Signs, characters and house numbers change their meaning when they are mirrored or cut. */
const whole: DecathlonPreprocessing = { images, transforms: [], augment: [] }

const uncut: readonly DecathlonDomain[] = ['gtsrb', 'omniglot', 'svhn']

/**
 * How the adapters papers prepare the images of each domain: shorter side 72 pixels, a random window of 64 and flips in training, the middle 64 in tests.
 * `gtsrb`, `omniglot` and `svhn` are taken whole, 72 pixels wide, without shift and flip. Channels are normalised by mean and standard deviation of
 * the domain.
 */
export const decathlonPreprocessing: Readonly<Record<DecathlonDomain, DecathlonPreprocessing>> =
  // Every domain gets one.
  Object.fromEntries(decathlonDomains.map(({ name }) => [name, uncut.includes(name) ? whole : cropped])) as Record<DecathlonDomain, DecathlonPreprocessing>
