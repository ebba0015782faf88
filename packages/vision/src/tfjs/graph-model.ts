import { flattenLayer, globalAveragePoolLayer, relu6Layer, reluLayer, type Padding, type Shape, TransferkitError } from '@transferkit/tensor'
import { isLinear, withBias } from '../folding/linear-modules.js'
import { activationLayer, globalMaxPoolLayer, leakyReluLayer, type Merge, offsetLayer, rescalingLayer, reshapeLayer, scaleLayer, zeroPaddingLayer } from './imported-layers.js'
import { graphBuilder, type GraphBuilder, inOrder, type LayerGraph, type ShapedNode } from './layer-graph.js'
import { chosenShape } from './layers-model.js'
import type { NodeJson } from './model-json.js'
import { checkChannelsLast, flagAttribute, integersOf, numberAttribute, paddingOf, shapeAttribute, spatial, textsOf } from './node-attributes.js'
import { averagePoolStep, batchNormStep, type ConvolutionParts, convolutionStep, denseStep, depthwiseStep, maxPoolStep, type Step } from './steps.js'
import type { Weight } from './weights.js'

/** What an operation is read from. */
interface Operation {
  /** The operation. */
  readonly node: NodeJson
  /** Names of its inputs, without control inputs and numbers of outputs. */
  readonly inputs: readonly string[]
  /** The layers so far. */
  readonly builder: GraphBuilder
  /** The constant that is an input. */
  constant(input: number): Weight
  /** The constant that is an input, if it is one. */
  optionalConstant(input: number): Weight | undefined
  /** Whole numbers that are an input; -1 stands for the size of the batch. */
  numbers(input: number): readonly number[]
}

/** What an operation becomes: a layer, another name for one, or nothing. */
type Reading = { readonly inputs: readonly string[]; readonly merge?: Merge; readonly steps: readonly Step[] } | { readonly alias: string }

type OperationReader = (operation: Operation) => Reading

const refused = (node: NodeJson, problem: string): TransferkitError => new TransferkitError('tfjs/unsupported-setting', `The operation '${node.name}' (${node.op}) cannot be imported: ${problem}.`)

const shapeIn = ({ builder, inputs }: Operation): Shape => builder.shapeOf(inputs[0] ?? '')

const one = (operation: Operation, ...steps: readonly Step[]): Reading => ({ inputs: operation.inputs.slice(0, 1), steps })

const simple: Readonly<Record<string, () => Step>> = {
  Relu: () => ({ name: 'relu', module: reluLayer() }),
  Relu6: () => ({ name: 'relu6', module: relu6Layer() }),
  Elu: () => ({ name: 'activation', module: activationLayer('elu') }),
  Sigmoid: () => ({ name: 'activation', module: activationLayer('sigmoid') }),
  Tanh: () => ({ name: 'activation', module: activationLayer('tanh') }),
  Softplus: () => ({ name: 'activation', module: activationLayer('softplus') }),
  Softmax: () => ({ name: 'activation', module: activationLayer('softmax') }),
}

const leaky = (slope: number | undefined): Step => ({ name: 'relu', module: leakyReluLayer(slope ?? 0.2) })

/** The functions that a fused operation applies behind the bias. */
const fusedSteps = (node: NodeJson): readonly Step[] =>
  textsOf(node, 'fused_ops')
    .filter((name) => name !== 'BiasAdd')
    .map((name) => {
      const step = name === 'LeakyRelu' ? leaky(numberAttribute(node, 'leakyrelu_alpha')) : simple[name]?.()
      if (step === undefined) throw refused(node, `it is fused with '${name}'; supported are BiasAdd, LeakyRelu, ${Object.keys(simple).join(', ')}`)
      return step
    })

const isFusedWithBias = (node: NodeJson): boolean => textsOf(node, 'fused_ops').includes('BiasAdd')

