import { decathlonDomains, decathlonReferences, decathlonScore, publishedAccuracies } from '@transferkit/vision'

const marks = /** @type {const} */ ({ reprinted: '†', leaderboard: '‡', recalled: '' })

/** @param {readonly string[]} cells */
const line = (cells) => `| ${cells.join(' | ')} |`

/**
 * The page of published results, with the score computed from each row by our own function.
 *
 * @param {readonly import('@transferkit/vision').DecathlonRow[]} rows The published rows.
 */
export const decathlonPage = (rows) => {
  const header = ['method', 'parameters', ...decathlonDomains.map(({ short }) => short), 'mean', 'score', 'score by us']
  const cells = rows.map((row) => [
    `${row.method} ${marks[row.evidence]}`.trim(),
    `${row.parameters}×`,
    ...row.percentages.map((value) => value.toFixed(2)),
    row.mean.toFixed(2),
    String(row.score),
    decathlonScore(publishedAccuracies(row), decathlonReferences).total.toFixed(1),
  ])
  return [
    '# Visual Decathlon: published results',
    '',
    '<!-- Written by `npx vitest run --project tools tools/decathlon -u`, from `decathlonTable` of `@transferkit/vision`. -->',
    '',
    'Top-1 accuracy on the test sets in per cent, as Rebuffi, Bilen and Vedaldi published them in 2017 (arXiv 1705.08045, table 1) and 2018',
    '(arXiv 1803.10082), with what later papers added. Parameters are those of all ten models as a multiple of one network, heads not counted.',
    '',
    'The last column is `decathlonScore` of the row. It is up to 2.2 points off the published score, because the accuracies have two decimals.',
    'All rows were read at second hand: † reprinted in later papers; ‡ the score was seen in a public leaderboard; the others are recalled.',
    '',
    line(header),
    line(header.map((_, index) => (index === 0 ? '---' : '---:'))),
    ...cells.map(line),
    '',
    '| domain | name here | classes | training images | reference accuracy |',
    '| --- | --- | ---: | ---: | ---: |',
    ...decathlonDomains.map(({ name, short, classes, trainingImages }) =>
      line([short, `\`${name}\``, String(classes), String(trainingImages), (100 * decathlonReferences[name]).toFixed(2)]),
    ),
    '',
  ].join('\n')
}
