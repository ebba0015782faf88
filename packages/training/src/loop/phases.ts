import { TransferkitError, type TrainingPhase, type TransferProgram } from '@transferkit/tensor'

/** Some steps of a training that run one program. @internal */
export interface RunPhase {
  /** Name of the phase; none where the program has no phases. */
  readonly name?: string
  /** Number of the first step, from 0. */
  readonly start: number
  /** Number of the first step after it. */
  readonly end: number
  /** The program as it is in this phase. */
  readonly program: TransferProgram
  /** Whether a parameter is trained; all are unless told. */
  readonly trains?: (path: string) => boolean
}

const fail = (name: string, problem: string): never => {
  throw new TransferkitError('training/phases', `Phase '${name}' of the training: ${problem}`)
}

const check = (program: TransferProgram, phases: readonly TrainingPhase[]): void => {
  const last = phases.at(-1)
  if (last === undefined) throw new TransferkitError('training/phases', 'A program with phases has at least one. Leave them out where all steps are alike.')
  if (program.step !== undefined) fail(last.name, 'the program runs its training steps itself, so it cannot have phases. Leave out its step or its phases.')
  phases.forEach(({ name, until }, index) => {
    const before = phases[index - 1]
    if (!(until > (before?.until ?? 0))) fail(name, `it ends at ${until} of the training, which must be above ${before === undefined ? '0' : `${before.until}, where '${before.name}' ends`}.`)
    if (phases.findIndex((phase) => phase.name === name) !== index) fail(name, 'there are two of that name.')
  })
  if (last.until !== 1) fail(last.name, `it is the last one, but ends at ${last.until} of the training instead of 1.`)
}

/** The program as it is in a phase: a prefix stands for the beginning of the forward pass and the loss that it came with. */
const programIn = ({ prefix, ...program }: TransferProgram, { program: own = {} }: TrainingPhase): TransferProgram => ({
  ...program,
  ...(prefix === undefined || own.forward !== undefined || own.loss !== undefined ? {} : { prefix }),
  ...own,
})

/**
 * The phases of a training by their steps. A phase that ends at a share of the training holds the steps before that share; a share that is within a millionth of
 * a step counts as that step. In a short training a phase may have no step at all, and is left out.
 *
 * @throws TransferkitError `training/phases` that names the phase, when phases do not follow each other up to 1, or the program has a step of its own.
 * @internal
 */
export const phasesOf = (program: TransferProgram, totalSteps: number): readonly RunPhase[] => {
  const { phases } = program
  if (phases === undefined) return [{ start: 0, end: totalSteps, program }]
  check(program, phases)
  const firstStepAt = (share: number): number => Math.max(0, Math.ceil(share * totalSteps - 1e-6))
  return phases
    .map((phase, index) => ({
      name: phase.name,
      start: firstStepAt(phases[index - 1]?.until ?? 0),
      end: firstStepAt(phase.until),
      program: programIn(program, phase),
      ...(phase.trains === undefined ? {} : { trains: phase.trains.bind(phase) }),
    }))
    .filter(({ start, end }) => end > start)
}
