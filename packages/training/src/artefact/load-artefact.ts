import {
  type BatchTransform,
  flattenTree,
  mapTree,
  nearestSpelling,
  type ProgramVariables,
  randomKey,
  scope,
  type Strategy,
  type StrategyDefinition,
  type Tensor,
  type TensorTree,
  type TrainedNetwork,
  TransferkitError,
  type TransferProgram,
} from '@transferkit/tensor'
import { readSafetensors } from '../safetensors/read-safetensors.js'
import type { SafetensorsEntry } from '../safetensors/entry.js'
import { treeFromEntries } from '../safetensors/tree-entries.js'
import type { ArtefactBytes } from './create-artefact.js'
import { privateTrees } from './private-trees.js'
import { sourceIdentity } from './source-identity.js'
import { type TargetModel, targetModel } from './target-model.js'
import { type TransferConfig, transferConfigSchema } from './transfer-config.js'

/**
 * Reads and checks `transfer_config.json`.
 *
 * @param bytes The file.
 * @throws TransferkitError `artefact/config` when it is damaged or of a later version.
 *
 * @example
 * ```ts
 * import { type ArtefactBytes, readTransferConfig } from '@transferkit/training'
 *
 * const classesOf = (artefact: ArtefactBytes) => readTransferConfig(artefact.config).task.classes
 * ```
 */
export const readTransferConfig = (bytes: Uint8Array): TransferConfig => {
  try {
    return transferConfigSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  } catch (error) {
    throw new TransferkitError('artefact/config', `transfer_config.json is damaged, or was written by a later version of Transferkit.`, { cause: error })
  }
}

/** What is needed to use an artefact, besides its files. */
export interface LoadArtefactOptions {
  /** The two files. */
  readonly artefact: ArtefactBytes
  /** The source network that the artefact was made on. */
  readonly source: TrainedNetwork
  /** Where its strategy is looked up by name. */
  readonly strategies: readonly StrategyDefinition[]
  /** What is done to images before the network sees them: the same transforms, by name, as when the artefact was made. Nothing unless told. */
  readonly transforms?: readonly BatchTransform[]
}

const checkSource = async (source: TrainedNetwork, expected: TransferConfig['source']): Promise<void> => {
  const found = await sourceIdentity(source)
  if (found.sha256 === expected.sha256) return
  const sameNetwork = found.architecture === expected.architecture && found.classes === expected.classes
  throw new TransferkitError(
    'artefact/wrong-source',
    `The artefact was made on the source '${expected.architecture}' with ${expected.classes} classes and SHA-256 ${expected.sha256.slice(0, 12)}…, but ${sameNetwork ? 'the one given has other weights:' : `'${found.architecture}' with ${found.classes} classes is given,`} SHA-256 ${found.sha256.slice(0, 12)}…. Give the source that it was made on.`,
  )
}

const strategyOf = ({ name, options }: TransferConfig['strategy'], definitions: readonly StrategyDefinition[]): Strategy => {
  const definition = definitions.find((known) => known.name === name && known.kind === 'structure')
  if (definition === undefined) {
    const names = definitions.map((known) => known.name)
    const nearest = nearestSpelling(name, names)
    throw new TransferkitError('artefact/unknown-strategy', `The artefact uses the strategy '${name}', which is not among ${names.join(', ')}.${nearest === undefined ? ' Is its package loaded?' : ` Did you mean '${nearest}'?`}`)
  }
  // The definition checks the options itself; one of kind `structure` makes a strategy.
  return (definition as unknown as (options: unknown) => Strategy)(options)
}

const restore = (program: TransferProgram, source: TrainedNetwork, entries: readonly SafetensorsEntry[]): ProgramVariables =>
  scope(() => {
    const start = program.init(randomKey(0))
    const template = program.publish?.(start) ?? start
    const stored = (tree: TensorTree, name: string): TensorTree => treeFromEntries(tree, entries, `${name}.`, 'Transfer artefact')
    const own = new Map(flattenTree<Tensor>(stored(privateTrees({ variables: template, source }).frozen, 'frozen')).map(({ path, leaf }) => [path, leaf]))
    return {
      params: stored(template.params, 'params'),
      state: stored(template.state, 'state'),
      frozen: mapTree(template.frozen, (leaf, path) => own.get(path) ?? leaf),
    }
  })

/**
 * The model of a transfer artefact, bit for bit as it was saved.
 *
 * @param options The files, the source, and where to look the strategy up.
 * @throws TransferkitError `artefact/wrong-source` when the source is not the one that the artefact was made on, `artefact/unknown-strategy`,
 * `artefact/preprocessing` when the transforms differ, `artefact/config` or `safetensors/corrupt` when a file is damaged.
 *
 * @example
 * ```ts
 * import type { TrainedNetwork } from '@transferkit/tensor'
 * import { type ArtefactBytes, baselineStrategies, loadArtefact } from '@transferkit/training'
 *
 * const load = (artefact: ArtefactBytes, source: TrainedNetwork) => loadArtefact({ artefact, source, strategies: baselineStrategies })
 * ```
 */
export const loadArtefact = async ({ artefact, source, strategies, transforms = [] }: LoadArtefactOptions): Promise<TargetModel> => {
  const config = readTransferConfig(artefact.config)
  const names = transforms.map(({ name }) => name)
  if (names.join('\n') !== config.preprocessing.join('\n')) {
    throw new TransferkitError('artefact/preprocessing', `The artefact was trained on images after [${config.preprocessing.join(', ')}], but [${names.join(', ')}] is given. Give the same transforms.`)
  }
  const { entries } = readSafetensors(artefact.tensors, 'transfer.safetensors')
  await checkSource(source, config.source)
  const strategy = strategyOf(config.strategy, strategies)
  const { task, inputShape, record, inspections } = config
  const program = strategy.prepare({ source, task, inputShape })
  return targetModel({ strategy, source, program, variables: restore(program, source, entries), task, inputShape, transforms, record, ...(inspections === undefined ? {} : { inspections }) })
}
