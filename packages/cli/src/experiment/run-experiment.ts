import { rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { cacheFolder } from '@transferkit/datasets/node'
import { openRuntime, type Runtime } from '@transferkit/runtime/node'
import { TransferkitError } from '@transferkit/tensor'
import { sourceIdentity } from '@transferkit/training'
import { openRunFolder, type RunFolder } from '@transferkit/training/node'
import type { RunFolderArguments } from '../commands/arguments.js'
import type { CommandContext } from '../console/command-context.js'
import { packageVersion } from '../package-version.js'
import { inField } from '../recipe/in-field.js'
import { folderName } from '../recipe/parse-recipe.js'
import type { ResultRow, Results } from '../report/results.js'
import { dataFolder } from './data-folder.js'
import { describeEnvironment, type Environment } from './environment.js'
import { availableMethods } from './methods.js'
import type { DataPlaces } from './open-dataset.js'
import { type PlannedStrategy, plannedStrategies } from './planned-strategies.js'
import type { RecipeFile } from './read-recipe.js'
import { resolvedRecipe } from './resolved-recipe.js'
import { runFiles, trialName } from './run-layout.js'
import { networkByName, writeSourceFile } from './source-file.js'
import { obtainSource, releaseSource } from './source-network.js'
import { openTargetData } from './target-data.js'
import { trainStrategy } from './train-strategy.js'
import { writeReport } from './write-report.js'

/** What of a recipe is run. @internal */
export interface Selection {
  /** Chooses among the strategies. */
  readonly strategies: (planned: readonly PlannedStrategy[]) => readonly PlannedStrategy[]
  /** The seeds. */
  readonly seeds: readonly number[]
}

/** A finished run. @internal */
export interface FinishedRun {
  /** Its results. */
  readonly results: Results
  /** Its folder. */
  readonly out: string
  /** Path of its report. */
  readonly report: string
}

const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined)) !== undefined

const checkFolder = async (out: string, { resume = false, restart = false }: RunFolderArguments): Promise<void> => {
  if (resume && restart) throw new TransferkitError('usage/contradiction', 'Either --resume a run or --restart it, not both.')
  if (resume && !(await exists(join(out, runFiles.recipe)))) {
    throw new TransferkitError('usage/nothing-to-resume', `There is no run to go on with in ${out}. Name its folder with --out, or leave --resume out to begin one.`)
  }
}

/** Throws away what a run wrote, and nothing else that may lie in its folder. */
const clear = async ({ path }: RunFolder): Promise<void> => {
  for (const name of Object.values(runFiles)) await rm(join(path, name), { recursive: true, force: true })
}

const checkNetwork = ({ recipe, error }: RecipeFile): void => {
  try {
    networkByName(recipe.source.network, recipe.source.classes ?? 10)
  } catch (cause) {
    if (!TransferkitError.isInstance(cause) || cause.code !== 'network/unknown') throw cause
    throw error([{ path: ['source', 'network'], message: cause.message }])
  }
}

const headerOf = (name: string, { version, commit, backend, processor, system, node, date }: Environment): Omit<Results, 'rows'> => ({
  name,
  version,
  ...(commit === undefined ? {} : { commit }),
  backend,
  machine: `${processor}; ${system}; Node ${node}`,
  date,
})

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`

/** Runs the trials one after the other, seed by seed, and keeps the results after each. */
const runTrials = async (file: RecipeFile, planned: readonly PlannedStrategy[], seeds: readonly number[], folder: RunFolder, runtime: Runtime, places: DataPlaces): Promise<Results> => {
  const { progress, signal } = places
  const environment = await describeEnvironment(runtime, packageVersion())
  const header = headerOf(file.name, environment)
  await folder.write(runFiles.recipe, resolvedRecipe(file, planned, seeds, runtime.backend))
  await folder.write(runFiles.environment, json(environment))

  const data = await openTargetData(file, places)
  const source = await obtainSource(file, { ...places, runtime })
  try {
    await folder.write(runFiles.source, await writeSourceFile(source))
    const { sha256: sourceHash } = await sourceIdentity(source.trained)
    const surroundings = { source, sourceHash, target: file.recipe.target, data, runtime, progress, signal }
    const rows: ResultRow[] = []
    const trials = seeds.flatMap((seed) => planned.map((strategy) => ({ planned: strategy, seed })))
    for (const [index, trial] of trials.entries()) {
      const label = `[${String(index + 1).padStart(String(trials.length).length)}/${trials.length}] ${trial.planned.name}, seed ${trial.seed}`
      rows.push(await trainStrategy({ ...trial, label, folder: folder.trial(trialName(trial.planned.name, trial.seed)) }, surroundings))
      await folder.write(runFiles.results, json({ ...header, rows: ordered(rows, planned) }))
    }
    return { ...header, rows: ordered(rows, planned) }
  } finally {
    releaseSource(source)
  }
}

/** Rows in the order of the recipe, by seed. */
const ordered = (rows: readonly ResultRow[], planned: readonly PlannedStrategy[]): readonly ResultRow[] => planned.flatMap(({ name }) => rows.filter((row) => row.name === name))

/**
 * Runs a recipe: gets the source, trains and tests the strategies with the seeds, writes the run folder and the report.
 *
 * @param file The recipe.
 * @param select What of it is run.
 * @param options Where, and with what.
 * @param context The command's.
 * @throws TransferkitError For everything that is wrong with the recipe, the data, the backend or the folder.
 * @internal
 */
export const runExperiment = async (file: RecipeFile, select: Selection, options: RunFolderArguments, { io, progress }: CommandContext): Promise<FinishedRun> => {
  checkNetwork(file)
  const { recipe, folder, name } = file
  const planned = select.strategies(plannedStrategies(file, await inField(file, ['plugins'], () => availableMethods(recipe.plugins, folder))))
  const out = resolve(io.workingFolder, options.out ?? join('runs', folderName(name)))
  await checkFolder(out, options)
  const backend = options.backend ?? recipe.backend
  const places: DataPlaces = { ...dataFolder(options.dataDir, io), folder, cache: cacheFolder({ environment: io.environment }), progress, signal: io.signal }
  const runFolder = await openRunFolder(out)
  try {
    if (options.restart === true) await clear(runFolder)
    const runtime = await openRuntime(backend === undefined ? {} : { backend })
    try {
      progress.note(runtime.reason)
      const results = await runTrials(file, planned, select.seeds, runFolder, runtime, places)
      return { results, out, report: await writeReport(out) }
    } finally {
      runtime.close()
    }
  } finally {
    await runFolder.close()
  }
}
