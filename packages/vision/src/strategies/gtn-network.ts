import { featureGate } from '@transferkit/gates'
import { denseLayer, dropoutLayer, layer, type Logits, type Module, multiply, network, type Network, type Tensor, type Vectors } from '@transferkit/tensor'
import type { FullGtnOptions } from './gtn-options.js'
import type { GtnPlaces } from './gtn-places.js'

/** Names of the new parts, as stages, taps and branches of the parameters. */
export const parts = { gate: 'gate', dropout: 'headDropout', head: 'head', auxiliary: 'auxiliary' } as const

/** The tap with the opening of the gate, by example and channel. */
export const openingTap = `${parts.gate}.opening`

/** Whether a stage or a variable is new, and not the source's. */
export const isNew = (path: string): boolean => Object.values(parts).some((part) => path === part || path.startsWith(`${part}.`))

const heldGate = (opening: number): Module => layer({ description: { kind: 'constant-gate', opening }, apply: (_variables, x: Tensor) => ({ output: multiply(x, opening) }) })

const gateOf = ({ gate: { shape } }: GtnPlaces, { reduction, minimumHiddenUnits, gateDropout, gateOverride }: FullGtnOptions): Module => {
  if (gateOverride !== undefined) return heldGate(gateOverride)
  const channels = shape.at(-1) ?? 0
  return featureGate({ channels, hiddenUnits: Math.max(minimumHiddenUnits, Math.floor(channels / reduction)), dropout: gateDropout })
}

/**
 * The network that is left when the training is over: the source's stages with the gate between them, dropout, and a head without bias.
 *
 * @param places Where the gate stands.
 * @param classes Number of the target's classes.
 * @param options Options of the strategy.
 */
export const gatedNetwork = (places: GtnPlaces, classes: number, options: FullGtnOptions): Network => {
  const gate = options.gate ? [{ name: parts.gate, module: gateOf(places, options) }] : []
  const dropout = { name: parts.dropout, module: dropoutLayer(options.headDropout) }
  // A dense layer from the feature to one score a class gives logits.
  const head = denseLayer({ units: classes, bias: false }) as unknown as Module<Vectors, Logits>
  return network({ ...places.network, classes, head, stages: [...places.early, ...gate, ...places.late, dropout] })
}
