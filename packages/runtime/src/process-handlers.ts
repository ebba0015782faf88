const events = ['uncaughtException', 'unhandledRejection'] as const

type Listener = (...values: readonly unknown[]) => void

/** The part of Node's `process` that is needed. */
interface Listeners {
  rawListeners(event: string): readonly Listener[]
  on(event: string, listener: Listener): unknown
  removeListener(event: string, listener: Listener): unknown
}

/**
 * Remembers the process's handlers of errors that nobody caught. Upstream's WebAssembly module adds handlers of its own when it is loaded, which
 * throw such errors again from another place, and removes everybody's when it is disposed of. @internal
 *
 * @returns Puts the handlers back as they were.
 */
export const rememberHandlers = (): (() => void) => {
  // A browser has no `process`; a bundler's replacement has no listeners.
  const { process } = globalThis as unknown as { readonly process?: Partial<Listeners> }
  if (process?.rawListeners === undefined) return () => undefined
  // Whoever has that method is Node.
  const node = process as Listeners
  const before = events.map((event) => [event, node.rawListeners(event)] as const)
  return () => {
    for (const [event, handlers] of before) {
      const now = node.rawListeners(event)
      for (const handler of now) if (!handlers.includes(handler)) node.removeListener(event, handler)
      for (const handler of handlers) if (!now.includes(handler)) node.on(event, handler)
    }
  }
}
