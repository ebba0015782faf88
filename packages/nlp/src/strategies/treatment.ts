import { type Network, TransferkitError } from '@transferkit/tensor'
import type { StageTreatment } from '@transferkit/training'
import { z } from 'zod'

/** What happens to a part of the network, as an option. */
export const treatment: z.ZodType<StageTreatment, StageTreatment> = z.enum(['frozen', 'fine-tuned', 'random'])

/**
 * Checks that the classifier of the source can be kept.
 *
 * @param strategy Name of the strategy, for the message.
 * @param output What the option `output` says.
 * @param source The source's network.
 * @param classes Number of classes of the target.
 * @throws TransferkitError `nlp/output-classes` when the source's classifier is to be kept, but tells another number of classes apart.
 */
export const checkOutput = (strategy: string, output: StageTreatment, source: Network, classes: number): void => {
  if (output === 'random' || source.classes === classes) return
  throw new TransferkitError(
    'nlp/output-classes',
    `Strategy '${strategy}', option 'output': the classifier of '${source.name}' tells ${source.classes} classes apart, but the target has ${classes}, so it cannot be '${output}'. Use 'random', which is a new classifier.`,
  )
}
