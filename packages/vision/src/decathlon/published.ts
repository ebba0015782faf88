import type { DomainAccuracies } from './score.js'

/** A domain of the Visual Decathlon by the name of its folder. */
export type DecathlonDomain = 'imagenet12' | 'aircraft' | 'cifar100' | 'daimlerpedcls' | 'dtd' | 'gtsrb' | 'vgg-flowers' | 'omniglot' | 'svhn' | 'ucf101'

/** What is known of a domain. */
export interface DecathlonDomainFacts {
  /** Name in the folder of the benchmark. */
  readonly name: DecathlonDomain
  /** Short name in the published tables. */
  readonly short: string
  /** Number of classes. */
  readonly classes: number
  /** Number of training images; that of ImageNet is rounded. */
  readonly trainingImages: number
}

/** The ten domains in the order of the published tables. */
export const decathlonDomains: readonly DecathlonDomainFacts[] = [
  { name: 'imagenet12', short: 'ImNet', classes: 1000, trainingImages: 1_230_000 },
  { name: 'aircraft', short: 'Airc', classes: 100, trainingImages: 3334 },
  { name: 'cifar100', short: 'C100', classes: 100, trainingImages: 40_000 },
  { name: 'daimlerpedcls', short: 'DPed', classes: 2, trainingImages: 23_520 },
  { name: 'dtd', short: 'DTD', classes: 47, trainingImages: 1880 },
  { name: 'gtsrb', short: 'GTSR', classes: 43, trainingImages: 31_367 },
  { name: 'vgg-flowers', short: 'Flwr', classes: 102, trainingImages: 1020 },
  { name: 'omniglot', short: 'OGlt', classes: 1623, trainingImages: 17_853 },
  { name: 'svhn', short: 'SVHN', classes: 10, trainingImages: 47_217 },
  { name: 'ucf101', short: 'UCF', classes: 101, trainingImages: 7629 },
]

/**
 * How a published row is known. All were read at second hand: `reprinted`, seen again in later papers; `leaderboard`, its score seen in a public
 * leaderboard; `recalled`, neither.
 */
export type DecathlonEvidence = 'reprinted' | 'leaderboard' | 'recalled'

/** A row of the published results: top-1 accuracies on the test set. */
export interface DecathlonRow {
  /** Name of the method. */
  readonly method: string
  /** Parameters of all ten models as a multiple of one network, heads not counted. */
  readonly parameters: number
  /** Accuracy by domain in per cent, in the order of {@link decathlonDomains}. */
  readonly percentages: readonly number[]
  /** The mean as it was published, in per cent. */
  readonly mean: number
  /** The score as it was published. */
  readonly score: number
  /** How the row is known. */
  readonly evidence: DecathlonEvidence
}

const row = (evidence: DecathlonEvidence, method: string, parameters: number, percentages: readonly number[], mean: number, score: number): DecathlonRow => ({
  method,
  parameters,
  percentages,
  mean,
  score,
  evidence,
})

/**
 * Published results of the Visual Decathlon: Rebuffi et al. (2017), table 1, and Rebuffi et al. (2018), with what later papers added.
 *
 * The accuracies are rounded to two decimals, so that a score computed from them is a little off the published one.
 */
