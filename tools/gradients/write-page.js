// Measures how far the derivatives of all ops are from finite differences, on every backend of this machine, and writes docs/gradients.md.
import { writeFileSync } from 'node:fs'
import { openRuntime } from '@transferkit/runtime/node'
import { scope, TransferkitError } from '@transferkit/tensor'
import { checkGradients, differentiableOps } from '@transferkit/tensor/testing'
import { gradientsPage } from './page.js'

/** @type {import('./page.js').BackendErrors[]} */
const measured = []
/** @type {string[]} */
const missing = []

for (const backend of /** @type {const} */ (['cpu', 'wasm', 'native'])) {
  try {
    const runtime = await openRuntime({ backend })
    const errors = new Map(
      differentiableOps.map(({ name, f, inputs }) => {
        const { first = [], second = [] } = scope(() => checkGradients({ f, inputs: inputs() }))
        return [name, { first: Math.max(...first), second: Math.max(...second) }]
      }),
    )
    measured.push({ backend, description: runtime.description, errors })
    runtime.close()
  } catch (error) {
    // A backend that is not there leaves its columns out; anything else is a fault of ours.
    if (!TransferkitError.isInstance(error) || error.code !== 'runtime/backend-unavailable') throw error
    missing.push(`${backend} was not measured: ${error.message}`)
  }
}

writeFileSync(new URL('../../docs/gradients.md', import.meta.url), gradientsPage(measured, missing))
