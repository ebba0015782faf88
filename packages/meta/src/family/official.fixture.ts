import { readFileSync } from 'node:fs'
import { type Network, type PenaltyInputs, randomKey, randomNormal, type Shape, type Taps, tensor, type Tensor, type TransferContext, type TransferProgram, transpose } from '@transferkit/tensor'
import { floatsOf, readSafetensors } from '@transferkit/training'

/** Value, relative and absolute tolerance. */
type Scalar = readonly [value: number, relative: number, absolute: number]

/** Numbers of the public implementation of a method, and how near to come to them. */
export interface Official<Hyperparameters> {
  readonly hyperparameters: Hyperparameters
  readonly scalars: Readonly<Record<string, Scalar>>
  /** Relative and absolute tolerance by name of a tensor. */
  readonly tolerance: (name: string) => { readonly relative: number; readonly absolute: number }
  /** An entry in our layout: images NHWC, filters HWIO, linear weights `[in, out]` where it is called a weight. */
  readonly ours: (name: string) => Tensor
  /** Numbers of all entries under a prefix, `0`, `1` ... */
  readonly indices: (prefix: string) => readonly string[]
  /** An entry under each of its numbers, by tap names made of them. */
  readonly taps: (prefix: string) => Taps
}

const read = (file: string): Buffer => readFileSync(new URL(`../../fixtures/${file}`, import.meta.url))

/** Reads a fixture of this package. */
export const official = <Hyperparameters>(name: string): Official<Hyperparameters> => {
  // The file was written with these fields.
  const numbers = JSON.parse(read(`${name}.json`).toString()) as { hyperparameters: Hyperparameters; scalars: Record<string, Scalar>; tolerances: Record<string, readonly [number, number]> }
  const { entries } = readSafetensors(read(`${name}.safetensors`), name)
  const ours = (wanted: string): Tensor => {
    const entry = entries.find((candidate) => candidate.name === wanted)
    if (entry === undefined) throw new Error(`${name} has no '${wanted}'.`)
    const values: Tensor = tensor(floatsOf(entry), entry.shape)
    if (entry.shape.length === 4) return transpose(values, wanted.endsWith('weight') ? [2, 3, 1, 0] : [0, 2, 3, 1])
    return wanted.endsWith('weight') ? transpose(values, [1, 0]) : values
  }
  const indices = (prefix: string): readonly string[] => entries.filter((entry) => entry.name.startsWith(prefix)).map((entry) => entry.name.slice(prefix.length))
  return {
    hyperparameters: numbers.hyperparameters,
    scalars: numbers.scalars,
    tolerance: (wanted) => {
      const [relative, absolute] = numbers.tolerances[wanted] ?? [0, 0]
      return { relative, absolute }
    },
    ours,
    indices,
    taps: (prefix) => Object.fromEntries(indices(prefix).map((index) => [`tap${index}`, ours(`${prefix}${index}`)])),
  }
}

/** Shapes by tap, of one example. */
type Shapes = Readonly<Record<string, Shape>>

const shapesOf = (taps: Taps): Shapes => Object.fromEntries(Object.entries(taps).map(([tap, { shape }]) => [tap, shape.slice(1)]))

const noise = (shapes: Shapes, batch: number): Taps => Object.fromEntries(Object.entries(shapes).map(([tap, shape]) => [tap, randomNormal(randomKey(3), [batch, ...shape])]))

/** A source network and a target model that give activations of these shapes, whatever they see. */
export const between = (source: Taps, target: Taps): { readonly context: TransferContext; readonly structure: TransferProgram } => {
  const [sourceShapes, targetShapes] = [shapesOf(source), shapesOf(target)]
  // Only what a regulariser looks at is there.
  const network = {
    name: 'given',
    classes: 10,
    head: { description: { kind: 'dense' } },
    apply: (_variables: unknown, { shape }: Tensor) => ({ taps: noise(sourceShapes, shape[0] ?? 0) }),
  } as unknown as Network
  // As above.
  const structure = { init: () => ({}), forward: (_variables: unknown, { shape }: Tensor) => ({ taps: noise(targetShapes, shape[0] ?? 0) }) } as unknown as TransferProgram
  return { context: { source: { network, variables: { params: {}, state: {} } }, task: { kind: 'classification', classes: ['a'] }, inputShape: [8, 8, 1] }, structure }
}

/** What a term is computed from, with given activations. */
export const penaltyInputs = (source: Taps, target: Taps, rest: Partial<PenaltyInputs> = {}): PenaltyInputs =>
  // Only what the terms of this package look at is there.
  ({ ownParams: {}, forward: { taps: target }, source: () => ({ taps: source }), ...rest }) as unknown as PenaltyInputs
