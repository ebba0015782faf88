import type { DecathlonResultRow } from './decathlon-results.js'
import { fixedReport } from './report.fixture.js'
import type { DecathlonReportContents } from './report-contents.js'

const domains = ['digits', 'signs', 'textures']
const seeds = [1, 2, 3]

const strategies = [
  { name: 'feature-extraction', strategy: 'feature-extraction', accuracies: [0.7, 0.75, 0.5], body: 0 },
  { name: 'fine-tune', strategy: 'fine-tune', accuracies: [0.9, 0.85, 0.6], body: 100_000 },
  { name: 'parallel-adapters', strategy: 'parallel-adapters', accuracies: [0.92, 0.87, 0.62], body: 11_000 },
]

const rows = domains.flatMap((domain, place) =>
  strategies.flatMap(({ name, strategy, accuracies, body }) =>
    seeds.map(
      (seed): DecathlonResultRow => ({
        source: 'a network (photos)',
        target: `${domain}/train`,
        domain,
        strategy,
        name,
        options: {},
        seed,
        examples: 100,
        testExamples: 400,
        accuracy: (accuracies[place] ?? 0) + 0.01 * (seed - 2),
        privateParameters: body + 1000,
        trainedParameters: body + 1000,
        headParameters: 1000,
        seconds: 2,
      }),
    ),
  ),
)

/** Made-up results of three domains, the same at every call. @internal */
export const fixedDecathlon = (): DecathlonReportContents => {
  const { results, recipe, environment } = fixedReport()
  return {
    results: { ...results, name: 'decathlon', baseParameters: 100_000, score: { constants: 'own', fineTuned: 'fine-tune', published: {} }, rows },
    curves: [],
    inspections: domains.flatMap((domain, place) =>
      seeds.map((seed) => ({
        domain,
        name: 'parallel-adapters',
        seed,
        inspection: 'adapter-magnitude',
        title: 'How large the adapters are',
        rowAxis: 'convolution',
        valueAxis: 'Frobenius norm of the adapter over that of its filter',
        points: [10, 20].map((step) => ({ step, series: { adapter: Object.fromEntries(Array.from({ length: 12 }, (_, layer) => [`stage1.block${layer}.convolution1`, (step * (place + 1) + layer) / 200])) } })),
      })),
    ),
    recipe,
    environment,
  }
}