const flatBias = (operation: Operation): Weight | undefined => {
  if (!isFusedWithBias(operation.node)) return undefined
  const { values } = operation.constant(2)
  return { shape: [values.length], values }
}

const convolving =
  (step: (parts: ConvolutionParts) => Step): OperationReader =>
  (operation) => {
    const { node } = operation
    checkChannelsLast(node)
    const [filter, inputShape] = [operation.constant(1), shapeIn(operation)]
    if (filter.shape[2] !== inputShape[2]) throw new TransferkitError('tfjs/weights', `The filter of '${node.name}' has the shape [${String(filter.shape)}], but its images have ${inputShape[2]} channels. Do model.json and weights belong together?`)
    return one(operation, step({ filter, bias: flatBias(operation), strides: spatial(node, 'strides'), padding: paddingOf(node), inputShape }), ...fusedSteps(node))
  }

const multiplying: OperationReader = (operation) => {
  const { node } = operation
  if (flagAttribute(node, 'transpose_a') || flagAttribute(node, 'transpose_b')) throw refused(node, 'it transposes a matrix')
  return one(operation, denseStep(operation.constant(1), flatBias(operation)), ...fusedSteps(node))
}

const normalising: OperationReader = (operation) => {
  const { node } = operation
  checkChannelsLast(node)
  const [scale, offset, mean, variance] = [1, 2, 3, 4].map((input) => operation.constant(input))
  if (scale === undefined || offset === undefined || mean === undefined || variance === undefined) throw refused(node, 'it has not all of scale, offset, mean and variance')
  return one(operation, batchNormStep({ channels: scale.values.length, scale, offset, mean, variance, epsilon: numberAttribute(node, 'epsilon') ?? 1e-4, momentum: 0.99 }))
}

const pooling =
  (make: typeof maxPoolStep): OperationReader =>
  (operation) => {
    const { node } = operation
    checkChannelsLast(node)
    return one(operation, make({ size: spatial(node, 'ksize'), strides: spatial(node, 'strides'), padding: paddingOf(node), inputShape: shapeIn(operation), layer: node.name }))
  }

const globalPooling =
  (make: () => Step): OperationReader =>
  (operation) => {
    const { node } = operation
    const shape = shapeIn(operation)
    const axes = operation.numbers(1).map((axis) => (axis < 0 ? axis + shape.length + 1 : axis)).toSorted((left, right) => left - right)
    if (shape.length !== 3 || axes.join() !== '1,2') throw refused(node, `it reduces the axes ${axes.join(', ')}; only the rows and columns of images can be`)
    const keeps = flagAttribute(node, 'keep_dims') || flagAttribute(node, 'keepdims')
    return one(operation, make(), ...(keeps ? [{ name: 'maps', module: reshapeLayer([1, 1, shape[2] ?? 0]) }] : []))
  }

const withoutLeadingOnes = ({ shape, values }: Weight): Weight => {
  const first = shape.findIndex((size) => size !== 1)
  return { shape: first < 0 ? [] : shape.slice(first), values }
}

const mapped = ({ shape, values }: Weight, change: (value: number) => number): Weight => ({ shape, values: values.map(change) })

/** Arithmetic of two layers, or of a layer and a constant. */
const arithmetic =
  (merge: Merge, withConstant: (constant: Weight, isFirst: boolean, operation: Operation) => readonly Step[]): OperationReader =>
  (operation) => {
    const [first, second] = [operation.optionalConstant(0), operation.optionalConstant(1)]
    const constant = second ?? first
    if (constant === undefined) return { inputs: operation.inputs, merge, steps: [] }
    const isFirst = second === undefined
    return { inputs: operation.inputs.slice(isFirst ? 1 : 0, isFirst ? 2 : 1), steps: withConstant(withoutLeadingOnes(constant), isFirst, operation) }
  }

const offsetStep = (offset: Weight): Step => (offset.values.length === 1 ? { name: 'rescaling', module: rescalingLayer(1, offset.values[0] ?? 0) } : { name: 'offset', module: offsetLayer(offset.shape), params: { offset } })

