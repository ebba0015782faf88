import type { BackendDefinition, OpenBackend } from '../contracts/definition.js'
import { TransferkitError } from '../error.js'
import { backendName } from '../tensor/backend-name.js'
import { definitionOf } from './definition-of.js'

/** What makes a backend that recipes can name. */
export interface BackendDescription {
  /** Identifier in recipes and reports, and the name that TensorFlow.js knows the backend by. */
  readonly name: string
  /** One line on what it is. */
  readonly summary: string
  /** Opens the backend and makes it the active one of TensorFlow.js. */
  open(): Promise<OpenBackend>
}

/**
 * Defines a backend. The result opens it; recipes name it by its `name`.
 *
 * @param description Name and how it is opened.
 * @returns The definition. Calling it throws a TransferkitError `backend/other-copy` where the backend was opened on another copy of TensorFlow.js.
 *
 * @example
 * ```ts no-run
 * import { defineBackend, type OpenBackend } from '@transferkit/tensor'
 *
 * declare const openMine: () => Promise<OpenBackend>
 *
 * const mine = defineBackend({ name: 'mine', summary: 'Kernels of our own.', open: openMine })
 * const { close } = await mine()
 * ```
 */
export const defineBackend = ({ name, summary, ...described }: BackendDescription): BackendDefinition =>
  definitionOf(
    async () => {
      const opened = await described.open()
      if (backendName() === name) return opened
      opened.close()
      throw new TransferkitError('backend/other-copy', `The backend '${name}' was opened, but it is not the active one of TensorFlow.js. It has to be registered there by its own name, and '@tensorflow/tfjs-core' must be installed once: "npm ls @tensorflow/tfjs-core" shows its copies.`)
    },
    { specVersion: 1, kind: 'backend', name, summary } as const,
  )
