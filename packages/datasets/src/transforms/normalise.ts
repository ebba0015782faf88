import { type BatchTransform, TransferkitError } from '@transferkit/tensor'

/** What to normalise by. */
export interface NormaliseOptions {
  /** What is subtracted from each channel; one number stands for all channels. */
  readonly mean: readonly number[]
  /** What each channel is divided by; one number stands for all channels. */
  readonly standardDeviation: readonly number[]
}

/**
 * Normalises each channel (the last axis): `(value - mean) / standardDeviation`, to 32-bit floats. Bytes are divided by 255 first.
 *
 * @param options Mean and standard deviation of each channel, as {@link channelStatistics} measures them.
 * @throws TransferkitError `transform/bad-option` when a number is not finite or a deviation is not above 0; `transform/channel-mismatch`, when it is applied,
 * when the examples have another number of channels.
 *
 * @example
 * ```ts
 * import { normalise } from '@transferkit/datasets'
 *
 * const likeImageNet = normalise({ mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225] })
 * ```
 */
export const normalise = ({ mean, standardDeviation }: NormaliseOptions): BatchTransform => {
  const name = `normalise(mean ${mean.join(' ')}, standard deviation ${standardDeviation.join(' ')})`
  if (mean.length === 0 || mean.some((value) => !Number.isFinite(value)) || standardDeviation.length === 0 || standardDeviation.some((value) => !(value > 0 && value < Infinity))) {
    throw new TransferkitError('transform/bad-option', `${name}: means are finite numbers and standard deviations are above 0. Is a channel constant? Leave it out or use 1.`)
  }
  const outputShape = (exampleShape: readonly number[]): readonly number[] => {
    const channels = exampleShape.at(-1) ?? 0
    for (const values of [mean, standardDeviation]) {
      if (values.length !== 1 && values.length !== channels) {
        throw new TransferkitError('transform/channel-mismatch', `${name}: has ${values.length} channels, and the examples, of shape [${exampleShape.join(', ')}], have ${channels}.`)
      }
    }
    return exampleShape
  }
  return {
    name,
    deterministic: true,
    outputShape,
    apply: (batch) => {
      const channels = outputShape(batch.shape.slice(1)).at(-1) ?? 1
      const scale = batch.inputs instanceof Uint8Array ? 1 / 255 : 1
      const factors = Array.from({ length: channels }, (_, channel) => 1 / (standardDeviation[channel] ?? standardDeviation[0] ?? 1))
      const offsets = factors.map((factor, channel) => -(mean[channel] ?? mean[0] ?? 0) * factor)
      const inputs = new Float32Array(batch.inputs.length)
      for (let channel = 0; channel < channels; channel++) {
        const factor = (factors[channel] ?? 1) * scale
        const offset = offsets[channel] ?? 0
        for (let index = channel; index < inputs.length; index += channels) inputs[index] = (batch.inputs[index] ?? 0) * factor + offset
      }
      return { ...batch, inputs }
    },
  }
}
