import { type Compile, type Precision, TransferkitError } from '@transferkit/tensor'
import { rememberHandlers } from './process-handlers.js'
import { type BackendName, type BackendOption, type Runtime, upstreamName } from './backend.js'
import { withFallback } from './precision.js'

/** A backend that was opened and is now the active one of TensorFlow.js. @internal */
export interface Opened {
  /** What it is, such as `TensorFlow 2.21.0`. */
  readonly description: string
  readonly threads: number
  readonly tensorflowVersion?: string
  /** The backend's compiler, where it has one. */
  readonly compile?: Compile
  /** What the compiler can compute in, fast; `float32` unless told. */
  readonly precisions?: readonly Precision[]
}

/** A backend that can be tried. @internal */
export interface Candidate {
  readonly backend: BackendName
  /** Says whether it can be used, without opening it. */
  inspect(): Promise<BackendOption>
  /** Opens it and makes it the active one, or fails. */
  open(): Promise<Opened>
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Removes a backend with all its tensors, and leaves its factory so that it can be opened again. */
const closeBackend = async (backend: BackendName): Promise<() => void> => {
  const { registerBackend, removeBackend } = await import('@tensorflow/tfjs-core')
  const { findBackendFactory } = await import('./upstream-backends.js')
  const name = upstreamName(backend)
  let open = true
  return () => {
    if (!open) return
    open = false
    const factory = findBackendFactory(name)
    const restoreHandlers = rememberHandlers()
    removeBackend(name)
    restoreHandlers()
    if (factory !== null) registerBackend(name, factory)
  }
}

const summary = (backend: BackendName, description: string, asked: boolean, passedOver: readonly BackendOption[]): string => {
  if (asked) return `${backend}: ${description}, as asked for.`
  const [fastest] = passedOver
  if (fastest === undefined) return `${backend}: ${description}, the fastest that there is here.`
  return `${backend}: ${description}, because ${fastest.backend} cannot be used: ${fastest.reason}`
}

const unavailable = (candidates: readonly Candidate[], asked: BackendName | 'auto', passedOver: readonly BackendOption[]): string => {
  const sentences = passedOver.map(({ backend, reason, fix }) => `${backend}: ${reason}${fix === undefined ? '' : ` ${fix}`}`)
  if (asked === 'auto') return ['No backend can be used.', ...sentences].join('\n- ')
  const possible = candidates.map(({ backend }) => backend).join(', ')
  return `The backend that was asked for cannot be used. ${sentences[0] ?? `${asked}: it does not exist here; choose one of auto, ${possible}.`}`
}

const warnOnConsole = (text: string): void => {
  // eslint-disable-next-line no-console -- A browser has no other place for it.
  console.warn(`Transferkit: ${text}`)
}

/**
 * Opens the first candidate that can be opened, or the one that is asked for. @internal
 *
 * @throws TransferkitError `runtime/backend-unavailable` when there is none.
 */
export const openFirst = async (candidates: readonly Candidate[], asked: BackendName | 'auto', warn = warnOnConsole): Promise<Runtime> => {
  const wanted = asked === 'auto' ? candidates : candidates.filter(({ backend }) => backend === asked)
  const passedOver: BackendOption[] = []
  for (const candidate of wanted) {
    const { backend } = candidate
    const option = await candidate.inspect()
    if (!option.usable) {
      passedOver.push(option)
      continue
    }
    let opened: Opened
    try {
      opened = await candidate.open()
    } catch (error) {
      passedOver.push({ backend, usable: false, reason: message(error) })
      continue
    }
    const { description, threads, precisions = ['float32'] } = opened
    const known = new Map(passedOver.map((entry) => [entry.backend, entry]))
    const others = candidates.filter((other) => other !== candidate)
    return {
      backend,
      description,
      reason: summary(backend, description, asked !== 'auto', passedOver),
      alternatives: await Promise.all(others.map(async (other) => known.get(other.backend) ?? (await other.inspect()))),
      threads,
      precisions,
      compile: withFallback(opened.compile ?? ((f) => f), precisions, description, warn),
      ...(opened.tensorflowVersion === undefined ? {} : { tensorflowVersion: opened.tensorflowVersion }),
      close: await closeBackend(backend),
    }
  }
  throw new TransferkitError('runtime/backend-unavailable', unavailable(candidates, asked, passedOver))
}

const names: readonly string[] = ['native', 'webgpu', 'webgl', 'wasm', 'cpu'] satisfies readonly BackendName[]

/**
 * Checks a backend's name that a person wrote. @internal
 *
 * @throws TransferkitError `runtime/unknown-backend`.
 */
export const parseBackend = (name: string, where: string): BackendName | 'auto' => {
  // The test makes it one of the names.
  if (name === 'auto' || names.includes(name)) return name as BackendName | 'auto'
  throw new TransferkitError('runtime/unknown-backend', `${where}: there is no backend "${name}". Choose one of auto, ${names.join(', ')}.`)
}
