import type { ConvolutionAttributes } from '@transferkit/tensor'
import type { NativeBackend } from './backend.js'

/** Tiles of one map, of 4×4 outputs unless told. @internal */
export const tilesOfMap = ([height = 0, width = 0]: readonly number[], tileSize = 4): number => Math.ceil(height / tileSize) * Math.ceil(width / tileSize)

// Multiplications for one pair of channels: of the direct form an output, and of ours a tile, which is computed in full also at the edge of a map. To transform
// it takes as long as half of its 36.
const perOutput = 9
const perTile = 54

// So many of them have to be saved for each channel, because the filter is transformed as well. Measured with 64 to 256 channels on maps of 3×3 to 8×8.
const fewestSaved = 11

// Channels for each small tile: with more of them, even a transformed filter takes longer to read than is saved.
const mostChannels = 16

/** Tiles that a convolution is computed in: large ones have 4×4 outputs, small ones 2×2. @internal */
export type WinogradTiles = 'large' | 'small'

/**
 * How a convolution, or one of its gradients, is computed by our own operation, where that is faster: Winograd's F(4×4, 3×3) (Lavin and Gray, 2015), which needs
 * 4 times fewer multiplications than the direct form, or F(2×2, 3×3), which needs 2.25 times fewer. In bfloat16 it is always the latter.
 *
 * It computes 3×3 filters of step 1 that keep the size of the maps, where all channels fill the processor's registers. Large tiles are taken where they save more
 * than to transform the filter costs. For few of them the transformed filter, which is four times as large as the filter itself, is what takes long; with small tiles it is less than
 * half of that. Those are not worth it for gradients, for which the filter is transformed across its channels.
 *
 * @param kind What is computed.
 * @returns Nothing where TensorFlow computes it.
 * @internal
 */
export const winogradTiles = (
  { binding: { winogradChannels }, isUsingGpuDevice }: NativeBackend,
  [batch = 0, height = 0, width = 0]: readonly number[],
  [filterHeight, filterWidth, inputs = 0, outputs = 0]: readonly number[],
  { strides, padding }: ConvolutionAttributes,
  kind: 'convolution' | 'gradient',
): WinogradTiles | undefined => {
  const fits =
    winogradChannels !== undefined &&
    !isUsingGpuDevice &&
    filterHeight === 3 &&
    filterWidth === 3 &&
    strides.every((step) => step === 1) &&
    padding.flat().every((zeros) => zeros === 1) &&
    inputs % winogradChannels === 0 &&
    outputs % winogradChannels === 0
  const channels = Math.max(inputs, outputs)
  const map = [height, width]
  if (!fits) return undefined
  if (batch * (perOutput * height * width - perTile * tilesOfMap(map)) >= fewestSaved * channels) return 'large'
  return kind === 'convolution' && batch * tilesOfMap(map, 2) * mostChannels >= channels ? 'small' : undefined
}
