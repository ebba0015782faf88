import { fixedReport } from './report.fixture.js'
import type { InspectionHistory, ReportContents } from './report-contents.js'
import type { ResultRow } from './results.js'

const seeds = [1, 2, 3]
const sources = ['stage1', 'stage2', 'stage3']
const targets = ['stage1', 'stage2', 'stage3', 'stage4', 'stage5']
const steps = Array.from({ length: 12 }, (_, look) => 50 * (look + 1))

const entries = [
  { name: 'fresh-network', strategy: 'fresh-network', options: {}, accuracies: [0.6, 0.61, 0.62], seconds: 20 },
  { name: 'lwf', strategy: 'fresh-network+lwf', options: {}, accuracies: [0.63, 0.63, 0.64], seconds: 24 },
  { name: 'l2t-ww', strategy: 'l2t-ww', options: { pruneAfter: 0 }, accuracies: [0.68, 0.69, 0.7], seconds: 80 },
  { name: 'l2t-ww, pruned', strategy: 'l2t-ww', options: { pruneAfter: 100 }, accuracies: [0.681, 0.688, 0.7], seconds: 60 },
  { name: 'meta-sgd', strategy: 'meta-sgd', options: {}, accuracies: [0.65, 0.66, 0.655], seconds: 50 },
]

const described = {
  lambda: { title: 'Where to transfer: weights of the pairs', rowAxis: 'target tap', valueAxis: 'mean λ over examples, 0 to 6' },
  'lambda-spread': { title: 'How far the weights of a pair differ between examples', rowAxis: 'target tap', valueAxis: 'standard deviation of λ over examples' },
  'channel-entropy': { title: 'What to transfer: how evenly channels count', rowAxis: 'target tap', valueAxis: 'entropy of w over its largest, mean over examples, 0 (one channel) to 1 (all alike)' },
}

/** Numbers of all pairs: those whose layers are at the same depth come to count, the others fade. */
const matrix = (numberOf: (distance: number) => number): Readonly<Record<string, Readonly<Record<string, number>>>> =>
  Object.fromEntries(sources.map((source, from) => [source, Object.fromEntries(targets.map((target, to) => [target, numberOf(Math.abs(from * 2 - to))]))]))

const history = (name: string, seed: number, inspection: keyof typeof described, numberOf: (distance: number, progress: number) => number): InspectionHistory => ({
  name,
  seed,
  inspection,
  ...described[inspection],
  points: steps.map((step) => ({ step, series: matrix((distance) => numberOf(distance, step / 600)) })),
})

const ofSeed = (name: string, seed: number): readonly InspectionHistory[] => [
  history(name, seed, 'lambda', (distance, progress) => Math.max(0, 1 + progress * (1.6 - distance) + 0.05 * seed * progress)),
  history(name, seed, 'lambda-spread', (distance, progress) => 0.3 * progress * (distance < 3 ? 1 : 0.1)),
  history(name, seed, 'channel-entropy', (distance, progress) => 1 - progress * (distance < 2 ? 0.4 : 0.05)),
  {
    name,
    seed,
    inspection: 'top-channels',
    title: 'What to transfer: the channels that count most',
    rowAxis: 'channel',
    valueAxis: 'mean w over examples',
    points: [{ step: 600, series: Object.fromEntries(sources.flatMap((source, from) => targets.map((target, to) => [`${source}:${target}`, Object.fromEntries([0, 1, 2, 3, 4].map((rank) => [`channel ${3 * rank + from + to}`, 0.2 / (rank + 1)]))]))) }],
  },
]

const pruned = (seed: number): readonly InspectionHistory[] => [
  ...ofSeed('l2t-ww, pruned', seed),
  { name: 'l2t-ww, pruned', seed, inspection: 'pruned-pairs', title: 'Pairs that were dropped', rowAxis: 'target tap', valueAxis: 'step in which the pair was dropped', points: [{ step: 600, series: { stage1: { stage5: 420, stage4: 480 }, stage3: { stage1: 450 } } }] },
]

/** Made-up results of meta-transfer: what and where over training, dropped pairs, learning rates by layer. @internal */
export const fixedMetaReport = (): ReportContents => ({
  ...fixedReport(),
  results: {
    ...fixedReport().results,
    name: 'what and where',
    rows: entries.flatMap(({ accuracies, ...entry }) =>
      seeds.map(
        (seed, index): ResultRow => ({ ...entry, source: 'resnet32 (tiny-imagenet)', target: 'cifar10/train', seed, examples: 500, testExamples: 10_000, accuracy: accuracies[index] ?? 0, privateParameters: 5_300_000, trainedParameters: 5_300_000 }),
      ),
    ),
  },
  curves: [],
  inspections: [
    ...seeds.flatMap((seed) => ofSeed('l2t-ww', seed)),
    ...seeds.flatMap(pruned),
    ...seeds.map(
      (seed): InspectionHistory => ({
        name: 'meta-sgd',
        seed,
        inspection: 'layer-learning-rates',
        title: 'Learning rates by layer',
        rowAxis: 'layer',
        valueAxis: 'learning rate',
        kind: 'lines',
        points: steps.map((step) => ({ step, series: { 'learning rate': Object.fromEntries(Array.from({ length: 10 }, (_, layer) => [`layer${layer + 1}`, 0.1 + (0.002 * layer - 0.008) * (step / 100) + 0.001 * seed])) } })),
      }),
    ),
  ],
})
