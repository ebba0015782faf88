import { readFile } from 'node:fs/promises'
import { TransferkitError } from '@transferkit/tensor'
import type { z } from 'zod'
import { onFile } from './file-error.js'

/** Reads a JSON file and checks that it has the expected form. */
export const readJson = async <T>(path: string, schema: z.ZodType<T>): Promise<T> => {
  const text = await onFile(path, async () => readFile(path, 'utf8'))
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new TransferkitError('data/wrong-format', `${path}: not a JSON file (${error instanceof Error ? error.message : String(error)}).`, { cause: error })
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new TransferkitError('data/wrong-format', `${path}: the JSON has another form than expected: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}.`)
}
