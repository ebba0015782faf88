import { openRuntime, type Runtime } from '@transferkit/runtime/node'
import { type Compile, verifiedCompile } from '@transferkit/tensor'
import type { TrainingArguments } from '../commands/arguments.js'
import type { Progress } from '../console/progress.js'
import type { CommonRecipe } from '../recipe/common-schema.js'

const asTheyAre: Compile = (f) => f

/**
 * Opens the backend that a recipe is trained with, whose compiler leaves steps as they are, or proves itself at each, where recipe or command line say so.
 *
 * @param options What the command line says; it has the last word.
 * @param recipe The recipe.
 * @param progress Where it is said that a step cannot be compiled.
 * @throws TransferkitError `runtime/backend-unavailable`, and what else opening a backend throws.
 * @internal
 */
export const openBackend = async (
  options: Pick<TrainingArguments, 'backend' | 'compile'>,
  { backend: named, training }: Pick<CommonRecipe, 'backend' | 'training'>,
  { note }: Pick<Progress, 'note'>,
): Promise<Runtime> => {
  const backend = options.backend ?? named
  const runtime = await openRuntime({ ...(backend === undefined ? {} : { backend }), onWarning: note })
  if (options.compile === false || training.compile === false) return { ...runtime, compile: asTheyAre }
  return training.compile === 'verify' ? { ...runtime, compile: verifiedCompile(runtime.compile) } : runtime
}
