import type { ConvolutionAttributes } from '@transferkit/tensor'
import type { NativeBackend } from './backend.js'

// Multiplications for one pair of channels: of the direct form an output, and of ours a tile, which is computed in full also at the edge of a map. To transform
// it takes as long as half of its 36.
const perOutput = 9
const tileSize = 4
const perTile = 54

// So many of them have to be saved for each channel, because the filter is transformed as well. Measured with 64 to 256 channels on maps of 3×3 to 8×8.
const fewestSaved = 11

/**
 * Whether a convolution, or one of its gradients, is computed by our own operation: Winograd's F(4×4, 3×3) (Lavin and Gray, 2015), which needs 4 times
 * fewer multiplications than the direct form; in bfloat16 it is F(2×2, 3×3).
 *
 * It computes 3×3 filters of step 1 that keep the size of the maps, where all channels fill the processor's registers and it saves more than transforming the
 * filter costs.
 *
 * @internal
 */
export const fitsWinograd = (
  { binding: { winogradChannels }, isUsingGpuDevice }: NativeBackend,
  [batch = 0, height = 0, width = 0]: readonly number[],
  [filterHeight, filterWidth, inputs = 0, outputs = 0]: readonly number[],
  { strides, padding }: ConvolutionAttributes,
): boolean =>
  winogradChannels !== undefined &&
  !isUsingGpuDevice &&
  filterHeight === 3 &&
  filterWidth === 3 &&
  strides.every((step) => step === 1) &&
  padding.flat().every((zeros) => zeros === 1) &&
  inputs % winogradChannels === 0 &&
  outputs % winogradChannels === 0 &&
  batch * (perOutput * height * width - perTile * Math.ceil(height / tileSize) * Math.ceil(width / tileSize)) >= fewestSaved * Math.max(inputs, outputs)
