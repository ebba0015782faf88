import { flag } from '../attributes.js'
import type { NativeBinding } from '../backend.js'
import { operationAttributes } from '../convolution.js'
import { type EncodedAttribute, encodeAttribute, type GraphNode, integersConstant, typeAttribute } from './graph-definition.js'
import type { ShapeOf } from './node-output.js'

/** TensorFlow's numbers of the two element types. */
const [float32, bfloat16] = [1, 14]

/** How an operation is computed in bfloat16. */
interface Form {
  /** Positions of the inputs that are given in bfloat16; all others stay what they are. */
  readonly values: readonly number[]
  /** Positions of the inputs that have to be in bfloat16 already, so that nothing is cast for this operation alone; none where it is always worth it. */
  readonly follows: readonly number[]
  /**
   * What its first result is: a map in bfloat16, which later operations may take as it is; a number in bfloat16, which goes on in float32; or float32. Other results, such as
   * the statistics of batch normalisation, are float32.
   */
  readonly gives: 'map' | 'number' | 'float32'
  /** Another result that is such a map, by its position. */
  readonly givesToo?: number
}

const always = (values: readonly number[], gives: Form['gives']): Form => ({ values, follows: [], gives })

const following = (follows: readonly number[], values = follows): Form => ({ values, follows, gives: 'map' })

/**
 * The operations that are computed in bfloat16.
 *
 * First those with most of the work, on which the processor's bfloat16 instructions are twice as fast. Then those on maps between them, which are not slower than in
 * float32 and read half the memory. Everything else is float32: sums, means, losses, statistics, optimisers. Gradients of filters and results of matrix products go
 * back to float32 at once, because they may be those of parameters, which optimisers compute with.
 */
const forms: ReadonlyMap<string, Form> = new Map([
  ['TransferkitConvolution', always([0], 'map')],
  ['TransferkitConvolutionFilterGradient', always([0, 1], 'float32')],
  ['Conv2D', always([0, 1], 'map')],
  ['Conv2DBackpropInput', always([1, 2], 'map')],
  ['Conv2DBackpropFilter', always([0, 2], 'number')],
  ['DepthwiseConv2dNative', always([0, 1], 'map')],
  ['DepthwiseConv2dNativeBackpropInput', always([1, 2], 'map')],
  ['DepthwiseConv2dNativeBackpropFilter', always([0, 2], 'number')],
  ['MatMul', always([0, 1], 'number')],
  ['BatchMatMulV2', always([0, 1], 'number')],
  ['Relu', following([0])],
  ['ReluGrad', following([0, 1])],
  // With what a recording joins them with: a residual; two gradients that are summed up, the output that masks them, and the gradient of the residual.
  ['TransferkitBatchNorm', following([0], [0, 3])],
  ['TransferkitBatchNormGradient', { ...following([2], [0, 1, 2, 3]), givesToo: 3 }],
  ['TransferkitBatchNormInference', following([0], [0, 5])],
  ['FusedBatchNormV3', following([0])],
  ['FusedBatchNormGradV3', following([0, 1])],
  ['Add', following([0, 1])],
  ['AddV2', following([0, 1])],
  ['BiasAdd', following([0], [0, 1])],
  ['Pad', following([0])],
  ['PadV2', following([0], [0, 2])],
  ['Slice', following([0])],
  ['Reshape', following([0])],
  ['Transpose', following([0])],
  ['AvgPool', following([0])],
  ['AvgPoolGrad', following([1])],
  ['MaxPool', following([0])],
  ['MaxPoolGrad', following([0, 1, 2])],
])

const same = (left: EncodedAttribute | undefined, right: EncodedAttribute): boolean => left?.length === right.length && left.every((byte, index) => byte === right[index])

/** Our own operations as TensorFlow's, where ours know only float32, as convolutions do on some processors; other nodes as they are. */
const asTensorFlows = (binding: NativeBinding, node: GraphNode, shapeOf: ShapeOf): readonly GraphNode[] => {
  const { name, operation, inputs } = node
  if (binding.hasBfloat16Winograd === true || (operation !== 'TransferkitConvolution' && operation !== 'TransferkitConvolutionFilterGradient')) return [node]
  const settings = { strides: [1, 1], padding: [[1, 1], [1, 1]] } as const
  const attributes = Object.fromEntries(operationAttributes(binding, settings, 'SAME').map((attribute) => [attribute.name, encodeAttribute(binding, attribute)]))
  const [first = '', second = ''] = inputs
  const sizes = integersConstant(`${name}_sizes`, shapeOf(name) ?? [])
  if (operation === 'TransferkitConvolutionFilterGradient') return [sizes, { ...node, operation: 'Conv2DBackpropFilter', inputs: [first, sizes.name, second], attributes }]
  if (same(node.attributes['transposed'], encodeAttribute(binding, flag(binding, 'transposed', false)))) return [{ ...node, operation: 'Conv2D', attributes }]
  return [sizes, { ...node, operation: 'Conv2DBackpropInput', inputs: [sizes.name, second, first], attributes }]
}

/**
 * A recorded computation in mixed precision: what costs most is computed in bfloat16, which has the range of float32 and 8 significant bits, and sums in float32.
 *
 * What comes in and goes out is float32, so parameters keep increments that bfloat16 would round away. Each value is cast at most once, right before its first use in
 * the other type.
 *
 * @param binding The native binding.
 * @param nodes What was recorded in float32, in an order in which it can be computed.
 * @param shapeOf Shapes of outputs.
 * @internal
 */
export const inMixedPrecision = (binding: NativeBinding, nodes: readonly GraphNode[], shapeOf: ShapeOf): readonly GraphNode[] => {
  const made: GraphNode[] = []
  /** Outputs in bfloat16. */
  const short = new Set<string>()
  /** Those of them that are maps. */
  const maps = new Set<string>()
  const casts = new Map<string, string>()
  const castOf = (output: string, type: number): string => {
    const key = `${output}>${type}`
    const known = casts.get(key)
    if (known !== undefined) return known
    const name = `${type === bfloat16 ? 'Short' : 'Long'}_${casts.size}`
    const from = type === bfloat16 ? float32 : bfloat16
    made.push({ name, operation: 'Cast', inputs: [output], attributes: { SrcT: typeAttribute(from), DstT: typeAttribute(type) } })
    casts.set(key, name)
    return name
  }
  for (const node of nodes.flatMap((recorded) => asTensorFlows(binding, recorded, shapeOf))) {
    const { name, inputs, attributes } = node
    // Our own operations are of float32 unless told.
    const form = same(attributes['T'] ?? typeAttribute(float32), typeAttribute(float32)) ? forms.get(node.operation) : undefined
    const used = form?.follows.every((position) => maps.has(inputs[position] ?? '')) === true ? form : undefined
    const cast = inputs.map((input, position) => {
      const isShort = used?.values.includes(position) === true
      return isShort === short.has(input) ? input : castOf(input, isShort ? bfloat16 : float32)
    })
    made.push({ ...node, inputs: cast, attributes: used === undefined ? attributes : { ...attributes, T: typeAttribute(bfloat16) } })
    if (used === undefined) continue
    const other = used.givesToo === undefined ? [] : [`${name}:${used.givesToo}`]
    for (const output of used.gives === 'float32' ? [] : [name, ...other]) short.add(output)
    for (const output of used.gives === 'map' ? [name, ...other] : []) maps.add(output)
  }
  return made
}
