import { readFileSync } from 'node:fs'
import { tensor, type Tensor } from '@transferkit/tensor'
import { floatsOf, readSafetensors, type SafetensorsEntry } from '@transferkit/training'

/** One layer of PyTorch with its inputs and everything that it computes. */
export interface OfficialLayer {
  /** Size of the hidden state. */
  readonly hiddenSize: number
  /** The official loss, where the file has it. */
  readonly loss?: number | undefined
  /** The state dictionary. */
  readonly state: readonly SafetensorsEntry[]
  /** Whether there is an entry. */
  has(name: string): boolean
  /** Values of an entry. */
  values(name: string): Float32Array
  /** An entry as a tensor. */
  tensor(name: string): Tensor
  /** How close results must be. */
  tolerance(name: string): { readonly relative: number; readonly absolute: number }
}

interface Numbers {
  readonly loss?: number
  readonly hiddenSize: number
  readonly tolerances: Readonly<Record<string, readonly [number, number]>>
}

const bytesOf = (file: string): Uint8Array => readFileSync(new URL(`../../fixtures/${file}`, import.meta.url))

/** Reads a fixture of a recurrent layer. */
export const officialLayer = (name: string): OfficialLayer => {
  // This is how the file was written.
  const all = JSON.parse(new TextDecoder().decode(bytesOf('tolerances.json'))) as Readonly<Record<string, Numbers>>
  const entries = new Map(readSafetensors(bytesOf(`${name}.safetensors`), name).entries.map((entry) => [entry.name, entry]))
  const numbers = all[name]
  const entryOf = (wanted: string): SafetensorsEntry => {
    const found = entries.get(wanted)
    if (found === undefined) throw new Error(`${name} has no '${wanted}'.`)
    return found
  }
  if (numbers === undefined) throw new Error(`There are no tolerances for ${name}.`)
  return {
    hiddenSize: numbers.hiddenSize,
    loss: numbers.loss,
    state: readSafetensors(bytesOf(`${name}.state.safetensors`), name).entries,
    has: (wanted) => entries.has(wanted),
    values: (wanted) => floatsOf(entryOf(wanted)),
    tensor: (wanted) => tensor(floatsOf(entryOf(wanted)), entryOf(wanted).shape),
    tolerance: (wanted) => {
      const [relative, absolute] = numbers.tolerances[wanted] ?? [0, 0]
      return { relative, absolute }
    },
  }
}