const scaleStep = (scale: Weight): Step => (scale.values.length === 1 ? { name: 'rescaling', module: rescalingLayer(scale.values[0] ?? 1, 0) } : { name: 'scale', module: scaleLayer(scale.shape), params: { scale } })

const adding = arithmetic('add', (constant) => [offsetStep(constant)])

const flatOrReshaped = (operation: Operation, shape: Shape): Reading =>
  one(operation, shape.length === 1 && shapeIn(operation).length > 1 ? { name: 'flatten', module: flattenLayer() } : { name: 'reshape', module: reshapeLayer(shape) })

const reshaping: OperationReader = (operation) => {
  const { node } = operation
  const [batch, ...wanted] = operation.numbers(1)
  const size = shapeIn(operation).reduce((product, axis) => product * axis, 1)
  const known = wanted.filter((axis) => axis > 0).reduce((product, axis) => product * axis, 1)
  const free = wanted.filter((axis) => axis < 0).length
  // One free axis behind a batch of 1 or of any size is what is left.
  if ((batch !== -1 && batch !== 1) || free > 1 || (free === 0 && known !== size)) throw refused(node, `its shape [${[batch, ...wanted].join(', ')}] mixes examples of a batch`)
  return flatOrReshaped(operation, wanted.map((axis) => (axis < 0 ? size / known : axis)))
}

const concatenating: OperationReader = (operation) => {
  const { node, inputs } = operation
  const last = inputs.length - 1
  const [axis = -1] = operation.numbers(last)
  const rank = shapeIn(operation).length + 1
  if (axis !== -1 && axis !== rank - 1) throw refused(node, `it joins along axis ${axis}; only joining along the last axis, the channels, can be`)
  return { inputs: inputs.slice(0, last), merge: 'concatenate', steps: [] }
}

const padding: OperationReader = (operation) => {
  const widths = operation.numbers(1)
  const [batchBefore, batchAfter, top = 0, bottom = 0, left = 0, right = 0, channelsBefore, channelsAfter] = widths
  const outside = [batchBefore, batchAfter, channelsBefore, channelsAfter]
  const value = operation.optionalConstant(2)?.values[0] ?? 0
  if (widths.length !== 8 || outside.some((width) => width !== 0) || value !== 0) throw refused(operation.node, `only zeros around the rows and columns of images can be, but it pads by [${widths.join(', ')}] with ${value}`)
  const border: Padding = [
    [top, bottom],
    [left, right],
  ]
  return one(operation, { name: 'padding', module: zeroPaddingLayer(border) })
}

const passing: OperationReader = ({ inputs }) => ({ alias: inputs[0] ?? '' })

