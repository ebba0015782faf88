import { treatments } from './discrete-grid.js'
import { fixedReport } from './report.fixture.js'
import type { InspectionHistory, ReportContents } from './report-contents.js'
import type { ResultRow } from './results.js'
import { withWords } from './sentence.js'

const seeds = [1, 2, 3, 4, 5]

const sizes = [
  { examples: 30, lead: 0.06 },
  { examples: 302, lead: 0.03 },
  { examples: 3020, lead: 0.008 },
]

/** How good each treatment is: embeddings are worth more than hidden layers. */
const worth = { frozen: 0.02, 'fine-tuned': 0.03, random: 0 }

const entries = [
  ...treatments.flatMap((embedding) =>
    treatments.map((hidden) => ({ strategy: 'discrete-states', name: `embedding ${embedding}, hidden ${hidden}`, options: { embedding, hidden, output: 'random' }, above: 2 * worth[embedding] + worth[hidden], isUnit: false })),
  ),
  { strategy: 'recurrent-ptu', name: 'recurrent-ptu', options: {}, above: 0.09, isUnit: true },
  { strategy: 'tf-idf', name: 'tf-idf + logistic regression', options: {}, above: 0.05, isUnit: false },
]

/** A small number that looks like chance and is the same at every call. */
const wobble = (place: number): number => ((Math.sin(place * 12.9898) * 43_758.5453) % 1) * 0.012

const rows = sizes.flatMap(({ examples, lead }, level) =>
  entries.flatMap(({ isUnit, above, ...entry }, place) =>
    seeds.map(
      (seed): ResultRow => ({
        ...entry,
        source: 'text-lstm (mr/all)',
        target: 'cr/all',
        seed,
        examples,
        testExamples: 755,
        accuracy: 0.62 + 0.06 * level + above + (isUnit ? lead : 0) + wobble(place + 31 * seed + 977 * level),
        privateParameters: 100_000 + 10 * place,
        trainedParameters: 100_000,
        seconds: 12,
      }),
    ),
  ),
)

const sentences = [
  { words: 'the phone is small , light and it works like a charm , but the battery is not what they promised me'.split(' '), predicted: 'positive', actual: 'negative' },
  { words: ['great', 'sound', '<unk>', '!'], predicted: 'positive', actual: 'positive' },
]

const vocabulary = [...new Set(sentences.flatMap(({ words }) => words))]

const layers = ['embedding, transfer gate', 'embedding, fine-tune gate', 'recurrent1, transfer gate', 'recurrent1, fine-tune gate']

const sentenceInspections = sentences.map(
  ({ words, ...classes }, place): InspectionHistory => ({
    name: 'recurrent-ptu',
    seed: 1,
    inspection: `gate-openness-by-step-${place + 1}`,
    title: 'How far the gates are open over a sentence',
    rowAxis: 'position',
    valueAxis: 'mean opening, 0 to 1',
    kind: 'heat-map',
    example: { tokens: words.map((word) => vocabulary.indexOf(word)), ...classes },
    points: [{ step: 300, series: Object.fromEntries(layers.map((layer, depth) => [layer, Object.fromEntries(words.map((word, position) => [String(position + 1), Math.min(0.95, 0.05 + 0.09 * word.length * (depth % 2 === 0 ? 1 : 0.3) + Math.abs(wobble(position)))]))])) }],
  }),
)

/** Made-up results of transfer between texts, with the grid of discrete states, three sizes of the target, a baseline and two sentences. @internal */
export const fixedTextReport = (): ReportContents => ({
  ...fixedReport(),
  results: { ...fixedReport().results, name: 'sentiment', rows },
  curves: entries.slice(0, -1).flatMap(({ name }, rank) =>
    seeds.map((seed) => ({
      name,
      seed,
      points: Array.from({ length: 300 }, (_, step) => ({ step: step + 1, loss: 0.69 * Math.exp((-step / 300) * (1 + rank / 4)) + Math.abs(wobble(step * seed)) * 8, accuracy: 0.95 - 0.4 * Math.exp((-step / 120) * (1 + rank / 8)) + wobble(step + seed) })),
      validation: Array.from({ length: 10 }, (_, epoch) => ({ step: 30 * (epoch + 1), loss: 0.69 * Math.exp(-epoch / 12) + Math.abs(wobble(epoch * seed + rank)), accuracy: 0.8 - 0.2 * Math.exp(-epoch / (2 + rank / 4)) + wobble(epoch + seed) })),
    })),
  ),
  inspections: [
    ...seeds.map((seed): InspectionHistory => ({ ...fixedReport().inspections[0]!, name: 'recurrent-ptu', seed, rowAxis: 'layer' })),
    ...withWords(sentenceInspections, ({ seed }) => (seed === 1 ? (id) => vocabulary[id] ?? '<unk>' : undefined)),
  ],
})
