import { openRuntime, type Runtime } from '@transferkit/runtime/node'
import { type BackendDefinition, type Compile, TransferkitError, verifiedCompile } from '@transferkit/tensor'
import type { TrainingArguments } from '../commands/arguments.js'
import type { Progress } from '../console/progress.js'
import { spellingAdvice } from '../recipe/spelling.js'
import type { RecipeFile } from './read-recipe.js'

/** The backends of Transferkit that a recipe can name. @internal */
export const ownBackends = ['auto', 'native', 'wasm', 'cpu'] as const

type OwnBackend = (typeof ownBackends)[number]

const isOwn = (name: string): name is OwnBackend => ownBackends.some((own) => own === name)

/** An open backend of Transferkit or of a plugin. @internal */
export interface OpenedRuntime extends Pick<Runtime, 'reason' | 'description' | 'compile' | 'close'> {
  /** Its name. */
  readonly backend: string
  /** Threads that one operation may use, where that is known. */
  readonly threads?: number
}

/** Backends of plugins by name. */
type Backends = ReadonlyMap<string, BackendDefinition>

/**
 * Makes sure that there is a backend of that name.
 *
 * @param name The name, where one is given.
 * @param plugins Backends of plugins.
 * @throws TransferkitError `usage/unknown-backend` with the nearest name.
 * @internal
 */
export const checkBackend = (name: string | undefined, plugins: Backends): void => {
  if (name === undefined || isOwn(name) || plugins.has(name)) return
  throw new TransferkitError('usage/unknown-backend', `There is no backend ${JSON.stringify(name)}.${spellingAdvice(name, [...ownBackends, ...plugins.keys()], 'backends')}`)
}

/**
 * Opens a backend of Transferkit or of a plugin.
 *
 * @param name Its name; the fastest of Transferkit that works unless told.
 * @param plugins Backends of plugins.
 * @param onWarning Where it is said that a step cannot be compiled.
 * @throws TransferkitError `usage/unknown-backend`, `runtime/backend-unavailable`, and what else opening a backend throws.
 * @internal
 */
export const openNamedBackend = async (name: string | undefined, plugins: Backends, onWarning?: (message: string) => void): Promise<OpenedRuntime> => {
  checkBackend(name, plugins)
  const definition = name === undefined ? undefined : plugins.get(name)
  if (definition !== undefined) {
    const opened = await definition()
    return { backend: definition.name, reason: `${definition.name}: of a plugin, as asked for.`, description: definition.summary, compile: opened.compile, close: () => opened.close() }
  }
  return openRuntime({ ...(name === undefined || !isOwn(name) ? {} : { backend: name }), ...(onWarning === undefined ? {} : { onWarning }) })
}

const asTheyAre: Compile = (f) => f

/**
 * Opens the backend that a recipe is trained with, whose compiler leaves steps as they are, or proves itself at each, where recipe or command line say so.
 *
 * @param options What the command line says; it has the last word.
 * @param file The recipe.
 * @param progress Where it is said that a step cannot be compiled.
 * @throws TransferkitError What {@link openNamedBackend} throws.
 * @internal
 */
export const openBackend = async (
  options: Pick<TrainingArguments, 'backend' | 'compile'>,
  { recipe: { backend: named, training }, definitions }: Pick<RecipeFile, 'recipe' | 'definitions'>,
  { note }: Pick<Progress, 'note'>,
): Promise<OpenedRuntime> => {
  const runtime = await openNamedBackend(options.backend ?? named, definitions.backends, note)
  if (options.compile === false || training.compile === false) return { ...runtime, compile: asTheyAre }
  return training.compile === 'verify' ? { ...runtime, compile: verifiedCompile(runtime.compile) } : runtime
}
