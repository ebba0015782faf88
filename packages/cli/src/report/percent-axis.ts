/** A share as a percentage. @internal */
export const percent = (share: number): number => 100 * share

/**
 * Ends of an axis of percentages that holds all values, at round numbers.
 *
 * @internal
 */
export const percentAxis = (values: readonly number[]): { readonly min: number; readonly max: number; readonly interval: number } => {
  const spread = Math.max(...values) - Math.min(...values)
  const interval = [0.5, 1, 2, 5, 10].find((step) => spread / step <= 7) ?? 20
  return { min: Math.max(0, Math.floor(Math.min(...values) / interval - 0.3) * interval), max: Math.min(100, Math.ceil(Math.max(...values) / interval + 0.3) * interval), interval }
}
