import type { ConvolutionAttributes } from '@transferkit/tensor'
import type { NativeBackend } from './backend.js'

/**
 * Whether a convolution, or one of its gradients, is computed by our own operation: Winograd's F(2×2, 3×3) (Lavin and Gray, 2015), which needs 2.25 times
 * fewer multiplications than the direct form and is as exact.
 *
 * It computes 3×3 filters of step 1 that keep the size of the maps, where all channels fill the processor's registers. With fewer tiles (2×2 outputs) than
 * channels the transformation of the filter would cost more than is saved.
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
  batch * Math.ceil(height / 2) * Math.ceil(width / 2) >= Math.max(inputs, outputs)
