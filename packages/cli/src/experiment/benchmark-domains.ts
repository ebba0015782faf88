import { branchAt, countElements } from '@transferkit/tensor'
import type { DecathlonRecipe, DomainSettings } from '../recipe/decathlon.js'
import type { TargetSettings } from '../recipe/target-schema.js'
import type { DecathlonResults } from '../report/decathlon-results.js'
import type { Experiment, PlannedTarget } from './experiment.js'
import { plannedStrategies } from './planned-strategies.js'
import type { RecipeFile } from './read-recipe.js'
import { resolvedRecipe } from './resolved-recipe.js'
import { runFiles } from './run-layout.js'
import type { SourceNetwork } from './source-file.js'

const targetOf = ({ name: _name, training: _training, strategyOptions: _options, published: _published, ...target }: DomainSettings): TargetSettings => target

/** Number of parameters of a network without its classifier: what the sizes of the models are multiples of. */
const baseParameters = ({ trained: { variables } }: SourceNetwork): number => countElements(variables.params) - countElements(branchAt(variables.params, 'head'))

/**
 * The experiment of a recipe with several domains.
 *
 * @param file The recipe.
 * @param seeds The seeds.
 * @throws TransferkitError `recipe/invalid` for strategies and options that there are not.
 * @internal
 */
export const benchmarkDomains = (file: RecipeFile<DecathlonRecipe>, seeds: readonly number[]): Experiment<DecathlonResults> => {
  const { domains, score } = file.recipe
  const { methods } = file.definitions
  const strategies = plannedStrategies(file, methods)
  const targets = domains.map((domain, index): PlannedTarget => {
    const path = ['domains', index]
    const { name, training, strategyOptions } = domain
    return { domain: name, path, settings: targetOf(domain), strategies: plannedStrategies(file, methods, { path, training, strategyOptions }) }
  })
  const published = new Map(domains.map((domain) => [domain.name, domain.published ?? domain.name]))
  return {
    file,
    targets,
    seeds,
    resultsFile: runFiles.decathlon,
    resolved: (backend) => resolvedRecipe(file, { strategies, seeds, backend, domains, score }),
    collect: (header, outcomes, source) => ({
      ...header,
      baseParameters: baseParameters(source),
      score: { ...score, published: Object.fromEntries(published) },
      rows: outcomes.map(({ target: { domain = '' }, row, headParameters }) => ({ ...row, domain, headParameters })),
    }),
  }
}
