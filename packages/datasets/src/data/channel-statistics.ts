import { type Dataset, TransferkitError } from '@transferkit/tensor'

/** Mean and standard deviation of each channel. */
export interface ChannelStatistics {
  /** Mean of each channel; of value / 255 for bytes. */
  readonly mean: readonly number[]
  /** Standard deviation of each channel over all its values (divided by their number, not by one less); of value / 255 for bytes. */
  readonly standardDeviation: readonly number[]
}

/**
 * Mean and standard deviation of each channel (the last axis) over all examples, ready for {@link normalise}.
 *
 * @param dataset The set to measure: the training set, never the test set.
 * @throws TransferkitError `dataset/empty` when the set has no examples.
 *
 * @example
 * ```ts
 * import { arrayDataset, channelStatistics, normalise } from '@transferkit/datasets'
 *
 * const train = arrayDataset({ name: 'train', classes: ['a', 'b'], inputs: Uint8Array.of(0, 255), exampleShape: [1, 1, 1], labels: [0, 1] })
 * const transform = normalise(await channelStatistics(train)) // mean [0.5], standard deviation [0.5]
 * ```
 */
export const channelStatistics = async (dataset: Dataset): Promise<ChannelStatistics> => {
  if (dataset.size === 0) throw new TransferkitError('dataset/empty', `${dataset.name}: has no examples to take statistics of.`)
  const channels = dataset.exampleShape.at(-1) ?? 1
  const counts = new Float64Array(channels)
  const means = new Float64Array(channels)
  const squares = new Float64Array(channels)
  let scale = 1
  for (let start = 0; start < dataset.size; start += 256) {
    const { inputs } = await dataset.read(Array.from({ length: Math.min(256, dataset.size - start) }, (_, index) => start + index))
    if (inputs instanceof Uint8Array) scale = 1 / 255
    // Per batch first, then merged (Chan et al. 1979), so that no digits are lost over many examples.
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0
      for (let index = channel; index < inputs.length; index += channels) sum += inputs[index] ?? 0
      const count = inputs.length / channels
      const mean = sum / count
      let square = 0
      for (let index = channel; index < inputs.length; index += channels) square += ((inputs[index] ?? 0) - mean) ** 2
      const before = counts[channel] ?? 0
      const shift = mean - (means[channel] ?? 0)
      counts[channel] = before + count
      means[channel] = (means[channel] ?? 0) + (shift * count) / (before + count)
      squares[channel] = (squares[channel] ?? 0) + square + (shift ** 2 * before * count) / (before + count)
    }
  }
  return {
    mean: Array.from(means, (mean) => mean * scale),
    standardDeviation: Array.from(squares, (square, channel) => Math.sqrt(square / (counts[channel] ?? 1)) * scale),
  }
}
