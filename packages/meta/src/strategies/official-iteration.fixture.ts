import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { flattenTree, integerTensor, mergeTrees, type Network, partitionTree, readSync, slice, squeeze, tensor, type Tensor, type TensorTree, transpose, type TransferContext } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { floatsOf, readSafetensors, type SafetensorsEntry } from '@transferkit/training'
import { exportPytorch, importPytorch, pytorchNames, tinyImagenetResnet, vgg9 } from '@transferkit/vision'
import type { Pair } from '../matching/pairs.js'

const own = fileURLToPath(new URL('../../fixtures', import.meta.url))
const beside = fileURLToPath(new URL('../../../../../shared/fixtures', import.meta.url))

/** Folder of the fixtures that are too large for the repository; `undefined` where there is none. */
export const largeFixtures = process.env['TRANSFERKIT_FIXTURES_DIR'] ?? (existsSync(beside) ? beside : undefined)

interface Numbers {
  readonly sourceState: string
  readonly hyperparameters: {
    readonly sourceBlocksPerGroup: number
    readonly targetWidths: readonly number[]
    readonly num_classes: number
    readonly pairs: readonly (readonly [number, number])[]
    readonly batch: number
    readonly iterations: number
    readonly lr: number
    readonly momentum: number
    readonly weightDecay: number
    readonly beta: number
    readonly T: number
    readonly metaOptimizer: 'adam' | 'sgd'
    readonly metaLr: number
    readonly metaWeightDecay: number
    readonly metaMomentum: number | null
    readonly lambdaActivation: 'relu6'
  }
  readonly scalars: Readonly<Record<string, { readonly value: number; readonly rtol: number; readonly atol: number }>>
  readonly tensors: Readonly<Record<string, { readonly tolerance?: { readonly rtol: number; readonly atol: number } }>>
}

/** One official iteration: what it was given, and what came out. */
export interface OfficialIteration {
  readonly settings: Numbers['hyperparameters']
  readonly context: TransferContext
  readonly target: Network
  readonly pairs: readonly Pair[]
  /** Parameters of target and projections under our paths, statistics, and meta-parameters. */
  readonly start: { readonly params: TensorTree; readonly state: TensorTree; readonly meta: TensorTree }
  /** The batch of an iteration. */
  batch(iteration: number): { readonly inputs: Tensor; readonly labels: Tensor<readonly ['batch'], 'int32'> }
  /** Whether the fixture has something under a prefix. */
  has(prefix: string): boolean
  /** Compares a number. */
  checkScalar(name: string, actual: Tensor): void
  /** Compares a tensor in our layout. */
  checkTensor(name: string, actual: ArrayLike<number> | Tensor): void
  /** Compares parameters, or anything of their structure. */
  checkParams(prefix: string, params: TensorTree): void
  /** Compares running statistics. */
  checkStatistics(prefix: string, state: TensorTree): void
  /** Compares meta-parameters, or anything of their structure. */
  checkMeta(prefix: string, meta: TensorTree): void
}

const pairName = ({ source, target }: Pair): string => `${source}:${target}`.replaceAll('.', '-')

/** Linear weights are stored transposed. */
const transposed = (values: Tensor): Tensor => (values.rank === 2 ? transpose(values, [1, 0]) : values)

/** Gradients that pass the target's first max-pool in the outer step. */
const behindFirstPool = /\.outer_grad\/target\.features\.[01]\.|\.meta_grad\//

/**
 * Reads an official iteration from this package, or from the folder of large fixtures. Its tensors belong to the scope around.
 *
 * @param flippedWindow How far gradients that pass the first max-pool may be off, as a share of the largest, where one window may take its other entry.
 */
