import { type TransferContext, TransferkitError, withClasses } from '@transferkit/tensor'
import { networks } from '../networks/networks.js'
import type { FullPtuOptions } from './ptu-options.js'
import { cutNetwork, type CutNetwork } from './transfer-units.js'

const needsSameNetwork = (options: FullPtuOptions): string | undefined => {
  if (options.candidate === 'threeState') return "the candidate 'threeState' runs a clone of the source's layers in it"
  if (options.sourceInput === 'shared') return "with 'sourceInput: shared' the source's layers run in it"
  if (options.targetInitialisation === 'copy') return "with 'targetInitialisation: copy' it starts from the source's weights"
  return undefined
}

/**
 * The target's network, cut at the same taps as the source: the source's own architecture with another head, or another network of the registry.
 *
 * @param source The source, cut where units stand.
 * @param context Task and shape of the examples.
 * @param options Options of the strategy.
 * @throws TransferkitError `ptu/target-network` when the other network is unknown, or when an option demands the source's architecture.
 */
export const ptuTarget = (source: CutNetwork, { task, inputShape }: Pick<TransferContext, 'task' | 'inputShape'>, options: FullPtuOptions): CutNetwork => {
  const classes = task.classes.length
  const { targetNetwork } = options
  if (targetNetwork === undefined) return { ...source, network: withClasses(source.network, classes) }
  const make = networks[targetNetwork]
  if (make === undefined) throw new TransferkitError('ptu/target-network', `Strategy 'ptu': there is no network '${targetNetwork}'. Networks are: ${Object.keys(networks).join(', ')}.`)
  const reason = needsSameNetwork(options)
  if (reason !== undefined) {
    throw new TransferkitError('ptu/target-network', `Strategy 'ptu': the target cannot be another network, '${targetNetwork}', because ${reason}. Leave out 'targetNetwork', or change that option.`)
  }
  return cutNetwork(
    make({ classes, inputShape }),
    {},
    source.segments.map(({ tap }) => tap),
  )
}

/**
 * Checks that gates are held at taps where units stand.
 *
 * @param source The source, cut where units stand.
 * @param options Options of the strategy.
 * @throws TransferkitError `ptu/unknown-tap` that names the option and the taps that there are.
 */
export const checkOverrides = ({ segments }: CutNetwork, { gateOverride }: FullPtuOptions): void => {
  const taps = segments.map(({ tap }) => tap)
  for (const [name, override] of Object.entries(gateOverride)) {
    const unknown = typeof override === 'object' ? Object.keys(override).find((tap) => !taps.includes(tap)) : undefined
    if (unknown !== undefined) {
      throw new TransferkitError('ptu/unknown-tap', `Strategy 'ptu': option 'gateOverride.${name}' names the tap '${unknown}', but units stand after: ${taps.join(', ')}.`)
    }
  }
}
