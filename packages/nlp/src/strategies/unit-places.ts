import { type Module, modulesInside, nearestSpelling, type Network, replaceModules, type Stage, TransferkitError } from '@transferkit/tensor'
import { isRecurrentLayer } from '../recurrent/recurrent-layer.js'

/** Name of the stage that turns token ids into vectors. */
const embeddingStage = 'embedding'

/** A module whose output a unit mixes. */
export interface UnitPlace {
  /** Dotted path of the module and of its variables, such as `recurrent1.forward`. */
  readonly path: string
  /** Name of the stage that it is part of, by which options speak of it. */
  readonly stage: string
  /** The module. */
  readonly module: Module
}

/** Which stages have units: every recurrent one, these and the embedding, or those of a list. */
export type UnitLayers = 'recurrent' | 'all' | readonly string[]

/** The modules of a stage that a unit can mix: the whole embedding, or each recurrent layer. */
const placesOf = ({ name, module }: Stage): readonly UnitPlace[] => {
  if (name === embeddingStage) return [{ path: name, stage: name, module }]
  return [[name, module] as const, ...modulesInside(module, name)].filter(([, inner]) => isRecurrentLayer(inner)).map(([path, inner]) => ({ path, stage: name, module: inner }))
}

/**
 * Finds where units stand.
 *
 * @param network The network.
 * @param layers Which stages have units.
 * @throws TransferkitError `recurrent-ptu/no-recurrent-layers` when the network has none.
 * @throws TransferkitError `recurrent-ptu/unknown-layer` when the list names a stage that has no place for a unit.
 */
export const unitPlaces = (network: Network, layers: UnitLayers): readonly UnitPlace[] => {
  const all = network.stages.flatMap(placesOf)
  if (!all.some(({ module }) => isRecurrentLayer(module))) {
    throw new TransferkitError('recurrent-ptu/no-recurrent-layers', `Strategy 'recurrent-ptu': the network '${network.name}' has no recurrent layer. For networks of images use the strategy 'ptu'; for convolutional ones of text 'discrete-states' or 'fine-tune'.`)
  }
  if (layers === 'all') return all
  if (layers === 'recurrent') return all.filter(({ module }) => isRecurrentLayer(module))
  checkLayers(layers, all, 'layers')
  return all.filter(({ stage }) => layers.includes(stage))
}

/**
 * Checks that units stand, or can stand, in the stages that an option names.
 *
 * @param names What the option names.
 * @param places Where units stand.
 * @param option Name of the option, for the message.
 * @throws TransferkitError `recurrent-ptu/unknown-layer` that lists the stages that there are.
 */
export const checkLayers = (names: readonly string[], places: readonly UnitPlace[], option: string): void => {
  const known = [...new Set(places.map(({ stage }) => stage))]
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return
  const nearest = nearestSpelling(unknown, known)
  throw new TransferkitError(
    'recurrent-ptu/unknown-layer',
    `Strategy 'recurrent-ptu': option '${option}' names '${unknown}', where no unit stands.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`} There are: ${known.join(', ')}.`,
  )
}

/**
 * Stages with other modules at some places.
 *
 * @param stages The stages; they are left as they are.
 * @param replacement The module to put at a path, or nothing to leave what is there.
 */
export const withModulesAt = (stages: readonly Stage[], replacement: (path: string) => Module | undefined): readonly Stage[] =>
  stages.map(({ name, module }) => ({ name, module: replacement(name) ?? replaceModules(module, (path) => replacement(`${name}.${path}`)) }))
