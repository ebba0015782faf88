import { type Metrics, read, release, TransferkitError } from '@transferkit/tensor'

/** Reads the numbers of a step and frees them. @internal */
export const readMetrics = async (metrics: Metrics): Promise<Readonly<Record<string, number>>> => {
  try {
    const numbers = await Promise.all(Object.entries(metrics).map(async ([name, value]) => [name, (await read(value))[0] ?? Number.NaN] as const))
    return Object.fromEntries(numbers)
  } finally {
    release(metrics)
  }
}

/** The error of a step with numbers that are NaN or infinite. @internal */
export const notFinite = (step: number, loss: number, learningRate: number, problem = `The loss is ${loss}`): TransferkitError =>
  new TransferkitError(
    'training/not-finite',
    `${problem} at step ${step}, with learning rate ${learningRate}. The training is stopped; the last checkpoint is from before. Try a lower learning rate, warm-up steps or clipping, and check that the inputs are normalised.`,
  )
