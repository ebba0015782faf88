import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { comparison } from '../recipe/comparison.js'
import { decathlon } from '../recipe/decathlon.js'
import { parseRecipe } from '../recipe/parse-recipe.js'
import { benchmarkDomains } from './benchmark-domains.js'
import { compareStrategies } from './compare-strategies.js'
import type { Experiment } from './experiment.js'
import { readRecipe, type RecipeFile } from './read-recipe.js'
import { checkNetwork } from './source-network.js'

const folder = fileURLToPath(new URL('../../../../examples', import.meta.url))
const recipes = readdirSync(folder).filter((name) => name.endsWith('.yaml'))

const decided = ({ targets }: Experiment<unknown>): unknown => targets.map(({ domain, settings, strategies }) => ({ domain, settings, strategies: strategies.map(({ strategy, settings: how, name }) => ({ options: strategy.options, how, name })) }))

/** Names strategies, options and a network that there are; what a run folder keeps is a recipe again, and says the same. */
const check = async <R extends RecipeFile['recipe']>(file: RecipeFile<R>, plan: (file: RecipeFile<R>) => Experiment<unknown>, parse: (text: string) => RecipeFile<R>): Promise<void> => {
  checkNetwork(file)
  const planned = plan(file)
  expect(planned.targets.flatMap(({ strategies }) => strategies).length).toBe(planned.targets.length * file.recipe.strategies.length)
  expect(decided(plan(parse(planned.resolved('cpu'))))).toEqual(decided(planned))
}

describe('the examples', () => {
  test.each(recipes.filter((name) => !name.startsWith('decathlon')))('%s compares strategies', async (name) => {
    const file = await readRecipe(name, folder, comparison)
    await check(file, (one) => compareStrategies(one, { strategies: (all) => all, seeds: one.recipe.seeds }), (text) => ({ ...file, ...parseRecipe(text, 'recipe.yaml', comparison) }))
  })

  test.each(recipes.filter((name) => name.startsWith('decathlon')))('%s benchmarks domains', async (name) => {
    const file = await readRecipe(name, folder, decathlon)
    await check(file, (one) => benchmarkDomains(one, one.recipe.seeds), (text) => ({ ...file, ...parseRecipe(text, 'recipe.yaml', decathlon) }))
  })
})
