import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { cacheFolder } from '@transferkit/datasets/node'
import { type TransferContext, TransferkitError } from '@transferkit/tensor'
import { type FeatureStore, memoryFeatureStore, sourceIdentity, tieredFeatureStore } from '@transferkit/training'
import { folderFeatureStore, openRunFolder, type RunFolder } from '@transferkit/training/node'
import { pathExists } from './path-exists.js'
import type { RunFolderArguments } from '../commands/arguments.js'
import type { CommandContext } from '../console/command-context.js'
import { packageVersion } from '../package-version.js'
import { folderName } from '../recipe/common-schema.js'
import type { RecipeErrors } from '../recipe/parse-recipe.js'
import { baselineName, readsText } from '../recipe/text-problems.js'
import type { ResultsHeader } from '../report/results.js'
import { checkStrategies } from './check-strategies.js'
import { dataFolder } from './data-folder.js'
import { describeEnvironment, type Environment } from './environment.js'
import type { Experiment, PlannedTarget, TrialOutcome } from './experiment.js'
import { checkImageSize } from './image-size.js'
import { checkBackend, openBackend, type OpenedRuntime } from './open-backend.js'
import type { DataPlaces } from './open-dataset.js'
import { runFiles, trialName, type TrialPlace } from './run-layout.js'
import { type SourceNetwork, writeSourceFile } from './source-file.js'
import { checkNetwork, obtainSource, releaseSource } from './source-network.js'
import { openImageTarget, type TargetData } from './target-data.js'
import { openTextTarget } from './text-target.js'
import { trainBaseline } from './train-baseline.js'
import { type RunSurroundings, trainStrategy, type Trial } from './train-strategy.js'
import { writeReport } from './write-report.js'

/** A finished run. @internal */
export interface FinishedRun<Results> {
  /** Its results. */
  readonly results: Results
  /** Its folder. */
  readonly out: string
  /** Path of its report. */
  readonly report: string
}

const checkFolder = async (out: string, { resume = false, restart = false }: RunFolderArguments): Promise<void> => {
  if (resume && restart) throw new TransferkitError('usage/contradiction', 'Either --resume a run or --restart it, not both.')
  if (resume && !(await pathExists(join(out, runFiles.recipe)))) {
    throw new TransferkitError('usage/nothing-to-resume', `There is no run to go on with in ${out}. Name its folder with --out, or leave --resume out to begin one.`)
  }
}

/** Throws away what a run wrote, and nothing else that may lie in its folder. */
const clear = async ({ path }: RunFolder): Promise<void> => {
  for (const name of Object.values(runFiles)) await rm(join(path, name), { recursive: true, force: true })
}

/** Features that all strategies of a run share, in memory and then in the user's cache. */
const featureStore = (cache: string): FeatureStore => tieredFeatureStore(memoryFeatureStore(), folderFeatureStore(join(cache, 'features')))

