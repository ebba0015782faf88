import { withClasses } from '@transferkit/tensor'
import { z } from 'zod'
import { defineStrategy } from './define-strategy.js'
import { networkProgram } from './network-program.js'

/**
 * Training from random weights: the source lends its architecture and nothing else.
 *
 * The objective is `CE(y, head(body(x)))` over all parameters. This is what a transfer has to beat; where another strategy falls below it, the transfer is
 * negative.
 *
 * @example
 * ```ts
 * import { scratch } from '@transferkit/training'
 *
 * const strategy = scratch()
 * ```
 */
export const scratch = defineStrategy({
  name: 'scratch',
  summary: 'Trains all weights from a random start; the source gives only its architecture.',
  reference: { citation: 'The usual baseline without transfer.' },
  options: z.strictObject({}),
  prepare: ({ source, task }) =>
    networkProgram({
      network: withClasses(source.network, task.classes.length),
      startsFromSource: () => false,
      trains: () => true,
      staysInInference: () => false,
    }),
})
