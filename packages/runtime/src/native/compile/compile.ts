import type { Tensor as UpstreamTensor } from '@tensorflow/tfjs-core'
import { type AnyTensor, type Compile, type CompileOptions, flattenTree, type Key, mapLeaves, type Precision, scope } from '@transferkit/tensor'
import type { NativeBackend } from '../backend.js'
import { computeOnce } from './compute-once.js'
import { fuseBatchNorm } from './fuse-batch-normalisation.js'
import { graphDefinition, type GraphNode, shapeAttribute, typeAttribute } from './graph-definition.js'
import { type CapturedTensor, type ComputedInput, type Recording, recordGraph } from './graph-recorder.js'
import { inMixedPrecision } from './mixed-precision.js'
import { nodeOf, type ShapeOf } from './node-output.js'
import { observeInput, type ReadValues } from './observed-input.js'
import { withoutCopies } from './without-copies.js'

/** Where a leaf of a result comes from, given the outputs of the graph and the tensors of the input. A function, so that it is a leaf of a template itself. */
type ResultLeaf = (outputs: readonly UpstreamTensor[], inputs: readonly AnyTensor[]) => unknown

// Leaves are made out here, because a function keeps alive what stands around it: the recording, and the function that was recorded.
const outputLeaf = (position: number): ResultLeaf => (outputs) => outputs[position]
const inputLeaf = (position: number): ResultLeaf => (_outputs, inputs) => inputs[position]
const fixedLeaf = (value: unknown): ResultLeaf => () => value

/** What is remembered of a function without keeping it alive. */
interface Recorded {
  /** Whether it was said that it runs op by op. */
  told: boolean
}

/** A recorded function, ready to be run as one operation. */
interface Replay {
  /** Stands for the function that was recorded. */
  readonly of: Recorded
  readonly precision: Precision
  /** Structure, shapes and element types of the input that it was recorded with. */
  readonly signature: string
  readonly read: ReadValues
  /** Name of the function in TensorFlow; undefined when the computation cannot be recorded and has to run op by op. */
  readonly name: string | undefined
  /** Positions among the tensors of the input that the graph uses. */
  readonly used: readonly number[]
  readonly captured: readonly CapturedTensor[]
  readonly computed: readonly ComputedInput[]
  readonly outputs: number
  readonly result: unknown
}

/** How often a function may be recorded for inputs of one signature that differ in other values, before it runs op by op. */
const mostRecordings = 3

/** How many recordings of all compiled functions are kept; the one that was used longest ago is forgotten first. Batches of text alone come in a dozen lengths. */
const mostReplays = 128

const isTensor = (value: unknown): value is AnyTensor => typeof value === 'object' && value !== null && 'dataId' in value

const upstream = (tensor: AnyTensor): UpstreamTensor =>
  // The types of tensors are erased: at run time they are upstream's.
  tensor as unknown as UpstreamTensor

/** The nodes that some outputs depend on. */
const needed = (nodes: readonly GraphNode[], outputs: readonly string[]): readonly GraphNode[] => {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const met = new Set<string>()
  const open = outputs.map(nodeOf)
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (met.has(name)) continue
    met.add(name)
    open.push(...(byName.get(name)?.inputs.map(nodeOf) ?? []))
  }
  return nodes.filter(({ name }) => met.has(name))
}

/** How far operations may run ahead of the recorded order, in operations. */
const lookAhead = 16

/**
 * The nodes with an order: each waits for the one that was recorded `lookAhead` places before it. TensorFlow alone runs whatever is ready, breadth first, and what is computed long
 * before it is needed takes memory until then.
 */
const inOrder = (nodes: readonly GraphNode[]): readonly GraphNode[] => {
  const operations = nodes.filter(({ inputs }) => inputs.length > 0)
  const earlier = new Map(operations.slice(lookAhead).map(({ name }, index) => [name, operations[index]?.name ?? '']))
  return nodes.map((node) => {
    const before = earlier.get(node.name)
    return before === undefined ? node : { ...node, inputs: [...node.inputs, `^${before}`] }
  })
}

/** A tensor that was read, for people, by the node that it came from. */
const nameOf = (output: string): string => {
  const operation = nodeOf(output).replace(/_\d+$/, '')
  return ['', 'Placeholder', 'Const'].includes(operation) ? 'a tensor that it was not given' : `a result of the operation ${operation}`
}

