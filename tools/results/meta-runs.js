/** @import { PlannedRun, PlannedStrategy } from './planned-runs.js' */

/** What can be changed to spend more or less time. */
const budget = {
  batchSize: 32,
  /** Steps of every strategy, by size of the target; what is finished under other steps is trained again. */
  steps: { few: 100, full: 150 },
  /** Labelled images of each class in the runs with few. */
  examplesPerClass: 20,
  /** Channels of VGG-9 by stage: a quarter of those of the paper, which takes a sixteenth of the time. */
  widths: [[16], [32], [64, 64], [128, 128], [128, 128]],
  /** The rate of the paper, 0.1, leaves a network at chance that has so few steps. */
  learningRate: 0.02,
  seeds: [1, 2, 3],
  /** Which of the targets below are run. */
  targets: ['signs', 'photo', 'gtsrb'],
}

/** Flips are for scenes and objects: signs mean something else when they are mirrored. */
const [shifts, flips] = [[{ padCrop: 4 }], [{ padCrop: 4 }, 'horizontalFlip']]

const targets = [
  { id: 'signs', task: 'hand signs', target: { dataset: 'sign_digits/train', test: 'sign_digits/test', transforms: [{ resize: 32 }], augment: shifts } },
  { id: 'photo', task: 'PACS photo', target: { dataset: 'pacs/photo/train', test: 'pacs/photo/test', transforms: [{ resize: 32 }], augment: flips } },
  { id: 'cartoon', task: 'PACS cartoon', target: { dataset: 'pacs/cartoon/train', test: 'pacs/cartoon/test', transforms: [{ resize: 32 }], augment: flips } },
  { id: 'gtsrb', task: 'GTSRB', target: { dataset: 'gtsrb/train', test: 'gtsrb/test', augment: shifts } },
  { id: 'cifar10', task: 'CIFAR-10', target: { dataset: 'cifar10/train', test: 'cifar10/test', augment: flips } },
  { id: 'dtd', task: 'DTD', target: { dataset: 'dtd10/train', test: 'dtd10/test', images: { channels: 'rgb', size: 64, fit: 'cover' }, transforms: [{ resize: 32 }], augment: flips } },
]

const target = { target: 'vgg9', targetOptions: { widths: budget.widths } }

/** @type {(name: string, cost: number, ...regularisers: readonly (string | object)[]) => PlannedStrategy} */
const fresh = (name, cost, ...regularisers) => ({ cost, entry: { strategy: 'fresh-network', name, options: target, regularisers } })

/** @type {(regulariser: string, pairs: string) => object} */
const matched = (regulariser, pairs) => ({ regulariser, options: { pairs } })

/** @type {readonly PlannedStrategy[]} */
const strategies = [
  fresh('scratch', 1),
  fresh('LwF', 1.3, 'lwf'),
  fresh('AT', 1.3, 'attention-transfer'),
  fresh('LwF + AT', 1.3, 'lwf', 'attention-transfer'),
  fresh('FM (single)', 1.3, matched('feature-matching', 'single')),
  fresh('FM (one-to-one)', 1.4, matched('feature-matching', 'one-to-one')),
  fresh('L2T-w', 1.4, matched('l2t-w', 'one-to-one')),
  { cost: 8, entry: { strategy: 'l2t-ww', name: 'L2T-ww', options: { ...target, pairs: 'all-to-all' } } },
]

/**
 * The runs of the meta area, those with few examples first.
 *
 * @type {readonly PlannedRun[]}
 */
export const metaRuns = Object.entries(budget.steps).flatMap(([size, steps]) =>
  targets
    .filter(({ id }) => budget.targets.includes(id))
    .map(({ id, task, target: data }) => ({
      id: `${id}-${size}`,
      task,
      size: size === 'few' ? `${budget.examplesPerClass} a class` : 'all',
      steps,
      seeds: budget.seeds,
      strategies,
      recipe: {
        source: {
          network: 'tiny-imagenet-resnet32',
          classes: 200,
          weights: 'models/tiny_imagenet_resnet32/model.safetensors',
          dataset: 'Tiny ImageNet',
          normalise: { mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225] },
        },
        target: { ...data, ...(size === 'few' ? { examplesPerClass: budget.examplesPerClass } : {}) },
        training: { steps, batchSize: budget.batchSize, optimiser: 'sgd', momentum: 0.9, weightDecay: 0.0001, learningRate: budget.learningRate, schedule: 'cosine' },
      },
    })),
)
