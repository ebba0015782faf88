import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { TransferkitError } from '@transferkit/tensor'
import { readSafetensors } from '@transferkit/training'
import { pathExists } from '../experiment/path-exists.js'
import { configFile, findArtefact } from '../experiment/artefact-folder.js'
import type { InputFormat, OutputFormat } from './format-names.js'

/** Something to read, with its format. @internal */
export interface Input {
  /** What it is. */
  readonly format: InputFormat
  /** The file, or the folder of an artefact. */
  readonly path: string
}

/** Where to write, and what. @internal */
export interface Output {
  /** What is written. */
  readonly format: OutputFormat
  /** The file, or the folder of a model. */
  readonly path: string
}

const modelFile = 'model.json'

const unknown = (shown: string, reason: string): TransferkitError =>
  new TransferkitError('usage/unknown-format', `${shown}: ${reason} What can be read: a safetensors file (PyTorch's or Transferkit's), a model.json of TensorFlow.js or its folder, and a transfer artefact or the folder of a strategy in a run. Say which with --from.`)

const inFolder = async (folder: string, shown: string): Promise<Input> => {
  const artefact = await findArtefact(folder, shown)
  if (artefact !== undefined) return { format: 'artefact', path: artefact }
  if (await pathExists(join(folder, modelFile))) return { format: 'tfjs', path: join(folder, modelFile) }
  throw unknown(shown, `this folder holds neither ${configFile} nor ${modelFile}.`)
}

const ofFile = async (path: string, shown: string): Promise<Input> => {
  if (basename(path) === configFile) return { format: 'artefact', path: dirname(path) }
  switch (extname(path).toLowerCase()) {
    case '.json':
      return { format: 'tfjs', path }
    case '.safetensors':
      return { format: 'transferkit.architecture' in readSafetensors(await readFile(path), shown).metadata ? 'transferkit' : 'pytorch', path }
    case '.pt':
    case '.pth':
    case '.bin':
    case '.ckpt':
      throw unknown(shown, 'a pickled checkpoint of PyTorch runs code when it is read, so it is not. Save its state dict in PyTorch with safetensors.torch.save_file.')
    default:
      throw unknown(shown, 'its name does not tell what it is.')
  }
}

/**
 * Finds out what there is to read, by content and extension.
 *
 * @param path Where it is.
 * @param shown The path as it was given, for messages.
 * @param told The format that the user says.
 * @throws TransferkitError `usage/unknown-format`, `usage/several-seeds`, `file/not-found`, and what reading a safetensors file throws.
 * @internal
 */
export const recogniseInput = async (path: string, shown: string, told?: InputFormat): Promise<Input> => {
  const found = await stat(path).catch((cause: unknown) => {
    throw new TransferkitError('file/not-found', `${shown}: there is no such file or folder.`, { cause })
  })
  const recognised = await (found.isDirectory() ? inFolder(path, shown) : told === undefined ? ofFile(path, shown) : { format: told, path })
  if (told !== undefined && recognised.format !== told) throw new TransferkitError('usage/wrong-format', `${shown}: is ${recognised.format}, not ${told}. Correct --from or leave it out.`)
  return recognised
}

/**
 * Where to write, and what, by extension: a safetensors file, or the folder of a model for TensorFlow.js.
 *
 * @param path Where to.
 * @param shown The path as it was given, for messages.
 * @param from What is read: what is Transferkit's already becomes a file for PyTorch.
 * @param told The format that the user says.
 * @throws TransferkitError `usage/unknown-format`.
 * @internal
 */
export const chooseOutput = (path: string, shown: string, from: InputFormat, told?: OutputFormat): Output => {
  const extension = extname(path).toLowerCase()
  const format = told ?? (extension === '.safetensors' ? (from === 'transferkit' ? 'pytorch' : 'transferkit') : extension === '.json' || extension === '' ? 'tfjs' : undefined)
  if (format === undefined) throw new TransferkitError('usage/unknown-format', `${shown}: its name does not tell what to write. A name with .safetensors is a file of tensors, one without is the folder of a model for TensorFlow.js; or say it with --to.`)
  if (format !== 'tfjs') return { format, path }
  if (extension === '.json' && basename(path) !== modelFile) throw new TransferkitError('usage/unknown-format', `${shown}: a TensorFlow.js model is a folder with ${modelFile} and weights; name the folder, or ${modelFile} in it.`)
  return { format, path: extension === '.json' ? dirname(path) : path }
}