const headerOf = (name: string, { version, commit, backend, processor, system, node, date }: Environment): ResultsHeader => ({
  name,
  version,
  ...(commit === undefined ? {} : { commit }),
  backend,
  machine: `${processor}; ${system}; Node ${node}`,
  date,
})

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`

/** A target with its data. */
interface OpenTarget {
  readonly target: PlannedTarget
  readonly data: TargetData
}

/** Everything is opened before the first training, so that a wrong name is not found after hours. */
const openTargets = async ({ file, targets }: Experiment<unknown>, places: DataPlaces): Promise<readonly OpenTarget[]> => {
  const opened: OpenTarget[] = []
  const open = readsText(file.recipe.source) ? openTextTarget : openImageTarget
  for (const target of targets) opened.push({ target, data: await open(file, target.settings, target.path, places) })
  return opened
}

/** Examples and strategies that do not fit the source are told before hours of training. */
const checkTargets = (file: RecipeErrors, opened: readonly OpenTarget[], source: SourceNetwork): void => {
  for (const { target, data } of opened) {
    const context: TransferContext = { source: source.trained, task: { kind: 'classification', classes: data.classes }, inputShape: data.inputShape(source) }
    // First: of images of a wrong size a strategy says less.
    if (data.images !== undefined) checkImageSize(file, data.images, target.strategies.map(({ strategy }) => strategy), context)
    checkStrategies(file, target.strategies, context)
  }
}

const trialLabel = (place: TrialPlace, index: number, total: number): string =>
  `[${String(index + 1).padStart(String(total).length)}/${total}] ${place.domain === undefined ? '' : `${place.domain}, `}${place.name}, seed ${place.seed}`

/** Where a trial is kept, and its name for people. */
type TrialRecord = Pick<Trial, 'folder' | 'label'>

/** Runs the trials one after the other, seed by seed, and keeps the results after each. */
const runTrials = async <Results>(experiment: Experiment<Results>, folder: RunFolder, runtime: OpenedRuntime, features: FeatureStore | false, places: DataPlaces): Promise<Results> => {
  const { file, seeds, targets } = experiment
  const environment = await describeEnvironment(runtime, packageVersion())
  const header = headerOf(file.name, environment)
  await folder.write(runFiles.recipe, experiment.resolved(runtime.backend))
  await folder.write(runFiles.environment, json(environment))

  const opened = await openTargets(experiment, places)
  const source = await obtainSource(file, { ...places, runtime, check: (untrained) => checkTargets(file, opened, untrained) })
  try {
    await folder.write(runFiles.source, await writeSourceFile(source))
    checkTargets(file, opened, source)
    const { sha256: sourceHash } = await sourceIdentity(source.trained)
    const surroundings: RunSurroundings = { source, sourceHash, runtime, features, progress: places.progress, signal: places.signal }
    const outcomes: TrialOutcome[] = []
    const collected = (): Results => experiment.collect(header, inOrder(outcomes, targets), source)
    const trials = seeds.flatMap((seed) =>
      opened.flatMap(({ target, data }) => {
        const common = { seed, target: target.settings, data }
        const place = (name: string): TrialPlace => ({ domain: target.domain, name, seed })
        return [
          ...target.strategies.map((planned) => ({ target, place: place(planned.name), run: (kept: TrialRecord) => trainStrategy({ ...common, ...kept, planned }, surroundings) })),
          ...(target.baseline === true ? [{ target, place: place(baselineName), run: (kept: TrialRecord) => trainBaseline({ ...common, ...kept }, surroundings) }] : []),
        ]
      }),
    )
    for (const [index, { target, place, run }] of trials.entries()) {
      outcomes.push({ target, ...(await run({ folder: folder.trial(trialName(place)), label: trialLabel(place, index, trials.length) })) })
      await folder.write(experiment.resultsFile, json(collected()))
    }
    return collected()
  } finally {
    for (const { data } of opened) data.release()
    releaseSource(source)
  }
}

/** Outcomes in the order of the recipe, by seed. */
const inOrder = (outcomes: readonly TrialOutcome[], targets: readonly PlannedTarget[]): readonly TrialOutcome[] =>
  targets.flatMap((target) => [...target.strategies.map(({ name }) => name), baselineName].flatMap((name) => outcomes.filter((outcome) => outcome.target === target && outcome.row.name === name)))

/**
 * Runs an experiment: gets the source, trains and tests the strategies on every target with every seed, writes the run folder and the report.
 *
 * @param experiment What is trained.
 * @param options Where, and with what.
 * @param context The command's.
 * @throws TransferkitError For everything that is wrong with the recipe, the data, the backend or the folder.
 * @internal
 */
export const runExperiment = async <Results>(experiment: Experiment<Results>, options: RunFolderArguments, { io, progress }: CommandContext): Promise<FinishedRun<Results>> => {
  const { folder, name, definitions } = experiment.file
  checkNetwork(experiment.file)
  checkBackend(options.backend, definitions.backends)
  const out = resolve(io.workingFolder, options.out ?? join('runs', folderName(name)))
  await checkFolder(out, options)
  const cache = cacheFolder({ environment: io.environment })
  const places: DataPlaces = { ...dataFolder(options.dataDir, io), folder, definitions, cache, progress, signal: io.signal }
  const runFolder = await openRunFolder(out)
  try {
    if (options.restart === true) await clear(runFolder)
    const runtime = await openBackend(options, experiment.file, progress)
    try {
      progress.note(runtime.reason)
      const results = await runTrials(experiment, runFolder, runtime, options.featureCache === false ? false : featureStore(cache), places)
      return { results, out, report: await writeReport(out) }
    } finally {
      runtime.close()
    }
  } finally {
    await runFolder.close()
  }
}
