import { costChart } from './cost-chart.js'
import { type DecathlonSummary, summariseDecathlon } from './decathlon-summary.js'
import { domainCells, domainColumns, strategyCells, strategyColumns } from './decathlon-table.js'
import { counted, decimal, grouped } from './format.js'
import { html, type Markup } from './html.js'
import { domainInspectionSections } from './inspection-sections.js'
import { figure, page, section, table } from './page.js'
import type { DecathlonReportContents } from './report-contents.js'

const domainsSection = (summary: DecathlonSummary, seeds: string): Markup => {
  const { domains } = summary
  return section(
    'domains',
    'Accuracy by domain',
    html`${table(
      'Accuracy by domain',
      `Accuracy in % on all test examples of the domain; mean over ${seeds} ± half the 95 % interval (Student’s t).`,
      domainColumns(summary),
      domainCells(summary, 'accuracy').map((cells) => ({ cells })),
    )}
${table(
  'Domains',
  'What each domain is, and the accuracy of fine-tuning that its points refer to.',
  ['domain', 'data set', 'training examples', 'test examples', 'reference %'],
  domains.map(({ name, dataset, examples, testExamples, reference }) => ({ cells: [name, dataset, grouped(examples), grouped(testExamples), reference === undefined ? 'left out' : decimal(100 * reference)] })),
)}`,
  )
}

/**
 * Renders a decathlon as one HTML page that needs nothing else: no network, no script; charts are SVG.
 *
 * @param contents What the report shows.
 * @returns The page.
 * @throws TransferkitError `decathlon/not-published` when published constants are asked for that there are not.
 *
 * @example
 * ```ts
 * import { renderDecathlonReport } from 'transferkit'
 *
 * const row = { source: 's', target: 't', domain: 'digits', strategy: 'fine-tune', name: 'fine-tune', options: {}, seed: 1, examples: 50, testExamples: 100, accuracy: 0.9, privateParameters: 105, trainedParameters: 105, headParameters: 5, seconds: 1 }
 * const page = await renderDecathlonReport({
 *   results: {
 *     name: 'small', version: '1.0.0', backend: 'cpu', machine: 'a laptop', date: '2026-01-01T00:00:00.000Z', baseParameters: 100,
 *     score: { constants: 'own', fineTuned: 'fine-tune', published: {} },
 *     rows: [row],
 *   },
 *   curves: [],
 *   inspections: [],
 *   recipe: 'seeds: [1]',
 *   environment: { backend: 'cpu' },
 * })
 * ```
 */
export const renderDecathlonReport = async (contents: DecathlonReportContents): Promise<string> => {
  const { results, inspections } = contents
  const summary = summariseDecathlon(results)
  const { strategies, best, domains } = summary
  const seeds = counted(new Set(results.rows.map(({ seed }) => seed)).size, 'seed')
  const costs = strategies.flatMap(({ name, accuracy, privateParameters }) => (accuracy === undefined ? [] : [{ name, parameters: privateParameters, accuracy: accuracy.mean }]))
  const constants = results.score.constants === 'own' ? `twice the error of ${results.score.fineTuned}` : 'the published constants'
  const sections = [
    section(
      'strategies',
      'Strategies',
      table(
        'Strategies',
        `Means over ${seeds} ± half the 95 % interval; differences in points, paired by seed. A domain scores 1000 points without error, 250 with the error of fine-tuning, none from ${constants} on. Size counts the shared base once and everything private of all domains, as multiples of the base (${grouped(results.baseParameters)} parameters).`,
        strategyColumns,
        strategies.map((strategy) => ({ cells: strategyCells(strategy), ...(strategy === best ? { kind: 'best' as const } : {}) })),
      ),
    ),
    domainsSection(summary, seeds),
    section(
      'points',
      'Points by domain',
      table(
        'Points by domain',
        `Points of the mean accuracy; the largest error that scores is ${constants}.`,
        domainColumns(summary),
        domainCells(summary, 'points').map((cells) => ({ cells })),
      ),
    ),
    ...(costs.length === 0
      ? []
      : [
          section(
            'cost',
            'Cost',
            figure(
              await costChart(costs, 'private parameters of all domains together (logarithmic)'),
              'Numbers that must be stored for all domains beside the base, against the mean accuracy: up and to the left is better. Filled points, joined by the dashed line, are those that no other strategy beats in both.',
            ),
          ),
        ]),
    ...(await domainInspectionSections(inspections)),
  ]
  const subtitle = `${results.rows[0]?.source ?? ''} to ${counted(domains.length, 'domain')}: ${domains.map(({ name }) => name).join(', ')}; ${seeds}`
  return page(results, { subtitle, headline: summary.headline, remarks: summary.remarks }, sections, contents, 'decathlon.json')
}
