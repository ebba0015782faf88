import { branchAt, flattenTree, identity, type Module, type Network, refineStages, relu, type Shape, type Stage, tapShapes, type Tensor, type TensorTree, TransferkitError, type UnaryOp } from '@transferkit/tensor'

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

/** Whether a module ends with a rectifier: blocks say so in their description, a sequence ends as its last module. */
const endsRectified = ({ description, children }: Module): boolean => {
  if (description.kind === 'relu' || description['activation'] === 'relu') return true
  const last = Object.values(children).at(-1)
  return description.kind === 'sequential' && last !== undefined && endsRectified(last)
}

const hasParameters = (params: TensorTree, { name }: Stage): boolean => flattenTree<Tensor>(branchAt(params, name)).length > 0

const isImages = (shape: Shape | undefined): boolean => shape?.length === 3

/** The coarsest cut of a network that has all these taps. */
const networkWith = (network: Network, taps: readonly string[]): Network => {
  const cuts = [network, refineStages(network)]
  const namesOf = ({ stages }: Network): readonly string[] => stages.map(({ name }) => name)
  const found = cuts.find((cut) => taps.every((tap) => namesOf(cut).includes(tap)))
  if (found !== undefined) return found
  const known = cuts.map((cut) => namesOf(cut).join(', ')).join('; or ')
  const unknown = taps.find((tap) => !cuts.some((cut) => namesOf(cut).includes(tap)))
  throw new TransferkitError(
    'ptu/unknown-tap',
    unknown === undefined
      ? `The taps '${taps.join("', '")}' are not all of one cut of '${network.name}'. Choose from one of these lists: ${known}.`
      : `'${network.name}' has no tap '${unknown}' for a transfer unit to stand at. Its taps are: ${known}.`,
  )
}

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
  const refined = placement === 'blocks' ? refineStages(network) : typeof placement === 'string' ? network : networkWith(network, placement)
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
    segments.push({ tap: stage.name, stages: open, shape: refinedShapes[stage.name] ?? [], activation: endsRectified(stage.module) ? relu : identity })
    open = []
  }
  if (segments.length === 0) {
    throw new TransferkitError('ptu/no-units', `No stage of '${network.name}' gives images, so there is no place for a transfer unit. Name taps in the option 'unitsAfter'; the network has: ${Object.keys(shapes).join(', ')}.`)
  }
  const tapAfter = Object.fromEntries(network.stages.map(({ name }) => [name, refined.stages.findLast((stage) => isPart(stage, name))?.name ?? name]))
  return { network: refined, segments, rest: open, tapAfter }
}
