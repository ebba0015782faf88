import { nearestSpelling, type Network, TransferkitError } from '@transferkit/tensor'
import type { SafetensorsEntry } from '@transferkit/training'
import type { PytorchComparison } from './compare.js'
import { type PytorchGuess, recognisePytorch } from './recognise.js'

/** How many names a message gives of each kind. */
const shown = 5

const listed = <T>(what: string, items: readonly T[], text: (item: T) => string): readonly string[] =>
  items.length === 0 ? [] : [`${what} (${items.length}): ${items.slice(0, shown).map(text).join(', ')}${items.length > shown ? ', ...' : ''}.`]

/** From here on most of a network is in a file, and naming it helps. */
const similarEnough = 0.7

const advice = (network: Network, guess: PytorchGuess | undefined): string => {
  if (guess === undefined) return 'They have no name in common with any network that is known by its PyTorch names.'
  const { architecture, classes, exact, expected, named, similarity } = guess
  const whose = `'${architecture}' with ${classes} class${classes === 1 ? '' : 'es'}`
  if (exact && architecture === network.name) return `They are those of ${whose}: make the network with as many, import, and give it another head afterwards.`
  if (exact) return `They are the tensors of ${whose}.`
  if (similarity >= similarEnough) return `They are most like those of ${whose}: ${named} of its ${expected} names are there, and ${Math.floor(100 * similarity)} % of its filters and weights fit.`
  if (named === expected) return `They have the names of '${architecture}' in other sizes: is it a network of another width?`
  return 'They are of no network that is known by its PyTorch names.'
}

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
    `The tensors are not those of '${network.name}' with ${network.classes} classes; ${matched.length} of ${matched.length + missing.length + misshapen.length} fit. ${differences.join(' ')} ${advice(network, guess)}`,
  )
}
