import { metaPage } from './meta-page.js'
import { metaRuns } from './meta-runs.js'
import { nlpPage } from './nlp-page.js'
import { nlpRuns } from './nlp-runs.js'
import { resultsPage } from './page.js'

/** @import { PlannedRun } from './planned-runs.js' */

/**
 * @typedef {object} Area A page of results.
 * @property {string} help What the arguments after its name are, for people.
 * @property {readonly PlannedRun[]} runs The runs that make its data; none where run folders are given instead.
 * @property {(results: any, notes: string) => string} page Makes the page from the data beside it and from what a person has to say of them, in Markdown.
 */

/** @type {(runs: readonly PlannedRun[]) => string} */
const listed = (runs) => `runs of it, or the first words of their names, or all: ${runs.map(({ id }) => id).join(', ')}`

/** @type {import('./page.js').Heading} */
const vision = { title: 'Vision: adapters, gates and their baselines on real domains', baseline: 'fine-tune', command: 'npm run results -- vision' }

/**
 * The pages of results by the name of their data in `docs/results`.
 *
 * @type {Readonly<Record<string, Area>>}
 */
export const areas = {
  vision: { help: 'folders of finished runs of tools/results/vision.yaml', runs: [], page: (results, notes) => resultsPage(vision, results, notes) },
  nlp: { help: listed(nlpRuns), runs: nlpRuns, page: nlpPage },
  meta: { help: listed(metaRuns), runs: metaRuns, page: metaPage },
}
