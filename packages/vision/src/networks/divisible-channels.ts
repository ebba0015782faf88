/**
 * A number of channels as the MobileNets round it: the nearest multiple of the divisor, at least the divisor, and never less than nine tenths of what was
 * asked for.
 *
 * @param channels Number of channels, not necessarily whole.
 * @param divisor What the result is a multiple of.
 */
export const divisibleChannels = (channels: number, divisor: number): number => {
  const nearest = Math.max(divisor, Math.floor((channels + divisor / 2) / divisor) * divisor)
  return nearest < 0.9 * channels ? nearest + divisor : nearest
}
