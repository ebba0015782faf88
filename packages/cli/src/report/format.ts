import type { Estimate } from './estimate.js'

const minus = '−'

/**
 * A number with a fixed number of decimals and a true minus sign.
 *
 * @internal
 */
export const decimal = (value: number, digits = 1): string => {
  const text = Math.abs(value).toFixed(digits)
  return value < 0 && Number(text) !== 0 ? `${minus}${text}` : text
}

/** A difference: always with its sign. @internal */
export const signed = (value: number, digits = 1): string => `${value >= 0 || Number(value.toFixed(digits)) === 0 ? '+' : ''}${decimal(value, digits)}`

/** A whole number in groups of three digits. @internal */
export const grouped = (value: number): string => value.toLocaleString('en-GB')

/** An accuracy in percent with the half width of its interval, where there is one. @internal */
export const accuracyText = ({ mean, halfWidth }: Estimate): string => (halfWidth === undefined ? decimal(100 * mean) : `${decimal(100 * mean)} ± ${decimal(100 * halfWidth)}`)

/** A difference of accuracies in points with the half width of its interval, where there is one. @internal */
export const differenceText = ({ mean, halfWidth }: Estimate): string => (halfWidth === undefined ? signed(100 * mean) : `${signed(100 * mean)} ± ${decimal(100 * halfWidth)}`)

/** A noun with its number. @internal */
export const counted = (count: number, noun: string): string => `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`

/** How many times the size of something else. @internal */
export const multipleText = (value: number): string => `${decimal(value, 2)}×`

/** The 95 % interval of a difference of accuracies, in points. @internal */
export const intervalText = ({ mean, halfWidth = 0 }: Estimate): string => `95 % interval ${signed(100 * (mean - halfWidth))} to ${signed(100 * (mean + halfWidth))}`
