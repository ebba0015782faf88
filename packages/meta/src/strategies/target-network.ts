import { nearestSpelling, network, type Network, type Shape, type TransferContext, TransferkitError, withClasses } from '@transferkit/tensor'

/** What a target network is made for. */
export interface TargetNetworkOptions {
  /** Number of classes of the target. */
  readonly classes: number
  /** Shape of one example. */
  readonly inputShape: Shape
}

/** Makes a network; the factories of `@transferkit/vision` are such functions. */
export type TargetNetworkFactory = (options: TargetNetworkOptions) => Network

/** Architectures that options may name: plain data cannot hold a network, so the names are resolved where the strategy is defined. */
export type TargetNetworks = Readonly<Record<string, TargetNetworkFactory>>

/**
 * The target network that options name: that of the source, with another head, where they name none.
 *
 * @throws TransferkitError `l2t-ww/unknown-target` with the nearest name.
 * @internal
 */
export const targetNetwork = (networks: TargetNetworks, name: string | undefined, { source, task, inputShape }: TransferContext): Network => {
  const classes = task.classes.length
  if (name === undefined) return withClasses(network({ ...source.network, inputShape }), classes)
  const factory = networks[name]
  if (factory !== undefined) return factory({ classes, inputShape })
  const known = Object.keys(networks)
  const nearest = nearestSpelling(name, known)
  const advice = known.length === 0 ? `No architectures were given; define the strategy with them: defineL2tWw({ networks }).` : `Known are: ${known.join(', ')}.`
  throw new TransferkitError('l2t-ww/unknown-target', `Strategy 'l2t-ww': there is no target architecture '${name}'.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`} ${advice}`)
}
