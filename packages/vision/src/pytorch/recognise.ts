import type { Network } from '@transferkit/tensor'
import type { SafetensorsEntry } from '@transferkit/training'
import { networks } from '../networks/networks.js'
import { isPassedOver, unwrapped } from './entry-names.js'
import { type PytorchCode, pytorchCodes, pytorchNames } from './names.js'
import type { PytorchNames } from './renaming.js'
import { outlinePytorch } from './outline.js'

/** How well tensors fit a network. */
interface Fit {
  /** Tensors that the network has. */
  readonly expected: number
  /** How many of them are in the file, whatever their shape. */
  readonly named: number
  /** How many of them are in the file and fit as far as the layers tell, batch norms left out. */
  readonly fitting: number
  /** How many would fit at best. */
  readonly telling: number
  /** Whether the file has all of these tensors in these sizes and no other. */
  readonly exact: boolean
}

const fitOf = (network: Network, names: PytorchNames, entries: readonly SafetensorsEntry[]): Fit => {
  const outline = outlinePytorch(network, names)
  const expected = new Set(outline.map(({ name }) => name))
  const given = unwrapped(entries, (name) => expected.has(name))
  const found = outline.filter(({ name }) => given.has(name))
  const telling = outline.filter(({ shape }) => shape.some((size) => size !== undefined))
  const fitting = telling.filter(({ name, shape }) => {
    const actual = given.get(name)?.shape
    return actual?.length === shape.length && shape.every((size, axis) => size === undefined || size === actual[axis])
  })
  const unexpected = [...given.keys()].some((name) => !expected.has(name) && !isPassedOver(name, names))
  return {
    expected: outline.length,
    named: found.length,
    fitting: fitting.length,
    telling: telling.length,
    exact: found.length === outline.length && fitting.length === telling.length && !unexpected,
  }
}

/** The number of classes of a file whose head has this name, if it has one. @internal */
export const classesNamed = (entries: readonly SafetensorsEntry[], head: string): number | undefined => {
  const name = `${head}.weight`
  return unwrapped(entries, (candidate) => candidate === name).get(name)?.shape[0]
}

/** Which of the names that are known for a network a file has most of. @internal */
export const namesIn = (network: Network, entries: readonly SafetensorsEntry[]): PytorchNames => {
  const [first, ...others] = pytorchCodes(network).map((code) => pytorchNames(network, code))
  if (first === undefined) return pytorchNames(network)
  const named = (names: PytorchNames): number => fitOf(network, names, entries).named
  return others.reduce((best, names) => (named(names) > named(best) ? names : best), first)
}

/** Which network tensors seem to be from. */
export interface PytorchGuess {
  /** The network's name in {@link networks}. */
  readonly architecture: string
  /** Number of classes by the shape of the head; 1 where there is none. */
  readonly classes: number
  /** Whose names the tensors have. */
  readonly code: PytorchCode
  /** Whether the file has all tensors of the network and no other. Sizes are compared as far as a layer tells them: outputs and windows, not inputs. */
  readonly exact: boolean
  /** Number of tensors that the network has. */
  readonly expected: number
  /** How many of them are in the file, whatever their shape. */
  readonly named: number
  /** Share of the network's filters, weights and biases that are in the file with the right shape, between 0 and 1. */
  readonly similarity: number
}

/**
 * Guesses of which network of {@link networks} tensors are, by names and shapes.
 *
 * @param entries The entries of a safetensors file; `module.`, `model.`, `net.`, `state_dict.` and `_orig_mod.` in front of names are passed over.
 * @returns The best guess, or `undefined` when no network shares a name with the file.
 *
 * @example
 * ```ts
 * import { readSafetensors } from '@transferkit/training'
 * import { importPytorch, networks, recognisePytorch } from '@transferkit/vision'
 *
 * const load = (file: Uint8Array) => {
 *   const { entries } = readSafetensors(file)
 *   const guess = recognisePytorch(entries)
 *   const network = guess?.exact ? networks[guess.architecture]?.({ classes: guess.classes }) : undefined
 *   return network && { network, variables: importPytorch(network, entries) }
 * }
 * ```
 */
export const recognisePytorch = (entries: readonly SafetensorsEntry[]): PytorchGuess | undefined => {
  const guesses = Object.entries(networks).flatMap(([architecture, make]) =>
    pytorchCodes(make({ classes: 1 })).map((code): PytorchGuess => {
      const classes = classesNamed(entries, pytorchNames(make({ classes: 1 }), code).nameOf('head')) ?? 1
      const network = make({ classes })
      const { exact, expected, named, fitting, telling } = fitOf(network, pytorchNames(network, code), entries)
      return { architecture, classes, code, exact, expected, named, similarity: fitting / telling }
    }),
  )
  const better = (left: PytorchGuess, right: PytorchGuess): number =>
    Number(right.exact) - Number(left.exact) || right.similarity - left.similarity || right.named / right.expected - left.named / left.expected
  return guesses.filter(({ named }) => named > 0).toSorted(better)[0]
}
