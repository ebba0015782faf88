import { engine } from '@tensorflow/tfjs-core'
import { runKernel, upstream } from '../tensor/upstream.js'
import type { Axes } from '../tensor/axes.js'
import type { AnyTensor, Tensor } from '../tensor/tensor.js'

/**
 * Pulls gradients of an op's outputs back to its inputs. It is written with ops, never with bare kernels, so that a pull-back can
 * itself be differentiated.
 *
 * @param outputGradients One an output; `undefined` where the result does not depend on that output.
 * @param wanted Which inputs need a gradient; the others are frozen, and work for them is wasted.
 * @returns One an input; `undefined` where the output does not depend on it or it is not wanted.
 */
export type Pullback = (outputGradients: readonly (Tensor | undefined)[], wanted: readonly boolean[]) => readonly (Tensor | undefined)[]

/**
 * Pulls the gradient of an op's only output back to its inputs, as {@link Pullback} does for several.
 *
 * The output is recorded like any other value, so a pull-back that uses it keeps the dependence through it.
 */
export type PullbackOfOne = (gradient: Tensor, wanted: readonly boolean[], output: Tensor) => readonly (Tensor | undefined)[]

interface RecordedOp {
  readonly inputs: readonly AnyTensor[]
  readonly outputs: readonly AnyTensor[]
  readonly pullback: Pullback
  /** The tensors whose values the pull-back uses; undefined where they are not known. */
  readonly needs: readonly AnyTensor[] | undefined
}

/** What was computed from the watched tensors, in order. @internal */
export interface Tape {
  /** Ids of the tensors that depend on what is differentiated. */
  readonly watched: Set<number>
  /** Ops whose inputs are watched, in the order in which they ran. */
  readonly ops: RecordedOp[]
}

/** Tapes that record at the moment, outermost first: the dynamic extent of `recordOn`, empty whenever nothing is being differentiated. */
const recording: Tape[] = []

/** Whether anything is being differentiated, so that intermediate results must be kept. @internal */
export const isRecording = (): boolean => recording.length > 0

/** How many ops each of the tapes that record at the moment holds. @internal */
export const recordedSoFar = (): readonly number[] => recording.map(({ ops }) => ops.length)

/**
 * The tensors that backward passes need of what was recorded since, besides what is used later; undefined where it may be any. @internal
 *
 * @param before What {@link recordedSoFar} gave, while the same tapes recorded.
 */
export const neededSince = (before: readonly number[]): readonly AnyTensor[] | undefined => {
  const needs = recording.flatMap(({ ops }, index) => ops.slice(before[index])).map((op) => op.needs)
  return needs.every((tensors) => tensors !== undefined) ? needs.flat() : undefined
}

/** Runs `f` while a new tape records what depends on `watched`. @internal */
export const recordOn = <T>(watched: readonly AnyTensor[], f: () => T): { readonly result: T; readonly tape: Tape } => {
  const tape: Tape = { watched: new Set(watched.map(({ id }) => id)), ops: [] }
  recording.push(tape)
  try {
    return { result: f(), tape }
  } finally {
    recording.pop()
  }
}

/** Runs `f` while no tape records: what it makes is constant. @internal */
export const withoutRecording = <T>(f: () => T): T => {
  const suspended = recording.splice(0)
  try {
    return f()
  } finally {
    recording.push(...suspended)
  }
}

/**
 * Makes an op with several outputs differentiable: runs its kernels, then records how to pull gradients back. @internal
 *
 * @param inputs What the outputs depend on.
 * @param compute Runs kernels.
 * @param pullback How gradients of the outputs become gradients of the inputs.
 * @param needs All tensors whose values, not only shapes, `pullback` uses, so that a scope can free the others; unless told, everything around is kept.
 */
export const differentiableMany = <O extends readonly AnyTensor[]>(
  inputs: readonly AnyTensor[],
  compute: () => O,
  pullback: Pullback,
  needs?: (outputs: O) => readonly AnyTensor[],
): O => {
  const outputs = compute()
  for (const tape of recording) {
    if (!inputs.some(({ id }) => tape.watched.has(id))) continue
    for (const { id } of outputs) tape.watched.add(id)
    tape.ops.push({ inputs, outputs, pullback, needs: needs?.(outputs) })
  }
  return outputs
}

