import type { TrainingEvent } from './events.js'
import { transfer, type TransferOptions } from './transfer.js'

/** Runs a transfer to its end: its events, and the bytes of its model. */
export const runToEnd = async (options: TransferOptions): Promise<{ readonly events: readonly TrainingEvent[]; readonly tensors: Uint8Array }> => {
  const run = transfer(options)
  const events: TrainingEvent[] = []
  for await (const event of run) events.push(event)
  const result = await run
  const { tensors } = await result.artefact()
  result.release()
  return { events, tensors }
}
