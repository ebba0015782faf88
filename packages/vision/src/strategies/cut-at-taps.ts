import { nearestSpelling, type Network, refineStages, TransferkitError } from '@transferkit/tensor'

/** Who asks for a tap, for the message when there is none. */
export interface TapRequest {
  /** Name of the strategy. */
  readonly strategy: string
  /** Name of the option that names the tap. */
  readonly option: string
}

/**
 * The coarsest cut of a network in which all these taps are the ends of stages: the network itself, or with its stages cut into blocks.
 *
 * @param network The network.
 * @param taps Names of taps, such as `stage2` or `stage2.block1`.
 * @param request Who asks.
 * @throws TransferkitError `STRATEGY/unknown-tap` that lists the taps that there are.
 */
export const cutAtTaps = (network: Network, taps: readonly string[], { strategy, option }: TapRequest): Network => {
  const cuts = [network, refineStages(network)]
  const namesOf = ({ stages }: Network): readonly string[] => stages.map(({ name }) => name)
  const found = cuts.find((cut) => taps.every((tap) => namesOf(cut).includes(tap)))
  if (found !== undefined) return found
  const lists = [...new Set(cuts.map((cut) => namesOf(cut).join(', ')))].join('; or ')
  const code = `${strategy}/unknown-tap`
  const unknown = taps.find((tap) => !cuts.some((cut) => namesOf(cut).includes(tap)))
  if (unknown === undefined) {
    throw new TransferkitError(code, `Strategy '${strategy}', option '${option}': the taps '${taps.join("', '")}' are not all of one cut of '${network.name}'. Choose from one of these lists: ${lists}.`)
  }
  const nearest = nearestSpelling(unknown, cuts.flatMap(namesOf))
  throw new TransferkitError(code, `Strategy '${strategy}', option '${option}': '${network.name}' has no tap '${unknown}'.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`} Its taps are: ${lists}.`)
}
