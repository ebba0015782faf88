import { nearestSpelling, type Network, TransferkitError } from '@transferkit/tensor'
import type { SafetensorsEntry } from '@transferkit/training'
import type { PytorchComparison } from './compare.js'
import { recognisePytorch } from './recognise.js'
import { whatTheyAre } from './what-they-are.js'

/** How many names a message gives of each kind. */
const shown = 5

const listed = <T>(what: string, items: readonly T[], text: (item: T) => string): readonly string[] =>
  items.length === 0 ? [] : [`${what} (${items.length}): ${items.slice(0, shown).map(text).join(', ')}${items.length > shown ? ', ...' : ''}.`]

/** The error that says how tensors and network differ, and what the tensors seem to be instead. */
export const mismatch = (network: Network, entries: readonly SafetensorsEntry[], { matched, missing, unexpected, misshapen }: PytorchComparison): TransferkitError => {
  const guess = recognisePytorch(entries)
  const nearest = (name: string): string => {
    // Names of another network are not misspelt ones of this.
    const found = guess?.exact === true ? undefined : nearestSpelling(name, unexpected)
    return found === undefined ? name : `${name} (the file has ${found})`
  }
  const differences = [
    ...listed('Missing', missing, nearest),
    ...listed('Unexpected', unexpected, (name) => name),
    ...listed('Of another shape', misshapen, ({ name, shape, expected }) => `${name} [${shape.join(', ')}] instead of [${expected.join(', ')}]`),
  ]
  return new TransferkitError(
    'pytorch/mismatch',
    `The tensors are not those of '${network.name}' with ${network.classes} classes; ${matched.length} of ${matched.length + missing.length + misshapen.length} fit. ${differences.join(' ')} ${whatTheyAre(network, guess)}`,
  )
}
