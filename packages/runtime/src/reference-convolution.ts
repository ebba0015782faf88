import type { ConvolutionAttributes } from '@transferkit/tensor'

/** Sizes and settings of a convolution. @internal */
export interface ConvolutionCase extends ConvolutionAttributes {
  readonly inputShape: readonly [number, number, number, number]
  /** Depthwise: the last axis is the multiplier. */
  readonly filterShape: readonly [number, number, number, number]
  readonly depthwise: boolean
}

/** Shape of the output of a convolution. @internal */
export const outputShape = ({ inputShape, filterShape, strides, padding, depthwise }: ConvolutionCase): [number, number, number, number] => {
  const [batch, height, width] = inputShape
  const [filterHeight, filterWidth, channels, last] = filterShape
  const size = (length: number, [before, after]: readonly [number, number], window: number, stride: number): number =>
    Math.floor((length + before + after - window) / stride) + 1
  return [
    batch,
    size(height, padding[0], filterHeight, strides[0]),
    size(width, padding[1], filterWidth, strides[1]),
    depthwise ? channels * last : last,
  ]
}

/** Receives the places of three factors whose products a convolution and its gradients sum up. */
type VisitProduct = (input: number, filter: number, output: number) => void

/** Visits every product `input × filter` of a convolution, with the place in the output where it is added. */
const visitProducts = (definition: ConvolutionCase, visit: VisitProduct): void => {
  const { inputShape, filterShape, strides, padding, depthwise } = definition
  const [batches, height, width, channels] = inputShape
  const [filterHeight, filterWidth, , last] = filterShape
  const [, outputHeight, outputWidth, outputChannels] = outputShape(definition)
  for (let batch = 0; batch < batches; batch++)
    for (let outputRow = 0; outputRow < outputHeight; outputRow++)
      for (let outputColumn = 0; outputColumn < outputWidth; outputColumn++)
        for (let filterRow = 0; filterRow < filterHeight; filterRow++)
          for (let filterColumn = 0; filterColumn < filterWidth; filterColumn++) {
            const row = outputRow * strides[0] + filterRow - padding[0][0]
            const column = outputColumn * strides[1] + filterColumn - padding[1][0]
            if (row < 0 || row >= height || column < 0 || column >= width) continue
            for (let channel = 0; channel < channels; channel++)
              for (let index = 0; index < last; index++) {
                const outputChannel = depthwise ? channel * last + index : index
                visit(
                  ((batch * height + row) * width + column) * channels + channel,
                  ((filterRow * filterWidth + filterColumn) * channels + channel) * last + index,
                  ((batch * outputHeight + outputRow) * outputWidth + outputColumn) * outputChannels + outputChannel,
                )
              }
          }
}

const length = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

const collect = (definition: ConvolutionCase, size: number, product: (input: number, filter: number, output: number) => readonly [place: number, value: number]): Float32Array => {
  const sums = new Float64Array(size)
  visitProducts(definition, (input, filter, output) => {
    const [place, value] = product(input, filter, output)
    sums[place] = (sums[place] ?? 0) + value
  })
  return Float32Array.from(sums)
}

const at = (values: Float32Array, place: number): number => values[place] ?? 0

/** A convolution by its definition, in plain loops. @internal */
export const referenceOutput = (definition: ConvolutionCase, input: Float32Array, filter: Float32Array): Float32Array =>
  collect(definition, length(outputShape(definition)), (i, f, o) => [o, at(input, i) * at(filter, f)])

/** The gradient of a convolution with respect to its input, in plain loops. @internal */
export const referenceInputGradient = (definition: ConvolutionCase, outputGradient: Float32Array, filter: Float32Array): Float32Array =>
  collect(definition, length(definition.inputShape), (i, f, o) => [i, at(outputGradient, o) * at(filter, f)])

/** The gradient of a convolution with respect to its filter, in plain loops. @internal */
export const referenceFilterGradient = (definition: ConvolutionCase, input: Float32Array, outputGradient: Float32Array): Float32Array =>
  collect(definition, length(definition.filterShape), (i, f, o) => [f, at(input, i) * at(outputGradient, o)])
