/**
 * @typedef {import('./rows.mjs').Row} Row
 * @typedef {import('./record.mjs').BenchRecord} BenchRecord
 */

/**
 * @typedef {object} Peer The fastest contestant of a framework beside ours.
 * @property {Row} ours
 * @property {Row} peer
 */

/** Names of steps in the order of the rows. @type {(rows: readonly Row[]) => readonly string[]} */
const stepsOf = (rows) => [...new Set(rows.map(({ step }) => step))]

/**
 * For each step, our first row with the fastest row of another framework; steps without one are left out.
 *
 * @param {readonly Row[]} rows
 * @param {string} framework How its contestants' names begin.
 * @returns {readonly Peer[]}
 */
export const peers = (rows, framework) =>
  stepsOf(rows).flatMap((step) => {
    const [ours, ...others] = rows.filter((row) => row.step === step)
    const [peer] = others.filter(({ contestant }) => contestant.startsWith(framework)).toSorted((left, right) => left.minimumMilliseconds - right.minimumMilliseconds)
    return ours === undefined || peer === undefined ? [] : [{ ours, peer }]
  })

/** @type {(headings: readonly string[], rows: readonly (readonly (string | number | undefined)[])[]) => string} */
const table = (headings, rows) => [headings, headings.map(() => '---'), ...rows].map((cells) => `| ${cells.map((cell) => cell ?? '').join(' | ')} |`).join('\n')

const percent = (/** @type {number | undefined} */ share) => (share === undefined ? '' : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`)
const ratio = (/** @type {number | undefined} */ value) => value?.toFixed(2) ?? ''

/** @type {(record: BenchRecord, framework: string) => string} */
const comparison = ({ rows }, framework) =>
  table(
    ['step', 'ours', 'ms', 'peer', 'ms', 'time, ours ÷ peer', 'memory, ours ÷ peer', 'share of peak'],
    peers(rows, framework).map(({ ours, peer }) => [
      ours.step,
      ours.contestant.replace('Transferkit, ', ''),
      ours.minimumMilliseconds,
      peer.contestant,
      peer.minimumMilliseconds,
      ratio(ours.minimumMilliseconds / peer.minimumMilliseconds),
      ratio(ours.peakMegabytes / peer.peakMegabytes),
      percent(ours.shareOfPeak),
    ]),
  )

/** @type {(rows: NonNullable<BenchRecord['scaling']>) => string} */
const scalingTables = (rows) =>
  [...new Set(rows.map(({ axis }) => axis))]
    .map((axis) => {
      const [first, ...more] = rows.filter((row) => row.axis === axis)
      if (first === undefined) return ''
      const cells = [first, ...more].map(({ value, minimumMilliseconds, peakMegabytes }) => [value, minimumMilliseconds, ratio(minimumMilliseconds / first.minimumMilliseconds), ratio(value / first.value), peakMegabytes])
      return `${first.step}:\n\n${table([axis, 'ms', 'time ÷ first', `${axis} ÷ first`, 'peak MB'], cells)}`
    })
    .join('\n\n')

/** @type {(start: NonNullable<BenchRecord['startUp']>) => string} */
const startTables = ({ imports, help, bareNodeMilliseconds, firstStepMilliseconds, sizes }) =>
  [
    `\`transferkit --help\` takes ${help.milliseconds} ms, of which a bare Node process takes ${bareNodeMilliseconds}; it loads ${help.heavy.join(', ') || 'nothing heavy'}. From the start of a process to the end of the first training step on native TensorFlow: ${(firstStepMilliseconds / 1000).toFixed(1)} s.`,
    table(
      ['import', 'ms', 'heavy packages that it loads'],
      imports.map(({ entry, milliseconds, heavy }) => [`\`${entry}\``, milliseconds, heavy.join(', ')]),
    ),
    table(
      ['package', 'own files, kB', 'with all that is installed for it, MB'],
      sizes.map((size) => [`\`${size.package}\``, size.kilobytes, size.withDependenciesMegabytes]),
    ),
    'Native TensorFlow is set up apart, and is not counted.',
  ].join('\n\n')

/**
 * The page of what was measured, in Markdown.
 *
 * @param {BenchRecord} record
 * @param {string} chart Name of the file with the plot, beside the page.
 */
export const benchPage = (record, chart) => {
  const { machine, rows, scaling = [], startUp } = record
  const commits = [...new Set([...rows, ...scaling, ...(startUp === undefined ? [] : [startUp])].flatMap(({ commit }) => (commit === undefined ? [] : [commit])))]
  const peak = machine.matMulGigaflops === undefined ? '' : ` A matrix product of native TensorFlow reaches ${machine.matMulGigaflops} GFLOP/s here: the peak of the shares below.`
  const sections = [
    '# Benchmarks',
    'This page is made from [bench.json](bench.json) by `npm run bench`; see [backends and speed](../guides/backends-and-speed.md) for how. Do not edit it by hand.',
    `Machine: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGigabytes} GB, Node ${machine.node}.${peak}`,
    'Contestants take turns in one run; times are the shortest step, memory is the largest resident set during the counted steps. A ratio below 1 means that ours is faster or smaller.',
    ...(commits.length === 0 ? [] : [`Measured at ${commits.join(', ')}.`]),
    `![Our time over that of the fastest form in PyTorch, by step](${chart})`,
    `## Beside PyTorch\n\nThe fastest of its forms that were measured: default layout, channels last, \`torch.compile\`, or its fused layers.\n\n${comparison(record, 'PyTorch')}`,
    `## Beside the layers of TensorFlow.js\n\nThe same network as its users write it, on the same native TensorFlow.\n\n${comparison(record, 'TensorFlow.js')}`,
    ...(scaling.length === 0 ? [] : [`## How time grows\n\nOurs, compiled, on native TensorFlow.\n\n${scalingTables(scaling)}`]),
    ...(startUp === undefined ? [] : [`## Start-up and size\n\n${startTables(startUp)}`]),
    `## All rows\n\n${table(
      ['step', 'contestant', 'min ms', 'median ms', 'time, ours ÷ this', 'peak MB', 'memory, ours ÷ this', 'tensors alive'],
      rows.map((row) => [row.step, row.contestant, row.minimumMilliseconds, row.medianMilliseconds, ratio(row.oursOverThis), row.peakMegabytes, ratio(row.memoryOursOverThis), row.tensorsAlive]),
    )}`,
  ]
  return `${sections.join('\n\n')}\n`
}
