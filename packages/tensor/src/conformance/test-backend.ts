import type { OpenBackend } from '../contracts/definition.js'
import { backendProperties, type BackendSetting, valuesOfOps } from './backend-properties.js'
import { testProperties } from './test-properties.js'

/** A backend to test. */
export interface BackendConformance {
  /** Name for titles and messages, such as `wasm`. */
  readonly name: string
  /** Opens the backend that is tested. */
  readonly open: () => Promise<OpenBackend>
  /** Opens the backend that it is held against: the plain JavaScript one, which is the slowest and the simplest. */
  readonly reference: () => Promise<OpenBackend>
  /** Names of properties that do not apply. */
  readonly except?: readonly string[]
}

/**
 * Tests that a backend keeps the contract: the values of every op, its first and second derivatives by finite differences, random numbers, memory, and compiled functions. Call it at
 * the top of a Vitest file; it opens and closes both backends itself.
 *
 * @param options Name, the backend, and the one that it is held against.
 *
 * @example
 * ```ts
 * import type { OpenBackend } from '@transferkit/tensor'
 * import { testBackend } from '@transferkit/tensor/conformance'
 *
 * const tests = (open: (name: string) => Promise<OpenBackend>) => testBackend({ name: 'wasm', open: () => open('wasm'), reference: () => open('cpu') })
 * ```
 */
export const testBackend = ({ name, open, reference, except = [] }: BackendConformance): void =>
  testProperties<BackendSetting>({
    subject: `backend '${name}'`,
    properties: backendProperties,
    except,
    open: async () => {
      const plain = await reference()
      const values = valuesOfOps()
      plain.close()
      return { backend: await open(), reference: values }
    },
    close: ({ backend }) => backend.close(),
  })
