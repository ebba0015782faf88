/**
 * @typedef {object} Row What one contestant did in one comparison.
 * @property {string} step Name of the comparison.
 * @property {string} contestant
 * @property {number} minimumMilliseconds
 * @property {number} medianMilliseconds
 * @property {number} oursOverThis Our shortest time over this one's.
 * @property {number} peakMegabytes Largest resident set during the counted steps.
 * @property {number} [memoryOursOverThis] Our largest resident set over this one's.
 * @property {number} [tensorsAlive]
 * @property {number} [gigaMultiplyAdds] Multiply-adds of the convolutions and matrix products of our step, in 10⁹.
 * @property {number} [shareOfPeak] Share of the machine's matrix-product peak that these reach at our shortest time, from 0 to 1.
 * @property {string} [commit] What the row was measured at.
 */

/**
 * @typedef {object} Measured A contestant that ran.
 * @property {string} name
 * @property {readonly number[]} times
 * @property {() => { readonly memory: number, readonly tensors?: number }} last
 */

/**
 * The middle of some numbers.
 *
 * @param {readonly number[]} times
 */
export const median = (times) => times.toSorted((left, right) => left - right)[times.length >> 1] ?? Number.NaN

/**
 * A number with so many digits behind the point.
 *
 * @type {(value: number, digits: number) => number}
 */
export const rounded = (value, digits) => Math.round(value * 10 ** digits) / 10 ** digits

/**
 * The rows of one comparison, ours first.
 *
 * @param {string} step
 * @param {readonly Measured[]} contestants
 * @param {{ readonly multiplyAdds: number, readonly matMulGigaflops: number }} [arithmetic] Of our step, and of the machine.
 * @returns {readonly Row[]}
 */
export const rowsOf = (step, contestants, arithmetic) => {
  const [ours] = contestants
  const best = Math.min(...(ours?.times ?? []))
  const roofline = arithmetic === undefined ? {} : { gigaMultiplyAdds: rounded(arithmetic.multiplyAdds / 1e9, 3), shareOfPeak: rounded((2 * arithmetic.multiplyAdds) / (best * 1e6) / arithmetic.matMulGigaflops, 3) }
  return contestants.map((each) => ({
    step,
    contestant: each.name,
    minimumMilliseconds: rounded(Math.min(...each.times), 1),
    medianMilliseconds: rounded(median(each.times), 1),
    oursOverThis: rounded(best / Math.min(...each.times), 3),
    peakMegabytes: Math.round(each.last().memory / 1e6),
    memoryOursOverThis: rounded((ours?.last().memory ?? Number.NaN) / each.last().memory, 3),
    ...(each.last().tensors === undefined ? {} : { tensorsAlive: each.last().tensors }),
    ...(each === ours ? roofline : {}),
  }))
}

/**
 * The rows of a file with new ones: those of comparisons that were made again are replaced in their places.
 *
 * @param {{ readonly commit?: string, readonly rows: readonly Row[] } | undefined} before What the file held.
 * @param {readonly Row[]} rows The new ones.
 * @param {string} commit What they were measured at.
 * @returns {readonly Row[]}
 */
export const mergedRows = (before, rows, commit) => {
  const marked = rows.map((row) => ({ ...row, commit }))
  const made = new Set(rows.map(({ step }) => step))
  const old = (before?.rows ?? []).map((row) => ({ ...row, ...(before?.commit === undefined ? {} : { commit: row.commit ?? before.commit }) }))
  const known = new Set(old.map(({ step }) => step))
  const replaced = old.flatMap((row, index) => {
    if (!made.has(row.step)) return [row]
    return old.findIndex(({ step }) => step === row.step) === index ? marked.filter(({ step }) => step === row.step) : []
  })
  return [...replaced, ...marked.filter(({ step }) => !known.has(step))]
}

/**
 * Rows as a table in Markdown.
 *
 * @param {readonly Row[]} rows
 */
export const table = (rows) =>
  [
    '| step | contestant | min ms | median ms | ours ÷ this | peak MB | memory, ours ÷ this | share of peak |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row.step} | ${row.contestant} | ${row.minimumMilliseconds} | ${row.medianMilliseconds} | ${row.oursOverThis} | ${row.peakMegabytes} | ${row.memoryOursOverThis ?? ''} | ${row.shareOfPeak ?? ''} |`),
    '',
  ].join('\n')
