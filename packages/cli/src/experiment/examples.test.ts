import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { availableMethods } from './methods.js'
import { plannedStrategies } from './planned-strategies.js'
import { readRecipe } from './read-recipe.js'
import { resolvedRecipe } from './resolved-recipe.js'
import { networkByName } from './source-file.js'
import { parseRecipe } from '../recipe/parse-recipe.js'

const folder = fileURLToPath(new URL('../../../../examples', import.meta.url))

test.each(readdirSync(folder).filter((name) => name.endsWith('.yaml')))('the recipe %s names strategies, options and a network that there are', async (name) => {
  const file = await readRecipe(name, folder)
  const planned = plannedStrategies(file, await availableMethods(file.recipe.plugins, folder))
  expect(planned.length).toBe(file.recipe.strategies.length)
  expect(networkByName(file.recipe.source.network, file.recipe.source.classes ?? 10).classes).toBeGreaterThan(0)

  // What a run folder keeps is a recipe again, and says the same.
  const resolved = parseRecipe(resolvedRecipe(file, planned, file.recipe.seeds, 'cpu'), 'recipe.yaml')
  const again = plannedStrategies(resolved, await availableMethods(resolved.recipe.plugins, folder))
  expect(again.map(({ strategy, settings, name: label }) => ({ options: strategy.options, settings, label }))).toEqual(
    planned.map(({ strategy, settings, name: label }) => ({ options: strategy.options, settings, label })),
  )
})
