import { foldIn, type Key, mergeTrees, type Network, partitionTree, type ProgramVariables, type Stage, type TensorTree, type Variables } from '@transferkit/tensor'
import { isHead } from '@transferkit/training'
import type { FullRecurrentPtuOptions } from './recurrent-ptu-options.js'
import type { UnitPlace } from './unit-places.js'

/** What the start of a target model is made from. */
export interface StartParts {
  /** The target's network. */
  readonly network: Network
  /** The source's variables. */
  readonly trained: Variables
  /** Where units stand. */
  readonly places: readonly UnitPlace[]
  /** The stages of the source that are run at every forward pass. */
  readonly sourceStages: readonly Stage[]
  /** Makes the parameters of the units, under `units`. */
  readonly initUnits: (key: Key) => TensorTree
}

/**
 * The start of a target model: its own branch under the paths of a plain network, trainable clones of the source under `clones`, the units under `units`;
 * frozen the source's stages under `source` and, where it is kept, its classifier under `target`.
 *
 * @param parts Networks, places and units.
 * @param options Options of the strategy.
 * @param key Source of randomness.
 */
export const startOfTarget = ({ network, trained, places, sourceStages, initUnits }: StartParts, options: FullRecurrentPtuOptions, key: Key): ProgramVariables => {
  const { targetInitialisation, output, candidate, sourceInput } = options
  const fresh = network.init(foldIn(key, 'target'), [1, ...network.inputShape])
  const isCopied = (path: string): boolean => (isHead(path) ? output !== 'random' : targetInitialisation === 'copy')
  const start = (own: TensorTree, source: TensorTree): TensorTree => mergeTrees(partitionTree(source, isCopied).selected, partitionTree(own, (path) => !isCopied(path)).selected)

  const isAtPlace = (path: string): boolean => places.some((place) => path.startsWith(`${place.path}.`))
  const isRun = (path: string): boolean => (sourceInput === 'own' ? sourceStages.some(({ name }) => path.startsWith(`${name}.`)) : isAtPlace(path))
  const chosen = (tree: TensorTree, predicate: (path: string) => boolean): TensorTree => partitionTree(tree, predicate).selected
  const clones = (tree: TensorTree): TensorTree => ({ clones: candidate === 'threeState' ? chosen(tree, isAtPlace) : {} })

  const params = partitionTree(start(fresh.params, trained.params), (path) => isHead(path) && output === 'frozen')
  return {
    params: mergeTrees(params.rest, clones(trained.params), initUnits(key)),
    state: mergeTrees(start(fresh.state, trained.state), clones(trained.state)),
    frozen: { source: { params: chosen(trained.params, isRun), state: chosen(trained.state, isRun) }, target: params.selected },
  }
}
