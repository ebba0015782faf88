import { join } from 'node:path'
import { folderName } from '../recipe/parse-recipe.js'

/** Names of what a run writes into its folder. @internal */
export const runFiles = {
  recipe: 'recipe.yaml',
  environment: 'environment.json',
  results: 'results.json',
  report: 'report.html',
  source: 'source.safetensors',
  strategies: 'strategies',
} as const

/**
 * Folder of one strategy and seed inside a run folder, with slashes on every system.
 *
 * @param name Name of the strategy in the recipe.
 * @param seed The seed.
 * @internal
 */
export const trialName = (name: string, seed: number): string => `${runFiles.strategies}/${folderName(name)}/seed-${seed}`

/**
 * Path of the log of one strategy and seed.
 *
 * @internal
 */
export const metricsPath = (out: string, name: string, seed: number): string => join(out, trialName(name, seed), 'metrics.jsonl')

/**
 * Path of the transfer artefact of one strategy and seed.
 *
 * @internal
 */
export const artefactPath = (out: string, name: string, seed: number): string => join(out, trialName(name, seed), 'artefact')