const newName = (): string => `transferkit_${globalThis.crypto.randomUUID().replaceAll('-', '')}`

const withIndex = (output: string): string => (output.includes(':') ? output : `${output}:0`)

/** An input taken apart. */
interface Parts {
  /** Structure of the input, with shapes and element types of its tensors. */
  readonly signature: string
  readonly tensors: readonly (readonly [path: string, tensor: AnyTensor])[]
  /** Values that are not tensors, by path. */
  readonly values: ReadonlyMap<string, unknown>
}

const partsOf = (input: unknown): Parts => {
  const leaves = flattenTree(input)
  const tensors = leaves.flatMap(({ path, leaf }) => (isTensor(leaf) ? [[path, leaf] as const] : []))
  const values = new Map(leaves.flatMap(({ path, leaf }) => (isTensor(leaf) ? [] : [[path, leaf] as const])))
  const signature = leaves.map(({ path, leaf }) => (isTensor(leaf) ? `${path}:${leaf.dtype}[${String(leaf.shape)}]` : path)).join(';')
  return { signature, tensors, values }
}

/**
 * Makes the compiler of a native backend: a function is run once op by op while its operations are recorded as a graph, which later calls with
 * inputs of the same structure run as one operation. @internal
 *
 * Random numbers that the function draws from keys of its input are inputs of the graph, drawn anew for each key. Other values that are not tensors may
 * decide what is computed: those that were read while recording must be the same when the recording is used, or the function is recorded again, and after
 * a few times runs op by op. So does a function that reads a tensor's values. Recordings of a function that nobody has any more are forgotten.
 *
 * @param backend The native backend, whose binding can define functions.
 * @param warn Told once of each function that runs op by op, and why.
 */
