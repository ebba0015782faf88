import { z } from 'zod'

/** The check of options whose own check is known when the recipe's plugins are. @internal */
export const optionsSchema = z.record(z.string(), z.unknown())
