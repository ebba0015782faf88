import type { DataId, TensorInfo } from '@tensorflow/tfjs-core'
import { derivationOf, type Key, type KeyDerivation } from '@transferkit/tensor'
import type { NativeBackend, NativeBinding, OutputMetadata } from '../backend.js'
import { upload } from '../operations.js'
import { encodeAttribute, type GraphNode, shapeAttribute, tensorAttribute, typeAttribute } from './graph-definition.js'
import type { InputKey } from './observed-input.js'

/** A tensor that the recorded function used without being given it; it stays what it was, so it is kept. @internal */
export interface CapturedTensor {
  readonly node: string
  readonly dataId: DataId
}

/** A value that the host computes from a random key of the function's input at every replay. @internal */
export interface ComputedInput {
  readonly node: string
  /** Where the key stands in the input. */
  readonly keyPath: string
  readonly shape: readonly number[]
  /** Element type as TensorFlow numbers it. */
  readonly type: number
  readonly compute: (key: Key) => Float32Array | Int32Array
}

/** What was recorded. @internal */
export interface Recording {
  readonly nodes: readonly GraphNode[]
  readonly captured: readonly CapturedTensor[]
  readonly computed: readonly ComputedInput[]
  /** The first node output whose values were read while recording, so that the computation may depend on them; empty for a tensor of no node, undefined where none was. */
  readonly firstRead: string | undefined
  /** Shape of the output of a node. */
  readonly shapes: ReadonlyMap<string, readonly number[]>
  /** The node output that a tensor is; undefined for one that was not computed while recording. */
  outputOf(tensor: TensorInfo): string | undefined
}

/** Numbers of elements up to which an uploaded value becomes a constant of the graph instead of an input. */
const smallConstant = 64

/** Computes from the words of an origin. Made out here, because a function keeps alive what stands around it, which would be the whole recording. */
const afterDerivation =
  ({ derive }: KeyDerivation, compute: ComputedInput['compute']): ComputedInput['compute'] =>
  (words) =>
    compute(derive(words))

/** All properties of the binding in an object that can be changed; the binding's own are read-only. @internal */
export const copyOf = (binding: NativeBinding): NativeBinding => {
  const properties = Object.getOwnPropertyNames(binding).map((name) => [name, Reflect.get(binding, name) as unknown])
  // The binding is an object of named properties, all its own; the copy has the same.
  return Object.fromEntries(properties) as NativeBinding
}

/**
 * Runs a function and records every operation that TensorFlow executes meanwhile as a node of a graph. @internal
 *
 * @param backend The backend; its binding and its look-up of tensors are replaced while `f` runs.
 * @param parameters Tensors that become inputs of the graph, each a tensor of its own.
 * @param keys Random keys of the input, by their stand-ins.
 * @param f The function.
 */
export const recordGraph = <T>(
  backend: NativeBackend,
  parameters: readonly TensorInfo[],
  keys: ReadonlyMap<Key, InputKey>,
  f: () => T,
): { readonly result: T; readonly recording: Recording } => {
  const { binding } = backend
  const nodes: GraphNode[] = []
  const captured: CapturedTensor[] = []
  const computed: ComputedInput[] = []
  const outputs = new Map<number, string>()
  const shapes = new Map<string, readonly number[]>()
  let firstRead: string | undefined

  const addNode = (operation: string, inputs: readonly string[], attributes: GraphNode['attributes'], more: Pick<GraphNode, 'integers'> = {}): string => {
    const name = `${operation}_${nodes.length}`
    nodes.push({ name, operation, inputs, attributes, ...more })
    return name
  }
  const addPlaceholder = (id: number, { type, shape }: { readonly type: number; readonly shape: readonly number[] }): string => {
    const node = addNode('Placeholder', [], { dtype: typeAttribute(type), shape: shapeAttribute(shape) })
    outputs.set(id, node)
    shapes.set(node, shape)
    return node
  }

  const lookUp = backend.getInputTensorIds.bind(backend)
  const entryOf = (tensor: TensorInfo): { readonly type: number; readonly shape: readonly number[] } => {
    const { dtype } = backend.tensorMap.get(tensor.dataId)
    return { type: dtype, shape: tensor.shape }
  }
  parameters.forEach((tensor) => {
    const [id = -1] = lookUp([tensor])
    addPlaceholder(id, entryOf(tensor))
  })

  const recordingBinding: NativeBinding = {
    ...copyOf(binding),
    createTensor: (shape, type, values) => {
      const id = binding.createTensor(shape, type, values)
      if (ArrayBuffer.isView(values) && values.byteLength / 4 <= smallConstant && type !== binding.TF_STRING) {
        const content = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
        const attributes = { dtype: typeAttribute(type), value: tensorAttribute(type, shape, content.slice()) }
        outputs.set(id, addNode('Const', [], attributes, values instanceof Int32Array ? { integers: [...values] } : {}))
      }
      return id
    },
    executeOp: (operation, attributes, ids, count) => {
      const results: readonly OutputMetadata[] = binding.executeOp(operation, attributes, ids, count)
      const node = addNode(
        operation,
        ids.map((id) => outputs.get(id) ?? ''),
        Object.fromEntries(attributes.map((attribute) => [attribute.name, encodeAttribute(binding, attribute)])),
      )
      results.forEach(({ id, shape }, index) => {
        const output = index === 0 ? node : `${node}:${index}`
        outputs.set(id, output)
        shapes.set(output, shape)
      })
      return results
    },
    tensorDataSync: (id) => {
      firstRead ??= outputs.get(id) ?? ''
      return binding.tensorDataSync(id)
    },
  }

  const replaced = {
    binding: recordingBinding,
    computeFromKey: (key, shape, compute) => {
      const derivation = derivationOf(key)
      const origin = derivation === undefined ? undefined : keys.get(derivation.origin)
      if (derivation === undefined || origin === undefined) return undefined
      const tensor = upload(backend, compute(derivation.derive(origin.words)), shape)
      const [id = -1] = lookUp([tensor])
      const { type } = entryOf(tensor)
      computed.push({ node: addPlaceholder(id, { type, shape }), keyPath: origin.path, shape, type, compute: afterDerivation(derivation, compute) })
      return tensor
    },
    getInputTensorIds: (tensors: readonly TensorInfo[]): number[] => {
      const ids = lookUp(tensors)
      ids.forEach((id, index) => {
        const tensor = tensors[index]
        if (tensor === undefined || outputs.has(id)) return
        backend.incRef(tensor.dataId)
        captured.push({ node: addPlaceholder(id, entryOf(tensor)), dataId: tensor.dataId })
      })
      return ids
    },
  } satisfies Partial<NativeBackend>
  Object.assign(backend, replaced)
  try {
    const result = f()
    const outputOf = (tensor: TensorInfo): string | undefined => {
      const [id = -1] = replaced.getInputTensorIds([tensor])
      return outputs.get(id)
    }
    return { result, recording: { nodes, captured, computed, firstRead, shapes, outputOf } }
  } catch (error) {
    for (const { dataId } of captured) backend.disposeData(dataId)
    throw error
  } finally {
    Object.assign(backend, { binding })
    // The look-up is that of the prototype again, and the other belongs to recording only.
    const own: { -readonly [Name in keyof NativeBackend]?: NativeBackend[Name] } = backend
    delete own.getInputTensorIds
    delete own.computeFromKey
  }
}
