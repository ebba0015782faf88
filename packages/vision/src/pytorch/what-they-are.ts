import type { Network } from '@transferkit/tensor'
import type { PytorchGuess } from './recognise.js'

/** From here on most of a network is in a file, and naming it helps. */
const similarEnough = 0.7

/** What tensors seem to be that are not those of a network, as a sentence. */
export const whatTheyAre = (network: Network, guess: PytorchGuess | undefined): string => {
  if (guess === undefined) return 'They have no name in common with any network that is known by its PyTorch names.'
  const { architecture, classes, exact, expected, named, similarity } = guess
  const whose = `'${architecture}' with ${classes} class${classes === 1 ? '' : 'es'}`
  if (exact && architecture === network.name) return `They are those of ${whose}: make the network with as many, import, and give it another head afterwards.`
  if (exact) return `They are the tensors of ${whose}.`
  if (similarity >= similarEnough) return `They are most like those of ${whose}: ${named} of its ${expected} names are there, and ${Math.floor(100 * similarity)} % of its filters and weights fit.`
  if (named === expected) return `They have the names of '${architecture}' in other sizes: is it a network of another width?`
  return 'They are of no network that is known by its PyTorch names.'
}
