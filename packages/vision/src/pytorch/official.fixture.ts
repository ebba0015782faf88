import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { tensor, type Tensor, transpose } from '@transferkit/tensor'
import { floatsOf, readSafetensors, type SafetensorsEntry } from '@transferkit/training'

const beside = fileURLToPath(new URL('../../../../../shared/fixtures', import.meta.url))

/** Folder of the fixtures that are too large for the repository; `undefined` where there is none. */
export const fixturesDir = process.env['TRANSFERKIT_FIXTURES_DIR'] ?? (existsSync(beside) ? beside : undefined)

/** What a fixture file holds. */
export interface Official {
  /** Entries under `state/`, by their official names. */
  readonly state: readonly SafetensorsEntry[]
  /** An entry; its values as 32-bit floats. */
  values(name: string): Float32Array
  /** Names of all entries under a prefix, without it. */
  names(prefix: string): readonly string[]
  /** An entry in our layout: images NHWC, filters HWIO, linear weights `[in, out]`. */
  ours(name: string, kind?: 'images' | 'filters'): Tensor
}

const orders = { images: [0, 2, 3, 1], filters: [2, 3, 1, 0] }

/** Reads a fixture of this package. */
export const official = (name: string): Official => officialOf(name, readSafetensors(readFileSync(new URL(`../../fixtures/${name}.safetensors`, import.meta.url)), name).entries)

/** A fixture from its entries. */
export const officialOf = (name: string, entries: readonly SafetensorsEntry[]): Official => {
  const entryOf = (wanted: string): SafetensorsEntry => {
    const found = entries.find((entry) => entry.name === wanted)
    if (found === undefined) throw new Error(`${name} has no '${wanted}'.`)
    return found
  }
  const names = (prefix: string): readonly string[] => entries.filter((entry) => entry.name.startsWith(prefix)).map((entry) => entry.name.slice(prefix.length))
  return {
    state: names('state/').map((inner) => ({ ...entryOf(`state/${inner}`), name: inner })),
    values: (wanted) => floatsOf(entryOf(wanted)),
    names,
    ours: (wanted, kind) => {
      const entry = entryOf(wanted)
      const values: Tensor = tensor(floatsOf(entry), entry.shape)
      if (kind !== undefined) return transpose(values, orders[kind])
      return entry.shape.length === 2 ? transpose(values, [1, 0]) : values
    },
  }
}

/** Reads the tolerances beside a fixture. */
export const officialNumbers = <T>(name: string): T =>
  // The reader knows what it wrote there.
  JSON.parse(readFileSync(new URL(`../../fixtures/${name}.json`, import.meta.url), 'utf8')) as T
