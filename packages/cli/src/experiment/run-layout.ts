import { join } from 'node:path'
import { folderName } from '../recipe/common-schema.js'

/** Names of what a run writes into its folder. @internal */
export const runFiles = {
  recipe: 'recipe.yaml',
  environment: 'environment.json',
  results: 'results.json',
  decathlon: 'decathlon.json',
  report: 'report.html',
  source: 'source.safetensors',
  strategies: 'strategies',
  domains: 'domains',
} as const

/** Which training of a run. @internal */
export interface TrialPlace {
  /** Name of the domain, where there are several. */
  readonly domain?: string | undefined
  /** Name of the strategy in the recipe. */
  readonly name: string
  /** The seed. */
  readonly seed: number
}

/**
 * Folder of one training inside a run folder, with slashes on every system.
 *
 * @internal
 */
export const trialName = ({ domain, name, seed }: TrialPlace): string => `${domain === undefined ? runFiles.strategies : `${runFiles.domains}/${folderName(domain)}`}/${folderName(name)}/seed-${seed}`

/**
 * Path of the log of one training.
 *
 * @internal
 */
export const metricsPath = (out: string, place: TrialPlace): string => join(out, trialName(place), 'metrics.jsonl')

/**
 * Path of the transfer artefact of one training.
 *
 * @internal
 */
export const artefactPath = (out: string, place: TrialPlace): string => join(out, trialName(place), 'artefact')
