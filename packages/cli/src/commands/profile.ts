import { cacheFolder } from '@transferkit/datasets/node'
import { TransferkitError } from '@transferkit/tensor'
import { transfer } from '@transferkit/training'
import { type CommandContext, writeJson } from '../console/command-context.js'
import { textTable } from '../console/text-table.js'
import { compareStrategies } from '../experiment/compare-strategies.js'
import { dataFolder } from '../experiment/data-folder.js'
import type { PlannedTarget } from '../experiment/experiment.js'
import { openBackend } from '../experiment/open-backend.js'
import type { DataPlaces } from '../experiment/open-dataset.js'
import { type RecipeFile, readRecipe } from '../experiment/read-recipe.js'
import { obtainSource, releaseSource } from '../experiment/source-network.js'
import { openImageTarget } from '../experiment/target-data.js'
import { openTextTarget } from '../experiment/text-target.js'
import { optionsOf } from '../experiment/training-settings.js'
import { comparison, type Recipe } from '../recipe/comparison.js'
import { readsText } from '../recipe/text-problems.js'
import { counted, decimal } from '../report/format.js'
import type { ProfileArguments } from './arguments.js'
import { type StepProfiler, stepProfiler } from './profile-steps.js'
import { type StepSummary, summariseStep } from './profile-summary.js'
import { chooseStrategy } from './run.js'

/** The phases of a training, by name, with what was seen of their steps. */
type ProfiledPhases = readonly (StepSummary & { readonly phase: string })[]

/** Trains as the recipe says until the step of each phase was seen; gives the names of the phases. */
const trainUntilSeen = async (file: RecipeFile<Recipe>, target: PlannedTarget, seed: number, places: DataPlaces & Pick<Parameters<typeof obtainSource>[1], 'runtime'>, profiler: StepProfiler): Promise<readonly string[]> => {
  const [planned] = target.strategies
  if (planned === undefined) return []
  const { settings, strategy } = planned
  const open = readsText(file.recipe.source) ? openTextTarget : openImageTarget
  const data = await open(file, target.settings, target.path, places)
  try {
    const source = await obtainSource(file, places)
    try {
      const { train, source: from, transforms } = await data.split(seed, source)
      const inputShape = data.inputShape(source)
      const phases = strategy.prepare({ source: from, task: train.task, inputShape }).phases ?? []
      const run = transfer({
        source: from,
        target: train,
        strategy,
        seed,
        ...optionsOf(settings),
        transforms,
        compile: profiler.compile,
        inspectEvery: 0,
        signal: places.signal,
      })
      // Left at the end at the latest, so that everything is freed: there is no model worth keeping.
      for await (const { type } of run) if (type === 'training-end' || profiler.hasSeen(Math.max(1, phases.length))) break
      return phases.map(({ name }) => name)
    } finally {
      releaseSource(source)
    }
  } finally {
    data.release()
  }
}

const percentText = (share: number): string => `${decimal(100 * share)} %`

const phaseText = ({ phase, milliseconds, operations, outsideShare, replayedMilliseconds, kernels }: ProfiledPhases[number], top: number): string => {
  const replayed = replayedMilliseconds === undefined ? '' : ` Replayed as one operation: ${decimal(replayedMilliseconds)} ms.`
  const rows = kernels
    .slice(0, top)
    .map(({ operation, shape, calls, milliseconds: ofCalls, share, repeatedShare }) => [`${operation}${shape === undefined ? '' : ` [${String(shape)}]`}`, String(calls), decimal(ofCalls, 2), percentText(share), percentText(repeatedShare)])
  const headings = ['calls', 'ms', 'share', 'repeated'].map((heading) => ({ heading, numeric: true }))
  return [
    `${phase}: ${decimal(milliseconds)} ms op by op, ${counted(operations, 'operation')}; ${percentText(outsideShare)} of it outside native code.${replayed}`,
    textTable([{ heading: 'kernel' }, ...headings], rows),
  ].join('\n')
}

/** Says which kernels of a training step take the time. @internal */
export const profileCommand = async (recipeFile: string, options: ProfileArguments, context: CommandContext): Promise<void> => {
  const { io, progress, json } = context
  const file = await readRecipe(recipeFile, io.workingFolder, comparison)
  const seed = file.recipe.seeds[0] ?? 1
  const { targets } = compareStrategies(file, { strategies: (planned) => chooseStrategy(planned, options.strategy), seeds: [seed], withBaseline: false })
  const [target] = targets
  if (target === undefined) return
  const runtime = await openBackend(options, file, progress)
  try {
    progress.note(runtime.reason)
    if (runtime.backend !== 'native') {
      throw new TransferkitError('usage/not-native', `Only the kernels of native TensorFlow are profiled, but this is the backend '${runtime.backend}'. Take --backend native; "transferkit runtime --install" sets it up.`)
    }
    const places = { ...dataFolder(options.dataDir, io), folder: file.folder, definitions: file.definitions, cache: cacheFolder({ environment: io.environment }), progress, signal: io.signal, runtime }
    const profiler = stepProfiler(runtime.compile)
    const names = await trainUntilSeen(file, target, seed, places, profiler)
    const phases: ProfiledPhases = profiler.phases().map((step, index) => ({ phase: names[index] ?? 'training', ...summariseStep(step, options.shapes === true) }))
    const strategy = target.strategies[0]?.name ?? ''
    if (json) writeJson(context, { strategy, seed, batchSize: target.strategies[0]?.settings.batchSize, backend: runtime.description, phases: phases.map((phase) => ({ ...phase, kernels: phase.kernels.slice(0, options.top) })) })
    else io.stdout.write(`${strategy}, seed ${seed}, on ${runtime.description}\n\n${phases.map((phase) => phaseText(phase, options.top)).join('\n')}`)
  } finally {
    runtime.close()
  }
}