/** How each operation is read, by its name in TensorFlow. */
const readers: Readonly<Record<string, OperationReader>> = {
  ...Object.fromEntries(Object.entries(simple).map(([name, step]): [string, OperationReader] => [name, (operation) => one(operation, step())])),
  LeakyRelu: (operation) => one(operation, leaky(numberAttribute(operation.node, 'alpha'))),
  Conv2D: convolving(convolutionStep),
  _FusedConv2D: convolving(convolutionStep),
  DepthwiseConv2dNative: convolving(depthwiseStep),
  FusedDepthwiseConv2dNative: convolving(depthwiseStep),
  MatMul: multiplying,
  _FusedMatMul: multiplying,
  BiasAdd: adding,
  FusedBatchNorm: normalising,
  FusedBatchNormV2: normalising,
  FusedBatchNormV3: normalising,
  Add: adding,
  AddV2: adding,
  AddN: ({ inputs }) => ({ inputs, merge: 'add', steps: [] }),
  Sub: arithmetic('subtract', (constant, isFirst) => (isFirst ? [{ name: 'rescaling', module: rescalingLayer(-1, 0) }, offsetStep(constant)] : [offsetStep(mapped(constant, (value) => -value))])),
  Mul: arithmetic('multiply', (constant) => [scaleStep(constant)]),
  RealDiv: arithmetic('multiply', (constant, isFirst, { node }) => {
    if (isFirst) throw refused(node, 'it divides a constant by a layer')
    return [scaleStep(mapped(constant, (value) => 1 / value))]
  }),
  Maximum: ({ inputs }) => ({ inputs, merge: 'maximum', steps: [] }),
  Pad: padding,
  PadV2: padding,
  MaxPool: pooling(maxPoolStep),
  AvgPool: pooling(averagePoolStep),
  Mean: globalPooling(() => ({ name: 'pool', module: globalAveragePoolLayer() })),
  Max: globalPooling(() => ({ name: 'pool', module: globalMaxPoolLayer() })),
  ConcatV2: concatenating,
  Reshape: reshaping,
  Squeeze: (operation) => {
    const shape = shapeIn(operation)
    const axes = (integersOf(operation.node, 'squeeze_dims') ?? integersOf(operation.node, 'axis') ?? []).map((axis) => (axis < 0 ? axis + shape.length : axis - 1))
    return flatOrReshaped(operation, shape.filter((size, axis) => (axes.length === 0 ? size !== 1 : !axes.includes(axis))))
  },
  Identity: passing,
  StopGradient: passing,
}

/** Operations on shapes, which are computed while a model is read. */
const shapeOperations = ['Const', 'Shape', 'StridedSlice', 'Pack', 'Placeholder', 'NoOp']

const withoutOutput = (input: string): string => {
  const [name = '', output = '0'] = input.split(':')
  if (output !== '0') throw new TransferkitError('tfjs/unsupported-setting', `The graph uses the output ${output} of '${name}'; only first outputs can be imported.`)
  return name
}

const isControl = (input: string): boolean => input.startsWith('^')

/** A convolution or dense layer without bias, joined with the bias behind it. */
const joinedBias = (node: ShapedNode, front: ShapedNode | undefined): ShapedNode | undefined => {
  const [offset] = node.steps
  const [linear] = front?.steps ?? []
  const bias = offset?.params?.['offset']
  if (front?.steps.length !== 1 || node.steps.length !== 1 || linear === undefined || bias?.shape.length !== 1) return undefined
  if (!isLinear(linear.module) || linear.params?.['bias'] !== undefined) return undefined
  return { ...front, name: node.name, steps: [{ ...linear, module: withBias(linear.module), params: { ...linear.params, bias } }] }
}

/** Joins biases with what is in front of them, where nothing else uses that. */
const withJoinedBiases = (nodes: readonly ShapedNode[]): readonly ShapedNode[] => {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const uses = nodes.flatMap(({ inputs }) => inputs)
  const replaced = new Map<string, ShapedNode>()
  const gone = new Set<string>()
  for (const node of nodes) {
    const [source = ''] = node.inputs
    if (node.inputs.length !== 1 || uses.filter((name) => name === source).length !== 1) continue
    const joined = joinedBias(node, byName.get(source))
    if (joined === undefined) continue
    replaced.set(node.name, joined)
    gone.add(source)
  }
  return nodes.filter(({ name }) => !gone.has(name)).map((node) => replaced.get(node.name) ?? node)
}

/**
 * Reads a TensorFlow graph.
 *
 * @param nodes Its operations.
 * @param weights Its constants by name.
 * @param inputShape Shape of one example, where the graph does not tell.
 * @internal
 */
