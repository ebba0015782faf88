import { join } from 'node:path'
import { type Network, type TrainedNetwork, TransferkitError } from '@transferkit/tensor'
import { readSafetensors, writeSafetensors } from '@transferkit/training'
import { writeAtomically } from '@transferkit/training/node'
import { exportLayersModel, exportPytorch, importPytorch, importTfjsModel, type PytorchCode, pytorchNames, type PytorchNames, tfjsWeightPaths } from '@transferkit/vision'
import { pathExists } from '../experiment/path-exists.js'
import type { Definitions } from '../experiment/definitions.js'
import { readSourceFile, writeSourceFile } from '../experiment/source-file.js'
import type { Normalisation } from '../recipe/image-schemas.js'
import type { Output } from './formats.js'
import type { ReadNetwork } from './read-network.js'

/** A file that is to be written. @internal */
export interface NewFile {
  /** Where to. */
  readonly path: string
  /** Its bytes. */
  readonly content: Uint8Array
}

/** A network in another format, in memory. @internal */
export interface Written {
  /** The files, in the order in which they are written: the last one makes the others valid. */
  readonly files: readonly NewFile[]
  /** Reads the files as somebody else would; the caller releases the network. */
  readBack(): TrainedNetwork
}

/** What the user says of what is written. @internal */
export interface WriteOptions {
  /** Whose names the tensors of a PyTorch file get. */
  readonly names?: PytorchCode
  /** How inputs are normalised, where that is not known. */
  readonly normalisation?: Normalisation
  /** Networks of plugins. */
  readonly networks: Definitions['networks']
}

const asOurs = async ({ trained, record, model }: ReadNetwork, path: string, told: Normalisation | undefined, networks: Definitions['networks']): Promise<Written> => {
  const normalisation = told ?? record.normalisation
  if (normalisation === undefined) {
    throw new TransferkitError(
      'usage/no-normalisation',
      'A network of Transferkit says how its images are normalised, which this one does not. Give the mean and standard deviation of each channel, of values from 0 to 1. Networks of torchvision that know ImageNet have --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225; values from -1 to 1 are --mean 0.5,0.5,0.5 --std 0.5,0.5,0.5.',
    )
  }
  const content = await writeSourceFile({ trained, record: { ...record, normalisation }, ...(model === undefined ? {} : { model }) })
  return { files: [{ path, content }], readBack: () => readSourceFile(content, path, networks).trained }
}

const namesFor = (network: Network, code: PytorchCode | undefined): PytorchNames => {
  try {
    return pytorchNames(network, code)
  } catch (cause) {
    if (!TransferkitError.isInstance(cause) || cause.code !== 'pytorch/unknown-network') throw cause
    throw new TransferkitError('convert/no-names', `There is no PyTorch code whose names are known for the network ${JSON.stringify(network.name)}. Write it for TensorFlow.js or Transferkit instead (--to).`, { cause })
  }
}

const asPytorch = ({ trained: { network, variables } }: ReadNetwork, path: string, code: PytorchCode | undefined): Written => {
  const names = namesFor(network, code)
  const content = writeSafetensors(exportPytorch(network, variables, names), { format: 'pt' })
  return { files: [{ path, content }], readBack: () => ({ network, variables: importPytorch(network, readSafetensors(content, path).entries, names) }) }
}

const asModel = ({ trained, record: { network: name, classNames } }: ReadNetwork, folder: string): Written => {
  const { modelJson, weights } = exportLayersModel(trained, { ...(classNames === undefined ? {} : { classNames }) })
  const text = JSON.stringify(modelJson)
  const [shard = 'weights.bin'] = tfjsWeightPaths(modelJson)
  return {
    files: [
      { path: join(folder, shard), content: weights },
      { path: join(folder, 'model.json'), content: new TextEncoder().encode(text) },
    ],
    readBack: () => importTfjsModel({ modelJson: text, weights, name }),
  }
}

/**
 * Makes the files of a network in another format.
 *
 * @param network The network.
 * @param output Where to, and what.
 * @param options What the user says of it.
 * @throws TransferkitError `usage/no-normalisation`, and what the export throws.
 * @internal
 */
export const writtenAs = async (network: ReadNetwork, { format, path }: Output, { names, normalisation, networks }: WriteOptions): Promise<Written> => {
  switch (format) {
    case 'transferkit':
      return asOurs(network, path, normalisation, networks)
    case 'pytorch':
      return asPytorch(network, path, names)
    case 'tfjs':
      return asModel(network, path)
  }
}

/**
 * Writes files, each as a whole or not at all.
 *
 * @param files The files.
 * @param force Whether files that are there already are replaced.
 * @throws TransferkitError `usage/file-exists` before anything is written.
 * @internal
 */
export const writeFiles = async (files: readonly NewFile[], force: boolean): Promise<void> => {
  for (const { path } of files) {
    if (!force && (await pathExists(path))) throw new TransferkitError('usage/file-exists', `${path}: is there already. Choose another name, or replace it with --force.`)
  }
  for (const { path, content } of files) await writeAtomically(path, content)
}
