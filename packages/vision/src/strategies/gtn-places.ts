import { network, type Network, type Shape, type Stage, tapShapes, type TransferContext, TransferkitError } from '@transferkit/tensor'
import { cutAtTaps } from './cut-at-taps.js'
import type { FullGtnOptions } from './gtn-options.js'
import { hasParameters, isImages } from './transfer-units.js'

/** A place in a network where a part of the Gated Transfer Network stands. */
export interface GtnPlace {
  /** Name of the tap. */
  readonly tap: string
  /** Shape of its activation for one example. */
  readonly shape: Shape
}

/** The source's network, cut where the gate and the auxiliary classifier stand. */
export interface GtnPlaces {
  /** The network, refined where a place is inside one of its stages. */
  readonly network: Network
  /** Its stages up to the gate. */
  readonly early: readonly Stage[]
  /** Its stages behind the gate. */
  readonly late: readonly Stage[]
  /** Where the gate stands, or would. */
  readonly gate: GtnPlace
  /** What the auxiliary classifier reads, where there is one. */
  readonly auxiliary?: GtnPlace
}

const wrong = (option: string, what: string): TransferkitError => new TransferkitError('gtn/place', `Strategy 'gtn', option '${option}': ${what}`)

/**
 * Cuts the source's network where gate and auxiliary classifier stand.
 *
 * @param context The source and the shape of the target's examples.
 * @param options Options of the strategy.
 * @throws TransferkitError `gtn/unknown-tap` when the network has no such tap.
 * @throws TransferkitError `gtn/place` when the auxiliary classifier would stand behind the gate, or has no place to stand at.
 */
export const gtnPlaces = ({ source, inputShape }: Pick<TransferContext, 'source' | 'inputShape'>, options: FullGtnOptions): GtnPlaces => {
  const atSize = network({ ...source.network, inputShape })
  const named = [options.gateAt, options.auxiliary ? options.auxiliaryAt : undefined].filter((tap) => tap !== undefined)
  const cut = cutAtTaps(atSize, named, { strategy: 'gtn', option: options.gateAt === undefined ? 'auxiliaryAt' : 'gateAt' })
  const shapes = tapShapes(cut)
  const names = cut.stages.map(({ name }) => name)
  const placeAt = (tap: string): GtnPlace => ({ tap, shape: shapes[tap] ?? [] })

  const gateAt = options.gateAt ?? names.at(-1) ?? ''
  const end = names.indexOf(gateAt) + 1
  const [early, late] = [cut.stages.slice(0, end), cut.stages.slice(end)]
  if (!options.auxiliary) return { network: cut, early, late, gate: placeAt(gateAt) }

  const maps = early.filter((stage) => isImages(shapes[stage.name]) && hasParameters(source.variables.params, stage))
  const auxiliaryAt = options.auxiliaryAt ?? maps.at(-2)?.name
  if (auxiliaryAt === undefined) {
    throw wrong('auxiliaryAt', `there is no earlier stage that gives maps in front of '${gateAt}' in '${cut.name}', so the auxiliary classifier needs to be told where to stand. Name one of: ${names.slice(0, end).join(', ')}; or set 'auxiliary' to false.`)
  }
  if (names.indexOf(auxiliaryAt) >= end) {
    throw wrong('auxiliaryAt', `found '${auxiliaryAt}', which is behind the gate at '${gateAt}', but the auxiliary classifier stands in front of it. Name one of: ${names.slice(0, end).join(', ')}.`)
  }
  return { network: cut, early, late, gate: placeAt(gateAt), auxiliary: placeAt(auxiliaryAt) }
}
