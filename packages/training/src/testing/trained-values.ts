import { type AnyTensor, flattenTree, leavesOf, type ProgramVariables, randomKey, readSync, release, scope, tensor, type Tensor, type TensorTree, type TransferProgram } from '@transferkit/tensor'
import { belongsTo } from '../artefact/private-trees.js'
import { consecutive, readBatch } from '../loop/batches.js'
import type { TransferResult } from '../loop/transfer.js'
import { floatsOf } from '../safetensors/entry.js'
import { readSafetensors } from '../safetensors/read-safetensors.js'
import type { ConformanceSetting } from './conformance-setting.js'

/** Values of all tensors by path, on the host. @internal */
export const valuesOf = (tree: TensorTree): ReadonlyMap<string, Float32Array> => new Map(flattenTree<Tensor>(tree).map(({ path, leaf }) => [path, readSync(leaf).slice()]))

/** First path whose values differ bit for bit, among the paths that both have. @internal */
export const firstChange = (before: ReadonlyMap<string, Float32Array>, after: ReadonlyMap<string, Float32Array>): string | undefined =>
  [...before].find(([path, values]) => after.get(path)?.some((value, index) => !Object.is(value, values[index])) === true)?.[0]

/** Whether two files are equal. @internal */
export const sameBytes = (left: Uint8Array, right: Uint8Array): boolean => left.length === right.length && left.every((byte, index) => byte === right[index])

/** The first tensor of two safetensors files that is not the same in both, as it stands in a message. @internal */
export const firstDifference = (left: Uint8Array, right: Uint8Array): string => {
  const others = new Map(readSafetensors(right).entries.map((entry) => [entry.name, floatsOf(entry)]))
  const entry = readSafetensors(left).entries.find((one) => floatsOf(one).some((value, index) => !Object.is(value, others.get(one.name)?.[index])))
  return entry === undefined ? 'the names of the tensors' : `the tensor '${entry.name}'`
}

/** Uses a result and frees it. @internal */
export const using = async <T>(result: TransferResult, use: (result: TransferResult) => Promise<T> | T): Promise<T> => {
  try {
    return await use(result)
  } finally {
    result.release()
  }
}

/** The tensors of the model that a training ends with, as a file. @internal */
export const tensorsOf = async (run: PromiseLike<TransferResult>): Promise<Uint8Array> => using(await run, async (result) => (await result.artefact()).tensors)

/** The program of the strategy under test. @internal */
export const programOf = ({ strategy, source, target }: ConformanceSetting): TransferProgram => strategy.prepare({ source, task: target.task, inputShape: target.exampleShape })

/** Runs the start of a model and frees what does not belong to the source. @internal */
export const withStart = async <T>({ source }: ConformanceSetting, program: TransferProgram, seed: number, use: (variables: ProgramVariables) => Promise<T> | T): Promise<T> => {
  const variables = program.init(randomKey(seed))
  try {
    return await use(variables)
  } finally {
    const isSource = belongsTo(source)
    release(leavesOf<AnyTensor>({ ...variables }).filter((leaf) => !isSource(leaf)))
  }
}

const someImages = async ({ test }: ConformanceSetting): Promise<Tensor> => {
  const [indices = new Int32Array(0)] = consecutive(test.size, 8)
  const { inputs, shape } = await readBatch(test, indices, [], randomKey(0))
  return tensor(inputs, shape)
}

/** Logits of some images, on the host. @internal */
export const logitsOf = async (setting: ConformanceSetting, forward: (images: Tensor) => Tensor): Promise<Float32Array> => {
  const images = await someImages(setting)
  try {
    return scope(() => readSync(forward(images)).slice())
  } finally {
    release(images)
  }
}