/** Makes an op with one output differentiable, as {@link differentiableMany}. @internal */
export const differentiable = <T extends AnyTensor>(inputs: readonly AnyTensor[], compute: () => T, pullback: PullbackOfOne, needs?: (output: T) => readonly AnyTensor[]): T => {
  const outputs: readonly [T] = differentiableMany(
    inputs,
    () => [compute()] as const,
    // Only floating-point outputs are ever given a gradient.
    ([gradient], wanted) => (gradient === undefined ? [] : pullback(gradient, wanted, outputs[0] as unknown as Tensor)),
    needs && (([output]) => needs(output)),
  )
  return outputs[0]
}

const add = (left: Tensor, right: Tensor): Tensor => differentiable([left, right], () => runKernel<Axes>('Add', { a: left, b: right }), (gradient) => [gradient, gradient])

const dispose = (tensors: Iterable<AnyTensor>): void => {
  for (const tensor of tensors) if (!upstream(tensor).isDisposed) upstream(tensor).dispose()
}

/** Runs `f`, which no tape records or needs, and frees what it made except its result. @internal */
export const tidied = <T extends readonly (AnyTensor | undefined)[]>(f: () => T): T => {
  engine().startScope('tidied')
  let result: T | undefined
  try {
    result = f()
    return result
  } finally {
    // Upstream's container type knows only its own tensors; ours are the same objects.
    engine().endScope(result?.filter((tensor) => tensor !== undefined).map(upstream))
  }
}

/**
 * Walks a tape backwards. @internal
 *
 * While nothing outside is being differentiated, every recorded value and gradient is freed as soon as the walk is past it: what consumes a value
 * comes after what produces it, so once the producer is handled nobody needs the value any more, unless it is kept.
 *
 * @param tape What was recorded.
 * @param outputs Results to start from, each with its gradient.
 * @param inputs Tensors whose gradients are asked for.
 * @param kept Ids of the tensors that the caller still needs, besides `inputs`.
 * @returns One gradient an input, `undefined` where the outputs do not depend on it.
 */
export const pullBack = (
  tape: Tape,
  outputs: readonly (readonly [output: AnyTensor, gradient: Tensor])[],
  inputs: readonly AnyTensor[],
  kept: ReadonlySet<number>,
): readonly (Tensor | undefined)[] => {
  const gradients = new Map<number, Tensor>()
  const uses = new Map<number, number>()
  const given = new Set(outputs.map(([, gradient]) => gradient.id))
  const frees = !isRecording()
  const use = (gradient: Tensor, change: 1 | -1): void => {
    const count = (uses.get(gradient.id) ?? 0) + change
    uses.set(gradient.id, count)
    if (count === 0 && frees && !given.has(gradient.id)) dispose([gradient])
  }
  const accumulate = (tensor: AnyTensor, gradient: Tensor): void => {
    const before = gradients.get(tensor.id)
    const after = before === undefined ? gradient : add(before, gradient)
    use(after, 1)
    gradients.set(tensor.id, after)
    if (before !== undefined) use(before, -1)
  }
  for (const [output, gradient] of outputs) accumulate(output, gradient)

  for (const { inputs: opInputs, outputs: opOutputs, pullback } of tape.ops.reverse()) {
    const outputGradients = opOutputs.map(({ id }) => gradients.get(id))
    if (outputGradients.some((gradient) => gradient !== undefined)) {
      const wanted = opInputs.map(({ id }) => tape.watched.has(id))
      const inputGradients = frees ? tidied(() => pullback(outputGradients, wanted)) : pullback(outputGradients, wanted)
      for (const gradient of new Set(inputGradients)) if (gradient !== undefined) use(gradient, 1)
      opInputs.forEach((input, index) => {
        const gradient = inputGradients[index]
        if (gradient !== undefined && wanted[index] === true) accumulate(input, gradient)
      })
      for (const gradient of new Set(inputGradients)) if (gradient !== undefined) use(gradient, -1)
      for (const gradient of outputGradients) if (gradient !== undefined) use(gradient, -1)
      for (const { id } of opOutputs) gradients.delete(id)
    }
    if (frees) dispose(opOutputs.filter(({ id }) => !kept.has(id) && (uses.get(id) ?? 0) === 0))
  }
  return inputs.map(({ id }) => gradients.get(id))
}
