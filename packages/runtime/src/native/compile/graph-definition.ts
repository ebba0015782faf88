import type { NativeBinding, OperationAttribute } from '../backend.js'
import { type Bytes, bytesField, floatField, integerField, joined, messageField, varint } from './protocol-buffer.js'

/** A value of a node's attribute, encoded as TensorFlow's `AttrValue`. @internal */
export type EncodedAttribute = Bytes

/** A node of a graph. @internal */
export interface GraphNode {
  readonly name: string
  readonly operation: string
  /** Outputs of other nodes, as `node` or `node:index`. */
  readonly inputs: readonly string[]
  readonly attributes: Readonly<Record<string, EncodedAttribute>>
  /** The values of a constant of whole numbers, for those who change graphs. */
  readonly integers?: readonly number[]
}

/** TensorFlow's number of 32-bit integers. */
const integerType = 3

const shapeParts = (shape: readonly number[]): readonly Bytes[] => shape.map((size) => messageField(2, integerField(1, size)))

/** An attribute with an element type. @internal */
export const typeAttribute = (type: number): EncodedAttribute => integerField(6, type)

/** An attribute that is true or false. @internal */
export const flagAttribute = (value: boolean): EncodedAttribute => integerField(5, value ? 1 : 0)

/** An attribute with a shape. @internal */
export const shapeAttribute = (shape: readonly number[]): EncodedAttribute => messageField(7, ...shapeParts(shape))

/** An attribute with the value of a tensor, in the machine's byte order. @internal */
export const tensorAttribute = (type: number, shape: readonly number[], content: Bytes): EncodedAttribute =>
  messageField(8, integerField(1, type), messageField(2, ...shapeParts(shape)), bytesField(4, content))

/** A node that gives a vector of whole numbers. @internal */
export const integersConstant = (name: string, values: readonly number[]): GraphNode => ({
  name,
  operation: 'Const',
  inputs: [],
  attributes: { dtype: typeAttribute(integerType), value: tensorAttribute(integerType, [values.length], new Uint8Array(Int32Array.from(values).buffer)) },
})

const list = (field: number, values: readonly Bytes[]): Bytes => messageField(1, ...(values.length === 0 ? [] : [bytesField(field, joined(values))]))

/** An attribute as the binding takes it, encoded for a graph. @internal */
export const encodeAttribute = (binding: NativeBinding, { name, type, value }: OperationAttribute): EncodedAttribute => {
  const isList = Array.isArray(value)
  // The binding demands the kind of value that belongs to the type beside it, so each of these is only used for its own type.
  const [number, numbers, words] = [value as number, value as readonly number[], value as string]
  switch (type) {
    case binding.TF_ATTR_STRING:
      return bytesField(2, words)
    case binding.TF_ATTR_INT:
      return isList ? list(3, numbers.map(varint)) : integerField(3, number)
    case binding.TF_ATTR_FLOAT:
      return isList ? list(4, [new Uint8Array(Float32Array.from(numbers).buffer)]) : floatField(4, number)
    case binding.TF_ATTR_BOOL:
      return flagAttribute(value === true)
    case binding.TF_ATTR_TYPE:
      return isList ? list(6, numbers.map(varint)) : typeAttribute(number)
    case binding.TF_ATTR_SHAPE:
      return shapeAttribute(numbers)
    default:
      throw new Error(`The attribute '${name}' has a type that a graph cannot hold: ${type}.`)
  }
}

const nodeDefinition = ({ name, operation, inputs, attributes }: GraphNode): Bytes =>
  joined([
    bytesField(1, name),
    bytesField(2, operation),
    ...inputs.map((input) => bytesField(3, input)),
    ...Object.entries(attributes).map(([attribute, value]) => messageField(5, bytesField(1, attribute), bytesField(2, value))),
  ])

/** Version of the graph format that TensorFlow 2 writes. */
const producer = 1882

/** A graph as TensorFlow reads it. @internal */
export const graphDefinition = (nodes: readonly GraphNode[]): Bytes =>
  joined([...nodes.map((node) => bytesField(1, nodeDefinition(node))), messageField(4, integerField(1, producer), integerField(2, 0))])
