import type { OptionsSchema } from '@transferkit/tensor'
import type { FieldPath } from '../recipe/issues.js'

/** Where in the options the first thing is that a schema does not accept. @internal */
export const wrongOption = (schema: OptionsSchema<unknown, unknown>, options: unknown): FieldPath => {
  const result = schema['~standard'].validate(options)
  if (result instanceof Promise || result.issues === undefined) return []
  const [issue] = result.issues
  const path = (issue?.path ?? []).map((part) => (typeof part === 'object' ? part.key : part)).filter((part) => typeof part !== 'symbol')
  // Libraries name a field that does not exist beside the path; zod calls the list keys.
  const [key] = (issue as { readonly keys?: readonly string[] } | undefined)?.keys ?? []
  return key === undefined ? path : [...path, key]
}
