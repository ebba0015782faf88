import { inference, type Logits, normalArray, randomKey, readSync, scope, tensor, type Tensor, type TrainedNetwork, TransferkitError } from '@transferkit/tensor'

/** Rounding in another order of the same sums stays far below this share of the largest score. */
const tolerance = 1e-3

/**
 * Makes sure that a network computes what it did before, on random images.
 *
 * @param before What it computed.
 * @param after The network as somebody else would read it.
 * @param inputShape Shape of an example.
 * @returns The largest difference of two scores, as a share of the largest score.
 * @throws TransferkitError `convert/not-equal` when they differ.
 * @internal
 */
export const sameLogits = (before: (inputs: Tensor) => Logits, { network, variables }: TrainedNetwork, inputShape: readonly number[]): number =>
  scope(() => {
    const shape = [2, ...inputShape]
    const inputs: Tensor = tensor(normalArray(randomKey(1), shape.reduce((product, size) => product * size, 1)), shape)
    const [expected, found] = [before(inputs), network.apply(variables, inputs, inference).output].map((logits) => readSync(logits))
    if (expected === undefined || found?.length !== expected.length) throw new TransferkitError('convert/not-equal', 'The converted network has another number of classes. Nothing was written.')
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    const difference = expected.reduce((most, value, index) => Math.max(most, Math.abs(value - (found[index] ?? Number.NaN))), 0) / Math.max(largest, Number.MIN_VALUE)
    if (!(difference <= tolerance)) throw new TransferkitError('convert/not-equal', `The converted network gives other scores than before on random images: they differ by ${difference.toExponential(1)} of the largest. Nothing was written.`)
    return difference
  })
