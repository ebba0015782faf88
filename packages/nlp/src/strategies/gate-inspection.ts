import { openness, type UnitResult } from '@transferkit/gates'
import { add, type Axes, gather, type Inspection, integerTensor, mean, readSync, reshape, split, stack, type Tensor, zeros } from '@transferkit/tensor'

/** What the gates of one unit did over a batch of sequences. */
export interface UnitRecord {
  /** Where the unit stands, such as `recurrent1.forward`, with `cell` behind it for one on the cell state. */
  readonly label: string
  /** `[batch, step]`: 1 where a step is real. */
  readonly mask: Tensor
  /** Opening of the transfer gate, `[batch · step, channel]`, or with one channel where all of them open alike. */
  readonly transfer: Tensor
  /** Opening of the fine-tune gate, of the same form. */
  readonly fineTune: Tensor
}

/** The openings of a gate at all steps in one tensor; a held gate has one number for all examples. */
const overTime = (openings: readonly Tensor[], batch: number): Tensor => {
  const columns = zeros([batch, 1])
  const steps = openings.map((opening): Tensor => add(opening, columns))
  // A sequence has at least one step.
  const together = stack(steps as unknown as readonly [Tensor, ...Tensor[]], 1)
  return reshape(together, [-1, together.shape[2] ?? 1])
}

/**
 * The record of a recurrent unit.
 *
 * @param label Where the unit stands.
 * @param mask `[batch, step]`.
 * @param results What the unit gave at each position.
 */
export const recordOverTime = (label: string, mask: Tensor, results: readonly UnitResult[]): UnitRecord => {
  const [batch = 0] = mask.shape
  return {
    label,
    mask,
    transfer: overTime(results.map(({ transfer }) => transfer), batch),
    fineTune: overTime(results.map(({ fineTune }) => fineTune), batch),
  }
}

/**
 * The record of a recurrent unit that mixed all steps at once.
 *
 * @param label Where the unit stands.
 * @param mask `[batch, step]`.
 * @param openings Of the fine-tune gate, then of the transfer gate, `[batch, step, 2 channels]`.
 */
export const recordOfOpenings = (label: string, mask: Tensor, openings: Tensor): UnitRecord => {
  const columns = openings.shape.at(-1) ?? 0
  // Two parts.
  const [fineTune, transfer] = split(reshape(openings, [-1, columns]), [columns / 2, columns / 2]) as readonly [Tensor, Tensor]
  return { label, mask, transfer, fineTune }
}

/**
 * The record of a unit that mixed all rows at once.
 *
 * @param label Where the unit stands.
 * @param mask `[batch, step]`.
 * @param result What the unit gave for `[batch · step, channel]`.
 */
export const recordAtOnce = (label: string, mask: Tensor, { transfer, fineTune }: UnitResult): UnitRecord => {
  const columns = zeros([mask.size, 1])
  return { label, mask, transfer: add(transfer, columns), fineTune: add(fineTune, columns) }
}

const gates = [
  ['transfer', 'transfer gate'],
  ['fineTune', 'fine-tune gate'],
] as const

/** Positions of all real steps in `[batch · step]`. */
const realSteps = (mask: Tensor): readonly number[] => [...readSync(mask)].flatMap((isReal, index) => (isReal === 1 ? [index] : []))

/** The batch that was looked at, on the host. */
export interface InspectedBatch {
  /** Ids of the tokens of all sequences, one after the other; left out where the network reads no tokens. */
  readonly ids?: ArrayLike<number>
  /** Number of sequences of an example: 2 for pairs. */
  readonly sequencesPerExample: number
  /** Name of the class that the model gives each example. */
  readonly predicted: readonly (string | undefined)[]
  /** Name of the class of each example. */
  readonly actual: readonly (string | undefined)[]
}

/** Number of examples that are shown step by step. */
const shownExamples = 3

/** What the gates did over one sequence. */
const overSequence = (records: readonly UnitRecord[], sequence: number, length: number, steps: readonly number[]): Inspection['series'] =>
  Object.fromEntries(
    records.flatMap((record) =>
      gates.map(([gate, name]) => {
        const rows: Tensor = gather(record[gate], integerTensor(steps.map((step) => sequence * length + step), [steps.length]))
        const values = readSync(mean<Axes, readonly number[]>(rows, [1]))
        return [`${record.label}, ${name}`, Object.fromEntries(steps.map((step, index) => [String(step + 1), values[index] ?? 0]))]
      }),
    ),
  )

/** Step by step over some examples that have real steps. */
const stepInspections = (records: readonly UnitRecord[], { ids, sequencesPerExample, predicted, actual }: InspectedBatch): readonly Inspection[] => {
  const [first] = records
  if (first === undefined) return []
  const length = first.mask.shape.at(-1) ?? 1
  const stepsOf = new Map<number, number[]>()
  for (const position of realSteps(first.mask)) {
    const sequence = Math.floor(position / length)
    stepsOf.set(sequence, [...(stepsOf.get(sequence) ?? []), position % length])
  }
  const exampleOf = (sequence: number): number => Math.floor(sequence / sequencesPerExample)
  const shown = [...new Set([...stepsOf.keys()].map(exampleOf))].slice(0, shownExamples)
  return [...stepsOf].flatMap(([sequence, steps]) => {
    const example = exampleOf(sequence)
    const number = shown.indexOf(example) + 1
    if (number === 0) return []
    const isSecond = sequence % sequencesPerExample === 1
    const [suffix, sentence] = sequencesPerExample === 1 ? ['', ''] : isSecond ? ['-b', ', second sentence'] : ['-a', ', first sentence']
    const classes = { ...(predicted[example] === undefined ? {} : { predicted: predicted[example] }), ...(actual[example] === undefined ? {} : { actual: actual[example] }) }
    return [
      {
        name: `gate-openness-by-step-${number}${suffix}`,
        title: `How far the gates are open over example ${number}${sentence}`,
        rowAxis: 'position',
        valueAxis: 'mean opening, 0 to 1',
        kind: 'heat-map' as const,
        series: overSequence(records, sequence, length, steps),
        ...(ids === undefined ? {} : { example: { tokens: steps.map((step) => ids[sequence * length + step] ?? 0), ...classes } }),
      },
    ]
  })
}

/**
 * What the gates of a recurrent model show: mean and spread by layer over the real steps of all examples, and step by step over the first examples that
 * have a real step. Rows of the latter are positions, counted from 1, with the ids of the tokens that stand there, so that words can be set beside them.
 *
 * @param records What the gates did; nothing is shown where no example has a real step.
 * @param batch The batch that was looked at.
 */
export const gateInspections = (records: readonly UnitRecord[], batch: InspectedBatch): readonly Inspection[] => {
  const measured = records.map((record) => ({ ...record, real: realSteps(record.mask) })).filter(({ real }) => real.length > 0)
  if (measured.length === 0) return []
  const byLayer = (number: 'mean' | 'spread'): Inspection['series'] =>
    Object.fromEntries(
      gates.map(([gate, name]) => [name, Object.fromEntries(measured.map((record) => [record.label, openness(gather(record[gate], integerTensor([...record.real], [record.real.length])))[number]]))]),
    )
  return [
    { name: 'gate-openness', title: 'How far the gates are open', rowAxis: 'layer', valueAxis: 'mean opening, 0 to 1', series: byLayer('mean') },
    { name: 'gate-spread', title: 'How differently the gates open', rowAxis: 'layer', valueAxis: 'standard deviation of the opening', series: byLayer('spread') },
    ...stepInspections(measured, batch),
  ]
}
