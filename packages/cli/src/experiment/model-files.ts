import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { TransferkitError } from '@transferkit/tensor'
import { tfjsWeightPaths } from '@transferkit/vision'
import type { ModelFiles } from './source-file.js'

const readPart = async (path: string, what: string): Promise<Uint8Array> => {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new TransferkitError('file/not-found', `${path}: ${what} cannot be read.`, { cause })
  }
}

const parsed = (text: string, path: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new TransferkitError('tfjs/not-a-model', `${path}: is not JSON, so it is no model.json of TensorFlow.js.`, { cause })
  }
}

/**
 * Name for the network of a model: that of the folder that it lies in.
 *
 * @param path Path of its `model.json`.
 * @internal
 */
export const modelName = (path: string): string => basename(dirname(path)) || 'tfjs-model'

/**
 * Reads a TensorFlow.js model with the weights beside it.
 *
 * @param path Path of its `model.json`.
 * @throws TransferkitError `file/not-found` when a file is missing, `tfjs/not-a-model` when it is something else.
 * @internal
 */
export const readModelFiles = async (path: string): Promise<ModelFiles> => {
  const modelJson = parsed(new TextDecoder().decode(await readPart(path, 'the model')), path)
  const shards = await Promise.all(tfjsWeightPaths(modelJson).map((name) => readPart(join(dirname(path), name), 'a file of weights that the model names')))
  return { modelJson, weights: Buffer.concat(shards) }
}