export const officialIteration = (name: string, folder = own, flippedWindow = 0): OfficialIteration => {
  const read = (file: string): readonly SafetensorsEntry[] => readSafetensors(readFileSync(`${folder}/${file}`), file).entries
  // The fixture's own description.
  const numbers = JSON.parse(readFileSync(`${folder}/${name}.json`, 'utf8')) as Numbers
  const settings = numbers.hyperparameters
  const entries = new Map(read(`${name}.safetensors`).map((entry) => [entry.name, entry]))
  const entry = (wanted: string): SafetensorsEntry => {
    const found = entries.get(wanted)
    if (found === undefined) throw new Error(`${name} has no '${wanted}'.`)
    return found
  }
  const tensorOf = (found: SafetensorsEntry): Tensor => tensor(floatsOf(found), found.shape)

  const blocks = settings.sourceBlocksPerGroup
  const sourceNetwork = tinyImagenetResnet({ depth: 6 * blocks + 2 })
  const sourceFile = numbers.sourceState.split(' ')[0] ?? ''
  // The official file may have been trained on another number of classes than the network's default.
  const sourceEntries = read(sourceFile)
  const classes = sourceEntries.find((found) => found.name === 'fc.bias')?.shape[0] ?? 200
  const source = tinyImagenetResnet({ depth: 6 * blocks + 2, classes })
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = settings.targetWidths
  const target = vgg9({ classes: settings.num_classes, widths: [[a], [b], [c, c], [d, d], [e, e]] })
  const pairs = settings.pairs.map(([from, to]) => ({ source: `stage${Math.floor(from / blocks) + 1}.block${(from % blocks) + 1}`, target: `stage${to + 1}` }))

  const linear = (file: string): Readonly<Record<string, Tensor>> => Object.fromEntries(read(`${name}.${file}.safetensors`).map((found) => [found.name, transposed(tensorOf(found))]))
  const [branch, what, where] = [read(`${name}.branch.safetensors`), linear('w'), linear('lw')]
  const projection = (index: number, part: string): Tensor => {
    const found = branch.find((one) => one.name === `${index}.${part}`)
    if (found === undefined) throw new Error(`No projection ${index}.`)
    return part === 'weight' ? transpose(tensorOf(found), [2, 3, 1, 0]) : tensorOf(found)
  }
  const byPair = (make: (index: number) => TensorTree): TensorTree => Object.fromEntries(pairs.map((pair, index) => [pairName(pair), make(index)]))
  const variables = importPytorch(target, read(`${name}.target.safetensors`), pytorchNames(target))
  // Every pair has a what-network and a where-network.
  const layer = (tensors: Readonly<Record<string, Tensor>>, index: number): TensorTree => ({ weight: tensors[`${index}.weight`] as Tensor, bias: tensors[`${index}.bias`] as Tensor })
  const start = {
    params: mergeTrees(variables.params, { projections: byPair((index) => ({ filter: projection(index, 'weight'), bias: projection(index, 'bias') })) }),
    state: variables.state,
    meta: { what: byPair((index) => layer(what, index)), where: byPair((index) => layer(where, index)) },
  }

  const checkValues = (key: string, actual: ArrayLike<number> | Tensor): void => {
    const { rtol: relative, atol: absolute } = numbers.tensors[key]?.tolerance ?? { rtol: 0, atol: 0 }
    const expected = floatsOf(entry(key))
    const flipped = behindFirstPool.test(key) ? flippedWindow * expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) : 0
    try {
      expectClose(actual, expected, { relative, absolute: Math.max(absolute, flipped) })
    } catch (error) {
      throw new Error(`${key}: ${String(error)}`, { cause: error })
    }
  }
  const checkNetwork = (prefix: string, params: TensorTree, state: TensorTree, wanted: (name: string) => boolean): void => {
    const own = partitionTree(params, (path) => !path.startsWith('projections.')).selected
    for (const exported of exportPytorch(target, { params: own, state })) if (wanted(exported.name)) checkValues(`${prefix}/target.${exported.name}`, floatsOf(exported))
  }
  const isStatistic = (path: string): boolean => /running_/.test(path)
  const leaf = (tree: TensorTree, path: string): Tensor => {
    const found = flattenTree<Tensor>(tree).find((one) => one.path === path)
    if (found === undefined) throw new Error(`Nothing at ${path}.`)
    return found.leaf
  }

  return {
    settings,
    context: {
      source: { network: source, variables: importPytorch(source, sourceEntries, pytorchNames(sourceNetwork)) },
      task: { kind: 'classification', classes: Array.from({ length: settings.num_classes }, (_, index) => String(index)) },
      inputShape: [32, 32, 3],
    },
    target,
    pairs,
    start,
    batch: (iteration) => {
      const images = tensorOf(entry('x'))
      const [, size = 0, ...image] = images.shape
      const one: Tensor = squeeze(slice(images, [iteration, 0, 0, 0, 0], [1, size, ...image]), [0])
      const labels = floatsOf(entry('y')).slice(iteration * size, (iteration + 1) * size)
      return { inputs: transpose(one, [0, 2, 3, 1]), labels: integerTensor(Int32Array.from(labels), [size]) }
    },
    has: (prefix) => [...entries.keys()].some((key) => key.startsWith(prefix)),
    checkScalar: (key, actual) => {
      const { value, rtol: relative, atol: absolute } = numbers.scalars[key] ?? { value: Number.NaN, rtol: 0, atol: 0 }
      try {
        expectClose(actual, [value], { relative, absolute })
      } catch (error) {
        throw new Error(`${key}: ${String(error)}`, { cause: error })
      }
    },
    checkTensor: checkValues,
    checkParams: (prefix, params) => {
      checkNetwork(prefix, params, start.state, (path) => !isStatistic(path))
      pairs.forEach((pair, index) => {
        const at = `projections.${pairName(pair)}`
        // The projections may have no outer gradient.
        if (!entries.has(`${prefix}/branch.${index}.bias`)) return
        checkValues(`${prefix}/branch.${index}.weight`, readSync(transpose(leaf(params, `${at}.filter`), [3, 2, 0, 1])))
        checkValues(`${prefix}/branch.${index}.bias`, leaf(params, `${at}.bias`))
      })
    },
    checkStatistics: (prefix, state) => {
      checkNetwork(prefix, start.params, state, isStatistic)
    },
    checkMeta: (prefix, meta) => {
      pairs.forEach((pair, index) => {
        for (const [branchName, official] of [['what', 'w'], ['where', 'lw']] as const) {
          const at = `${branchName}.${pairName(pair)}`
          checkValues(`${prefix}/${official}.${index}.weight`, readSync(transposed(leaf(meta, `${at}.weight`))))
          checkValues(`${prefix}/${official}.${index}.bias`, leaf(meta, `${at}.bias`))
        }
      })
    },
  }
}
