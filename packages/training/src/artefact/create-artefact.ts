import type { Strategy } from '@transferkit/tensor'
import { entriesOfTree } from '../safetensors/tree-entries.js'
import { writeSafetensors } from '../safetensors/write-safetensors.js'
import { privateSizes, privateTrees } from './private-trees.js'
import { sourceIdentity } from './source-identity.js'
import type { TargetModelParts } from './target-model.js'
import type { TransferConfig } from './transfer-config.js'

/** The two files of a transfer artefact. */
export interface ArtefactBytes {
  /** `transfer_config.json`: everything that is not a tensor. */
  readonly config: Uint8Array
  /** `transfer.safetensors`: the tensors that are private to the target, with running statistics. */
  readonly tensors: Uint8Array
}

/** A composition is needed for training only; its structure builds the model. */
const structureOf = (strategy: Strategy): Strategy => strategy.composition?.structure ?? strategy

/** The artefact of a model. @internal */
export const createArtefact = async (model: TargetModelParts): Promise<ArtefactBytes> => {
  const { strategy, source, task, inputShape, transforms, record, inspections } = model
  const { params, state, frozen } = privateTrees(model)
  const entries = await Promise.all([entriesOfTree(params, 'params.'), entriesOfTree(state, 'state.'), entriesOfTree(frozen, 'frozen.')])
  const { privateParameters, privateStatistics } = privateSizes(model)
  const structure = structureOf(strategy)
  const config: TransferConfig = {
    formatVersion: 1,
    strategy: { name: structure.name, options: structure.options },
    trainedWith: { name: strategy.name, options: strategy.options },
    source: await sourceIdentity(source),
    task,
    inputShape,
    preprocessing: transforms.map(({ name }) => name),
    elements: { parameters: privateParameters, statistics: privateStatistics },
    record,
    ...(inspections === undefined ? {} : { inspections }),
  }
  return { config: new TextEncoder().encode(`${JSON.stringify(config, undefined, 2)}\n`), tensors: writeSafetensors(entries.flat()) }
}
