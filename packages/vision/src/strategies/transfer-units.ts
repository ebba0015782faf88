import { branchAt, flattenTree, identity, type Module, type Network, refineStages, relu, relu6, type Shape, type Stage, tapShapes, type Tensor, type TensorTree, TransferkitError, type UnaryOp } from '@transferkit/tensor'
import { cutAtTaps } from './cut-at-taps.js'

/** Where units stand: after every stage, after every block, or after the taps that are named. */
export type UnitPlacement = 'stages' | 'blocks' | readonly string[]

/** Consecutive stages with a unit after the last of them. */
export interface Segment {
  /** Name of the tap that the unit mixes. */
  readonly tap: string
  /** The stages. */
  readonly stages: readonly Stage[]
  /** Shape of the tap for one example. */
  readonly shape: Shape
  /** The activation function that the last layer ends with where it changes nothing when applied twice, else the identity. */
  readonly activation: UnaryOp
}

/** A network cut where units stand. */
export interface CutNetwork {
  /** The network, refined where a unit stands inside one of its stages. */
  readonly network: Network
  /** Its beginning, in segments. */
  readonly segments: readonly Segment[]
  /** The stages behind the last unit. */
  readonly rest: readonly Stage[]
  /** For each tap of the network before it was refined, the tap that it is now. */
  readonly tapAfter: Readonly<Record<string, string>>
}

/** Name of the stage that only prepares the images for the first one. */
const stem = 'stem'

/** Activation functions that change nothing when they are applied twice, by the name that descriptions have for them. */
const idempotent: Readonly<Record<string, UnaryOp>> = { relu, relu6 }

/** The idempotent activation function that a module ends with, else the identity: blocks name theirs in their description, a sequence ends as its last module. */
const finalActivation = ({ description, children }: Module): UnaryOp => {
  const own = idempotent[description.kind] ?? idempotent[String(description['activation'])]
  if (own !== undefined) return own
  const last = Object.values(children).at(-1)
  return description.kind === 'sequential' && last !== undefined ? finalActivation(last) : identity
}

/** Whether a stage has parameters; one that only pools has none. */
export const hasParameters = (params: TensorTree, { name }: Stage): boolean => flattenTree<Tensor>(branchAt(params, name)).length > 0

/** Whether the shape of one example is that of images. */
export const isImages = (shape: Shape | undefined): boolean => shape?.length === 3

/**
 * Cuts a network where units stand.
 *
 * `stages` means every stage with parameters that gives images, but not a stage called `stem`; `blocks` cuts those stages into the blocks that they are a
 * sequence of, and includes the stem.
 *
 * @param network The network.
 * @param params Its parameters, by which stages that only pool are told apart.
 * @param placement Where units stand.
 * @throws TransferkitError `ptu/unknown-tap` when the network has no such tap.
 * @throws TransferkitError `ptu/no-units` when no stage gives images.
 */
export const cutNetwork = (network: Network, params: TensorTree, placement: UnitPlacement): CutNetwork => {
  const shapes = tapShapes(network)
  const isPart = (stage: Stage, whole: string): boolean => stage.name === whole || stage.name.startsWith(`${whole}.`)
  const imageStages = network.stages.filter((stage) => isImages(shapes[stage.name]) && hasParameters(params, stage))
  const refined = placement === 'blocks' ? refineStages(network) : typeof placement === 'string' ? network : cutAtTaps(network, placement, { strategy: 'ptu', option: 'unitsAfter' })
  const standsAfter = (stage: Stage): boolean => {
    if (typeof placement !== 'string') return placement.includes(stage.name)
    if (placement === 'stages' && stage.name === stem) return false
    return hasParameters(params, stage) && imageStages.some(({ name }) => isPart(stage, name))
  }

  const refinedShapes = refined === network ? shapes : tapShapes(refined)
  const segments: Segment[] = []
  let open: Stage[] = []
  for (const stage of refined.stages) {
    open.push(stage)
    if (!standsAfter(stage)) continue
    segments.push({ tap: stage.name, stages: open, shape: refinedShapes[stage.name] ?? [], activation: finalActivation(stage.module) })
    open = []
  }
  if (segments.length === 0) {
    throw new TransferkitError('ptu/no-units', `No stage of '${network.name}' gives images, so there is no place for a transfer unit. Name taps in the option 'unitsAfter'; the network has: ${Object.keys(shapes).join(', ')}.`)
  }
  const tapAfter = Object.fromEntries(network.stages.map(({ name }) => [name, refined.stages.findLast((stage) => isPart(stage, name))?.name ?? name]))
  return { network: refined, segments, rest: open, tapAfter }
}
