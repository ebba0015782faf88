import { z } from 'zod'

/** The check of a number of things. @internal */
export const count = z.int().min(1)
