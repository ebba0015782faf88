import { TransferkitError } from '@transferkit/tensor'
import type { Outcome } from './exit-code.js'

const usageAreas = ['usage', 'recipe', 'strategy', 'network', 'adapters', 'decathlon', 'transform', 'plugin', 'partial', 'schedule', 'optimiser', 'compose', 'batches']
const dataAreas = ['data', 'dataset', 'manifest', 'image', 'download', 'package', 'command', 'file', 'safetensors', 'pytorch', 'tfjs', 'artefact', 'convert']

// The area, before the slash, decides for most; these are of another kind than the rest of their area.
const exceptions: Readonly<Record<string, Outcome>> = { 'runtime/unknown-backend': 'usage', 'file/disk-full': 'failure', 'file/cannot-write': 'failure' }

const outcomeOfCode = (code: string): Outcome => {
  const [area = ''] = code.split('/')
  if (usageAreas.includes(area)) return 'usage'
  if (dataAreas.includes(area)) return 'data'
  return area === 'runtime' ? 'backend' : 'failure'
}

/**
 * The kind of end that an error means.
 *
 * @param error Whatever was thrown.
 * @param signal Whether the user interrupted.
 * @internal
 */
export const outcomeOf = (error: unknown, signal: AbortSignal): Outcome => {
  if (signal.aborted) return 'interrupted'
  if (!TransferkitError.isInstance(error)) return 'failure'
  return exceptions[error.code] ?? outcomeOfCode(error.code)
}
