import { backend as activeBackend, type TensorInfo } from '@tensorflow/tfjs-core'
import { type Shape, TransferkitError } from '@transferkit/tensor'
import type { NativeBackend, NativeBinding, OperationAttribute } from './backend.js'
import { copyOf } from './compile/graph-recorder.js'

/** An operation that native TensorFlow ran. */
export interface ObservedOperation {
  /** Its name, such as `Conv2D`. */
  readonly name: string
  /** Values of its attributes, by name. */
  readonly attributes: Readonly<Record<string, unknown>>
  /** Shapes of its inputs. */
  readonly inputShapes: readonly Shape[]
  /** Shapes of its results. */
  readonly outputShapes: readonly Shape[]
  /** How long it ran, in milliseconds. */
  readonly milliseconds: number
  /** Whether the same operation ran before on the same values, so that its result could have been kept. */
  readonly repeated: boolean
}

/** What a function gave, and what ran for it. */
export interface Observation<T> {
  /** What the function gave. */
  readonly result: T
  /** The operations, in the order in which they ran. */
  readonly operations: readonly ObservedOperation[]
  /** How long the function ran as a whole, in milliseconds; what the operations did not take was spent outside native code. */
  readonly milliseconds: number
}

/** Bytes up to which the values of new tensors are compared. */
const smallTensor = 256

/** Tells operations on the same values by names for values. */
const valueNames = () => {
  const names = new Map<string, string>()
  const ofTensor = new Map<number, string>()
  return {
    /** The name of what is described so, and whether it had one before. */
    named: (description: string): { readonly name: string; readonly repeated: boolean } => {
      const before = names.get(description)
      const name = before ?? `#${names.size}`
      names.set(description, name)
      return { name, repeated: before !== undefined }
    },
    give: (id: number, name: string): void => void ofTensor.set(id, name),
    of: (id: number): string => ofTensor.get(id) ?? `given ${id}`,
  }
}

const observingBinding = (binding: NativeBinding, operations: ObservedOperation[], inputShapes: () => readonly Shape[]): NativeBinding => {
  const values = valueNames()
  return {
    ...copyOf(binding),
    createTensor: (shape, type, content) => {
      const id = binding.createTensor(shape, type, content)
      const bytes = ArrayBuffer.isView(content) && content.byteLength <= smallTensor ? new Uint8Array(content.buffer, content.byteOffset, content.byteLength) : undefined
      values.give(id, bytes === undefined ? `new ${operations.length} ${id}` : values.named(`constant ${type} [${String(shape)}] ${String(bytes)}`).name)
      return id
    },
    executeOp: (name, attributes, ids, outputs) => {
      const shapes = inputShapes()
      const { name: value, repeated } = values.named(`${name} ${JSON.stringify(attributes)} ${ids.map(values.of).join(' ')}`)
      const start = performance.now()
      const results = binding.executeOp(name, attributes, ids, outputs)
      const milliseconds = performance.now() - start
      const byName = Object.fromEntries(attributes.map((attribute: OperationAttribute) => [attribute.name, attribute.value]))
      operations.push({ name, attributes: byName, inputShapes: shapes, outputShapes: results.map(({ shape }) => shape), milliseconds, repeated })
      results.forEach(({ id }, index) => {
        values.give(id, `${value}:${index}`)
      })
      return results
    },
  }
}

/**
 * Runs a function and notes every operation that native TensorFlow runs for it, with shapes and times: the way to the slowest kernels of a training step.
 *
 * The function should run op by op. One that was made by the `compile` of a runtime runs as a single operation, of which no more can be said.
 *
 * @param f Runs what is observed; it must end before it returns.
 * @throws TransferkitError `runtime/not-native` when another backend is active; whatever `f` throws.
 *
 * @example
 * ```ts no-run
 * import { observeOperations, openRuntime } from '@transferkit/runtime/node'
 * import { matMul, ones } from '@transferkit/tensor'
 *
 * await openRuntime({ backend: 'native' })
 * const { operations } = observeOperations(() => matMul(ones([64, 32]), ones([32, 16])))
 * console.log(operations.map(({ name, outputShapes }) => `${name} ${String(outputShapes)}`))
 * ```
 */
export const observeOperations = <T>(f: () => T): Observation<T> => {
  // The active backend has no binding unless it is the native one, which is checked in the next line.
  const backend = activeBackend() as NativeBackend
  // The same doubt.
  const { binding } = backend as { readonly binding?: NativeBinding }
  if (binding === undefined) {
    throw new TransferkitError('runtime/not-native', 'Only operations of native TensorFlow can be observed, but another backend is active. Open the backend native; "transferkit runtime --install" sets it up.')
  }
  const operations: ObservedOperation[] = []
  const single = backend.executeSingleOutput.bind(backend)
  const multiple = backend.executeMultipleOutputs.bind(backend)
  let inputs: readonly TensorInfo[] = []
  const observed: Pick<NativeBackend, 'binding' | 'executeSingleOutput' | 'executeMultipleOutputs'> = {
    binding: observingBinding(binding, operations, () => inputs.map(({ shape }) => shape)),
    executeSingleOutput: (operation, attributes, given) => {
      inputs = given
      return single(operation, attributes, given)
    },
    executeMultipleOutputs: (operation, attributes, given, outputs) => {
      inputs = given
      return multiple(operation, attributes, given, outputs)
    },
  }
  Object.assign(backend, observed)
  const start = performance.now()
  try {
    const result = f()
    return { result, operations, milliseconds: performance.now() - start }
  } finally {
    Object.assign(backend, { binding, executeSingleOutput: single, executeMultipleOutputs: multiple })
  }
}