export const decathlonTable: readonly DecathlonRow[] = [
  row('reprinted', 'Scratch', 10, [59.87, 57.1, 75.73, 91.2, 37.77, 96.55, 56.3, 88.74, 96.63, 43.27], 70.32, 1625),
  row('recalled', 'Scratch+', 11, [59.67, 59.59, 76.08, 92.45, 39.63, 96.9, 56.66, 88.74, 96.78, 44.17], 71.07, 1826),
  row('reprinted', 'Feature extractor', 1, [59.67, 23.31, 63.11, 80.33, 45.37, 68.16, 73.69, 58.79, 43.54, 26.8], 54.28, 544),
  row('reprinted', 'Fine-tune', 10, [59.87, 60.34, 82.12, 92.82, 55.53, 97.53, 81.41, 87.69, 96.55, 51.2], 76.51, 2500),
  row('recalled', 'LwF', 10, [59.87, 61.15, 82.23, 92.34, 58.83, 97.57, 83.05, 88.08, 96.1, 50.04], 76.93, 2515),
  row('recalled', 'BN adaptation', 1, [59.87, 43.05, 78.62, 92.07, 51.6, 95.82, 74.14, 84.83, 94.1, 43.51], 71.76, 1363),
  row('reprinted', 'Series adapters (2017)', 2, [59.67, 56.68, 81.2, 93.88, 50.85, 97.05, 66.24, 89.62, 96.13, 47.45], 73.88, 2118),
  row('leaderboard', 'Series adapters (2017), tuned decay', 2, [59.67, 61.87, 81.2, 93.88, 57.13, 97.57, 81.67, 89.62, 96.13, 50.12], 76.89, 2621),
  row('leaderboard', 'Series adapters (2017), fine-tune all', 2, [59.23, 63.73, 81.31, 93.3, 57.02, 97.47, 83.43, 89.82, 96.17, 50.28], 77.17, 2643),
  row('leaderboard', 'Series adapters (2017), domain predicted', 2.5, [59.18, 63.52, 81.12, 93.29, 54.93, 97.2, 82.29, 89.82, 95.99, 50.1], 76.74, 2503),
  row('leaderboard', 'Series adapters (2017), large network', 12, [67, 67.69, 84.69, 94.28, 59.41, 97.43, 84.86, 89.92, 96.59, 52.39], 79.43, 3131),
  row('recalled', 'Fine-tune, setting of 2018', 10, [60.32, 60.34, 82.12, 92.82, 55.53, 99.42, 81.41, 89.12, 96.55, 51.2], 76.88, 3096),
  row('leaderboard', 'Series adapters (2018)', 2, [60.32, 61.87, 81.22, 93.88, 57.13, 99.27, 81.67, 89.62, 96.57, 50.12], 77.17, 3159),
  row('leaderboard', 'Parallel adapters (2018)', 2, [60.32, 64.21, 81.92, 94.73, 58.83, 99.38, 84.68, 89.21, 96.54, 50.94], 78.07, 3412),
  row('reprinted', 'Parallel SVD (2018)', 1.5, [60.32, 66.04, 81.86, 94.23, 57.82, 99.24, 85.74, 89.25, 96.62, 52.5], 78.36, 3398),
  row('reprinted', 'DAN, controllers (Rosenfeld and Tsotsos)', 2.17, [57.74, 64.12, 80.07, 91.3, 56.54, 98.46, 86.05, 89.67, 96.77, 49.38], 77.01, 2851),
  row('reprinted', 'Piggyback (Mallya et al.)', 1.28, [57.69, 65.29, 79.87, 96.99, 57.45, 97.27, 79.09, 87.63, 97.24, 47.48], 76.6, 2838),
]

/**
 * The accuracies of a published row as a score takes them.
 *
 * @param row A row of {@link decathlonTable}.
 *
 * @example
 * ```ts
 * import { decathlonReferences, decathlonScore, decathlonTable, publishedAccuracies } from '@transferkit/vision'
 *
 * const scores = decathlonTable.map((row) => decathlonScore(publishedAccuracies(row), decathlonReferences).total)
 * ```
 */
export const publishedAccuracies = ({ percentages }: DecathlonRow): Readonly<Record<DecathlonDomain, number>> =>
  // A row has one number for each domain. Four decimals are what was published; a division by 100 leaves more.
  Object.fromEntries(decathlonDomains.map(({ name }, index) => [name, Number(((percentages[index] ?? Number.NaN) / 100).toFixed(4))])) as Record<DecathlonDomain, number>

/** Accuracy of the published fine-tuned networks by domain, 0 to 1: the constants of the score. */
export const decathlonReferences: Readonly<Record<DecathlonDomain, number>> & DomainAccuracies = {
  imagenet12: 0.5987,
  aircraft: 0.6034,
  cifar100: 0.8212,
  daimlerpedcls: 0.9282,
  dtd: 0.5553,
  gtsrb: 0.9753,
  'vgg-flowers': 0.8141,
  omniglot: 0.8769,
  svhn: 0.9655,
  ucf101: 0.512,
}