export const nativeCompile = (backend: NativeBackend, warn: (text: string) => void): Compile => {
  const { binding } = backend
  const { defineFunction, removeFunction } = binding
  if (defineFunction === undefined || removeFunction === undefined) return (f) => f

  const forget = ({ name, captured }: Replay): void => {
    if (name !== undefined) removeFunction(name)
    for (const { dataId } of captured) backend.disposeData(dataId)
  }

  const identityOf = (tensor: AnyTensor): AnyTensor => {
    const { dtype } = backend.tensorMap.get(upstream(tensor).dataId)
    const copy = backend.executeSingleOutput('Identity', [{ name: 'T', type: binding.TF_ATTR_TYPE, value: dtype }], [upstream(tensor)])
    // As `upstream`, the other way round.
    return copy as unknown as AnyTensor
  }

  /** Computes what depends on kept tensors alone, and keeps the results in place of them. */
  const withComputedOnce = (nodes: readonly GraphNode[], { captured, shapes }: Recording, fetched: readonly string[]): Pick<Recording, 'nodes' | 'captured'> => {
    const { once, kept, always } = computeOnce(nodes, new Set(captured.map(({ node }) => node)), new Set(fetched), (output) => shapes.get(output))
    if (kept.length === 0) return { nodes, captured }
    const part = needed(once, kept)
    const read = captured.filter(({ node }) => part.some(({ name }) => name === node))
    const name = newName()
    defineFunction(graphDefinition(part), name, read.map(({ node }) => withIndex(node)), kept.map(withIndex))
    const results = binding.executeOp(name, [], read.map(({ dataId }) => backend.tensorMap.get(dataId).id), kept.length)
    removeFunction(name)
    const made = results.map((metadata, index) => {
      const { dataId } = backend.createOutputTensor(metadata)
      backend.incRef(dataId)
      const placeholder: GraphNode = { name: `Kept_${index}`, operation: 'Placeholder', inputs: [], attributes: { dtype: typeAttribute(metadata.dtype), shape: shapeAttribute(metadata.shape) } }
      return { placeholder, captured: { node: placeholder.name, dataId } }
    })
    const renamed = new Map(kept.map((output, index) => [output, `Kept_${index}`]))
    const reading = always.map((node) => ({ ...node, inputs: node.inputs.map((input) => renamed.get(input) ?? input) }))
    return { nodes: needed([...made.map(({ placeholder }) => placeholder), ...reading], fetched), captured: [...captured, ...made.map((each) => each.captured)] }
  }

  /** Turns a recording into a function of TensorFlow. */
  const define = (recording: Recording, parameters: readonly AnyTensor[], result: unknown, precision: Precision): Pick<Replay, 'name' | 'used' | 'captured' | 'computed' | 'outputs' | 'result'> => {
    const inputOf = new Map(parameters.map((tensor, index) => [tensor.id, index]))
    const extra: GraphNode[] = []
    const fetched: string[] = []
    const positions = new Map<number, number>()
    const template = mapLeaves(result, (leaf): ResultLeaf => {
      if (!isTensor(leaf)) return fixedLeaf(leaf)
      const input = inputOf.get(leaf.id)
      if (input !== undefined) return inputLeaf(input)
      const known = positions.get(leaf.id)
      if (known !== undefined) return outputLeaf(known)
      // An identity of its own for each output: constants, inputs and values fetched twice cannot be outputs themselves.
      const source = recording.outputOf(upstream(leaf)) ?? ''
      const { dtype } = backend.tensorMap.get(upstream(leaf).dataId)
      const node = { name: `result_${fetched.length}`, operation: 'Identity', inputs: [source], attributes: { T: typeAttribute(dtype) } }
      extra.push(node)
      fetched.push(node.name)
      const position = fetched.length - 1
      positions.set(leaf.id, position)
      return outputLeaf(position)
    })
    const shapeOf: ShapeOf = (output) => recording.shapes.get(output)
    const fused = fuseBatchNorm(needed(withoutCopies([...recording.nodes, ...extra], shapeOf), fetched), shapeOf)
    const { nodes, captured: kept } = precision === 'float32' ? withComputedOnce(fused, recording, fetched) : { nodes: fused, captured: recording.captured }
    const alive = new Set(nodes.map(({ name }) => name))
    const parameterNodes = parameters.map((tensor) => recording.outputOf(upstream(tensor)) ?? '')
    const used = parameterNodes.flatMap((node, index) => (alive.has(node) ? [index] : []))
    const captured = kept.filter(({ node }) => alive.has(node))
    for (const { node, dataId } of kept) if (!alive.has(node)) backend.disposeData(dataId)
    const computed = recording.computed.filter(({ node }) => alive.has(node))
    const inputs = [...used.map((index) => parameterNodes[index] ?? ''), ...[...captured, ...computed].map(({ node }) => node)]
    const name = newName()
    const computing = precision === 'bfloat16' ? inMixedPrecision(binding, nodes, shapeOf) : nodes
    defineFunction(graphDefinition(inOrder(computing)), name, inputs.map(withIndex), fetched.map(withIndex))
    return { name, used, captured, computed, outputs: fetched.length, result: template }
  }

  const tell = (f: (input: never) => unknown, of: Recorded, why: string): void => {
    if (of.told) return
    of.told = true
    warn(`${f.name === '' ? 'A compiled function' : `The compiled function '${f.name}'`} runs op by op, which is slower with the same results: ${why}`)
  }

  const compute = ({ keyPath, shape, type, compute: from }: ComputedInput, { values }: Parts): number => {
    const [high, low] = ['high', 'low'].map((word) => values.get(`${keyPath}.${word}`))
    // The path is that of a key.
    return binding.createTensor(shape, type, from({ high, low } as Key))
  }

  const run = <O>({ name = '', used, captured, computed, outputs, result }: Replay, parts: Parts): O => {
    const { tensors } = parts
    const given = used.flatMap((index) => {
      const tensor = tensors[index]?.[1]
      return tensor === undefined ? [] : [upstream(tensor)]
    })
    const ids = [...backend.getInputTensorIds(given), ...captured.map(({ dataId }) => backend.tensorMap.get(dataId).id)]
    const own: number[] = []
    const execute = (): readonly UpstreamTensor[] => {
      for (const input of computed) own.push(compute(input, parts))
      return binding.executeOp(name, [], [...ids, ...own], outputs).map((metadata) => backend.createOutputTensor(metadata))
    }
    let made: readonly UpstreamTensor[]
    try {
      made = outputs === 0 ? [] : execute()
    } finally {
      for (const id of own) binding.deleteTensor(id)
    }
    const inputs = tensors.map(([, tensor]) => tensor)
    // Every leaf of a template is a function that finds what to put there, and the template has the structure of the result.
    return mapLeaves<unknown, unknown>(result, (leaf) => (leaf as ResultLeaf)(made, inputs)) as O
  }

  const record = <I, O>(f: (input: I) => O, of: Recorded, input: I, precision: Precision, parts: Parts): { readonly result: O; readonly replay: Replay } => {
    const { signature, tensors } = parts
    let replay: Replay | undefined
    const result = scope(() => {
      const copies = tensors.map(([, tensor]) => identityOf(tensor))
      const observed = observeInput(input, new Map(copies.map((copy, index) => [tensors[index]?.[0] ?? '', copy])))
      const { result: value, recording } = recordGraph(backend, copies.map(upstream), observed.keys, () => f(observed.input))
      const common = { of, precision, signature, read: observed.read }
      if (recording.firstRead !== undefined) {
        const path = tensors[copies.findIndex((copy) => recording.outputOf(upstream(copy)) === recording.firstRead)]?.[0]
        tell(f, of, `it reads the values of ${path === undefined ? nameOf(recording.firstRead) : `its input '${path}'`}. Compute with the tensor itself, or read it outside of the function.`)
        for (const { dataId } of recording.captured) backend.disposeData(dataId)
        replay = { ...common, name: undefined, used: [], captured: [], computed: [], outputs: 0, result: undefined }
      } else replay = { ...common, ...define(recording, copies, value, precision) }
      // Replaced below, when the memory of the recording is free.
      if (precision !== 'float32' && replay.name !== undefined) return undefined as O
      const originals = new Map(copies.map((copy, index) => [copy.id, tensors[index]?.[1]]))
      // The result with the caller's own tensors where they were passed on.
      return mapLeaves<unknown, unknown>(value, (leaf) => (isTensor(leaf) ? (originals.get(leaf.id) ?? leaf) : leaf)) as O
    })
    // It was assigned in the scope, which the compiler does not follow.
    const recorded = replay as unknown as Replay
    if (recorded.name === undefined) return { result, replay: recorded }
    // What was recorded was also computed, op by op, which takes more memory than a replay: up to more than twice as much.
    binding.releaseFreedMemory?.()
    // The result in float32 would depend on when a training is recorded, such as where it is resumed.
    return { result: precision === 'float32' ? result : run<O>(recorded, parts), replay: recorded }
  }

  // Least recently used first.
  const replays = new Set<Replay>()
  const known = new WeakMap<(input: never) => unknown, Recorded>()
  const unused = new FinalizationRegistry<Recorded>((gone) => {
    for (const replay of [...replays].filter(({ of }) => of === gone)) {
      replays.delete(replay)
      forget(replay)
    }
  })
  const recordedOf = (f: (input: never) => unknown): Recorded => {
    const before = known.get(f)
    if (before !== undefined) return before
    const recorded: Recorded = { told: false }
    known.set(f, recorded)
    unused.register(f, recorded)
    return recorded
  }

  return <I, O>(f: (input: I) => O, { precision = 'float32' }: CompileOptions = {}) => {
    const recordedFunction = recordedOf(f)
    return (input: I): O => {
      const parts = partsOf(input)
      const similar = [...replays].filter((replay) => replay.of === recordedFunction && replay.precision === precision && replay.signature === parts.signature)
      const replay = similar.find(({ read }) => [...read].every(([path, value]) => Object.is(parts.values.get(path), value)))
      if (replay !== undefined) {
        replays.delete(replay)
        replays.add(replay)
      }
      if (replay?.name !== undefined) return run<O>(replay, parts)
      if (replay !== undefined) return f(input)
      if (similar.length >= mostRecordings) {
        const [changing] = [...(similar.at(-1)?.read ?? [])].find(([path, value]) => !Object.is(parts.values.get(path), value)) ?? []
        tell(f, recordedFunction, `it decides by '${changing ?? ''}', which was another value in ${mostRecordings + 1} calls. Give it as a tensor, or make a function for each value.`)
        return f(input)
      }
      const recorded = record(f, recordedFunction, input, precision, parts)
      replays.add(recorded.replay)
      const [oldest] = replays
      if (replays.size > mostReplays && oldest !== undefined) {
        replays.delete(oldest)
        forget(oldest)
      }
      return recorded.result
    }
  }
}