export const readGraphModel = (nodes: readonly NodeJson[], weights: ReadonlyMap<string, Weight>, inputShape: Shape | undefined): LayerGraph => {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const nodeAt = (name: string): NodeJson => {
    const found = byName.get(name)
    if (found === undefined) throw new TransferkitError('tfjs/graph', `The graph takes the output of '${name}', which it does not have. Is the model.json complete?`)
    return found
  }
  const inputsOf = (name: string): readonly string[] => nodeAt(name).input.filter((input) => !isControl(input)).map(withoutOutput)
  const used = new Set(nodes.flatMap(({ input }) => input.filter((name) => !isControl(name)).map(withoutOutput)))
  const inputs = nodes.filter(({ op }) => op === 'Placeholder').map(({ name }) => name)
  const outputs = nodes.filter(({ name, op }) => !used.has(name) && !shapeOperations.includes(op)).map(({ name }) => name)
  const [[input, ...otherInputs], [output, ...otherOutputs]] = [inputs, outputs]
  if (input === undefined || output === undefined || otherInputs.length > 0 || otherOutputs.length > 0) {
    throw new TransferkitError('tfjs/graph', `The graph has ${inputs.length} inputs (${inputs.join(', ') || 'none'}) and ${outputs.length} outputs (${outputs.join(', ') || 'none'}), but a classifier of images has one each.`)
  }
  const order = inOrder([output], inputsOf)
  for (const { name, op } of order.map(nodeAt)) {
    if (op in readers || shapeOperations.includes(op)) continue
    throw new TransferkitError('tfjs/unknown-layer', `The operation '${name}' is of the type '${op}', which cannot be imported. Supported are: ${[...shapeOperations, ...Object.keys(readers)].join(', ')}.`)
  }

  /** Constants may stand behind operations that change nothing. */
  const constantAt = (name: string): Weight | undefined => {
    const { op } = nodeAt(name)
    if (op === 'Identity') return constantAt(inputsOf(name)[0] ?? '')
    if (op !== 'Const') return undefined
    const found = weights.get(name)
    if (found === undefined) throw new TransferkitError('tfjs/weights', `The weights of the model have no '${name}', which its graph needs. Do model.json and weights belong together?`)
    return found
  }

  const [, ...told] = shapeAttribute(nodeAt(input), 'shape') ?? []
  const builder = graphBuilder(input, chosenShape(told.length === 0 ? undefined : told, inputShape))

  /** Numbers that describe shapes; -1 stands for the size of the batch. */
  const numbersAt = (name: string): readonly number[] => {
    const { op } = nodeAt(name)
    const [first = '', ...others] = inputsOf(name)
    if (op === 'Shape') return [-1, ...builder.shapeOf(first)]
    if (op === 'Pack') return [first, ...others].flatMap(numbersAt)
    if (op === 'StridedSlice') {
      const [begin, end] = others.slice(0, 2).map((bound) => numbersAt(bound)[0])
      const isOpen = (mask: string): boolean => numberAttribute(nodeAt(name), mask) === 1
      return numbersAt(first).slice(isOpen('begin_mask') ? 0 : begin, isOpen('end_mask') ? undefined : end)
    }
    const constant = constantAt(name)
    if (constant === undefined) throw new TransferkitError('tfjs/graph', `The graph needs '${name}' (${op}) before it runs, but it is not a constant.`)
    return [...constant.values]
  }

  for (const name of order) {
    const node = nodeAt(name)
    const reader = readers[node.op]
    if (reader === undefined || constantAt(name) !== undefined) continue
    const own = inputsOf(name)
    const optionalConstant = (position: number): Weight | undefined => {
      const source = own[position]
      return source === undefined ? undefined : constantAt(source)
    }
    const constant = (position: number): Weight => {
      const found = optionalConstant(position)
      if (found === undefined) throw refused(node, `its input ${position + 1}, '${own[position] ?? 'missing'}', is not a constant`)
      return found
    }
    const reading = reader({ node, inputs: own, builder, constant, optionalConstant, numbers: (position) => numbersAt(own[position] ?? '') })
    if ('alias' in reading) builder.alias(name, reading.alias)
    else builder.add({ name, ...reading })
  }
  return { input, inputShape: builder.shapeOf(input), nodes: withJoinedBiases(builder.nodes()), output: builder.resolve(output) }
}
