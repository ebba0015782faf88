import { dropoutLayer, flattenLayer, globalAveragePoolLayer, identityLayer, type Padding, type Shape, TransferkitError } from '@transferkit/tensor'
import { z } from 'zod'
import { activationLayer, globalMaxPoolLayer, leakyReluLayer, type Merge, permuteLayer, rescalingLayer, reshapeLayer, zeroPaddingLayer } from './imported-layers.js'
import { graphBuilder, inOrder, type LayerGraph } from './layer-graph.js'
import { functionalGraph, type FunctionalJson, type LayerJson, sequentialLayers } from './model-json.js'
import { activationSteps, averagePoolStep, batchNormStep, convolutionStep, denseStep, depthwiseStep, maxPoolStep, type Pair, rectifierStep, type Step } from './steps.js'
import type { Weight } from './weights.js'

/** What a layer is read from. */
interface LayerSource {
  /** Name of the layer. */
  readonly name: string
  /** Its settings. */
  readonly config: Readonly<Record<string, unknown>>
  /** Shape of one example that comes in. */
  readonly inputShape: Shape
  /** Takes a weight of the layer, which must have this shape. */
  weight(name: string, shape: Shape): Weight
}

interface LayerSteps {
  readonly merge?: Merge
  readonly steps: readonly Step[]
}

const pair = z.union([z.number().transform((size): Pair => [size, size]), z.tuple([z.number()]).transform(([size]): Pair => [size, size]), z.tuple([z.number(), z.number()])])

const named = { name: z.string().optional() }

/** Settings of all layers over images: other orders of axes are refused. */
const images = { ...named, data_format: z.literal('channels_last').nullish() }

const padding = z.enum(['same', 'valid'])

const activation = z.string().nullish().transform((name) => name ?? 'linear')

const undilated = pair.default([1, 1]).refine(([rows, columns]) => rows === 1 && columns === 1, 'only undilated convolutions can be imported')

const ungrouped = z.literal(1, 'only convolutions without groups can be imported').nullish()

const convolution = { ...images, kernel_size: pair, strides: pair.default([1, 1]), padding: padding.default('valid'), dilation_rate: undilated, use_bias: z.boolean().default(true), activation, groups: ungrouped }

const pooling = z.object({ ...images, pool_size: pair.default([2, 2]), strides: pair.nullish(), padding: padding.default('valid') })

const settings = <Schema extends z.ZodType>(schema: Schema, { name, config }: LayerSource): z.output<Schema> => {
  const result = schema.safeParse(config)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const field = issue?.path.map(String).join('.') ?? ''
  throw new TransferkitError('tfjs/unsupported-setting', `The layer '${name}' cannot be imported: its setting '${field}' is ${field in config ? JSON.stringify(config[field]) : 'missing'} (${issue?.message ?? 'not valid'}).`)
}

const channelsOf = (shape: Shape): number => shape.at(-1) ?? 0

const sided = z.union([
  z.number().transform((width): Padding => [
    [width, width],
    [width, width],
  ]),
  z.tuple([z.number(), z.number()]).transform(([rows, columns]): Padding => [
    [rows, rows],
    [columns, columns],
  ]),
  z.tuple([z.tuple([z.number(), z.number()]), z.tuple([z.number(), z.number()])]),
])

type LayerReader = (source: LayerSource) => LayerSteps

const merging =
  (merge: Merge): LayerReader =>
  (source) => {
    if (merge === 'concatenate') {
      const { axis } = settings(z.object({ axis: z.number().default(-1) }), source)
      if (axis !== -1 && axis !== source.inputShape.length) throw new TransferkitError('tfjs/unsupported-setting', `The layer '${source.name}' joins along axis ${axis}, but only joining along the last axis, the channels, can be imported.`)
    }
    return { merge, steps: [] }
  }

const doingNothing: LayerReader = () => ({ steps: [{ name: 'identity', module: identityLayer() }] })

const dropout: LayerReader = (source) => ({ steps: [{ name: 'dropout', module: dropoutLayer(settings(z.object({ rate: z.number().min(0).max(1) }), source).rate) }] })

const globalPooling =
  (step: Step): LayerReader =>
  (source) => {
    const { keepdims } = settings(z.object({ ...images, keepdims: z.boolean().default(false) }), source)
    return { steps: keepdims ? [step, { name: 'maps', module: reshapeLayer([1, 1, channelsOf(source.inputShape)]) }] : [step] }
  }

/** How each kind of layer is read, by its class name in Keras. */
const readers: Readonly<Record<string, LayerReader>> = {
  Conv2D: (source) => {
    const given = settings(z.object({ ...convolution, filters: z.number() }), source)
    const { name, inputShape } = source
    const filter = source.weight('kernel', [...given.kernel_size, channelsOf(inputShape), given.filters])
    const bias = given.use_bias ? source.weight('bias', [given.filters]) : undefined
    return { steps: [convolutionStep({ filter, bias, strides: given.strides, padding: given.padding, inputShape }), ...activationSteps(given.activation, name)] }
  },
  DepthwiseConv2D: (source) => {
    const given = settings(z.object({ ...convolution, depth_multiplier: z.number().default(1) }), source)
    const { name, inputShape } = source
    const channels = channelsOf(inputShape)
    const filter = source.weight('depthwise_kernel', [...given.kernel_size, channels, given.depth_multiplier])
    const bias = given.use_bias ? source.weight('bias', [channels * given.depth_multiplier]) : undefined
    return { steps: [depthwiseStep({ filter, bias, strides: given.strides, padding: given.padding, inputShape }), ...activationSteps(given.activation, name)] }
  },
  SeparableConv2D: (source) => {
    const given = settings(z.object({ ...convolution, filters: z.number(), depth_multiplier: z.number().default(1) }), source)
    const { name, inputShape } = source
    const between = channelsOf(inputShape) * given.depth_multiplier
    const depthwise = source.weight('depthwise_kernel', [...given.kernel_size, channelsOf(inputShape), given.depth_multiplier])
    const pointwise = source.weight('pointwise_kernel', [1, 1, between, given.filters])
    const bias = given.use_bias ? source.weight('bias', [given.filters]) : undefined
    return {
      steps: [
        depthwiseStep({ filter: depthwise, strides: given.strides, padding: given.padding, inputShape }),
        convolutionStep({ filter: pointwise, bias, strides: [1, 1], padding: 'valid', inputShape }),
        ...activationSteps(given.activation, name),
      ],
    }
  },
  ZeroPadding2D: (source) => ({ steps: [{ name: 'padding', module: zeroPaddingLayer(settings(z.object({ ...images, padding: sided.default([[1, 1], [1, 1]]) }), source).padding) }] }),
  BatchNormalization: (source) => {
    const lastAxis = source.inputShape.length
    const schema = z.object({
      axis: z.union([z.number(), z.tuple([z.number()]).transform(([axis]) => axis)]).default(-1).refine((axis) => axis === -1 || axis === lastAxis, 'only the last axis, the channels, can be imported'),
      epsilon: z.number().default(1e-3),
      momentum: z.number().default(0.99),
      center: z.boolean().default(true),
      scale: z.boolean().default(true),
    })
    const { epsilon, momentum, center, scale } = settings(schema, source)
    const channels = channelsOf(source.inputShape)
    const weight = (name: string): Weight => source.weight(name, [channels])
    return {
      steps: [
        batchNormStep({ channels, epsilon, momentum, scale: scale ? weight('gamma') : undefined, offset: center ? weight('beta') : undefined, mean: weight('moving_mean'), variance: weight('moving_variance') }),
      ],
    }
  },
  ReLU: (source) => {
    const schema = z.object({ max_value: z.number().nullish(), negative_slope: z.number().default(0), threshold: z.literal(0).nullish() })
    const { max_value: highest, negative_slope: slope } = settings(schema, source)
    return { steps: [rectifierStep(slope, highest ?? undefined)] }
  },
  LeakyReLU: (source) => ({ steps: [{ name: 'relu', module: leakyReluLayer(settings(z.object({ alpha: z.number().default(0.3) }), source).alpha) }] }),
  ELU: (source) => {
    settings(z.object({ alpha: z.literal(1).default(1) }), source)
    return { steps: activationSteps('elu', source.name) }
  },
  Softmax: (source) => {
    settings(z.object({ axis: z.union([z.literal(-1), z.literal(source.inputShape.length)]).default(-1) }), source)
    return { steps: [{ name: 'activation', module: activationLayer('softmax') }] }
  },
  Activation: (source) => {
    const steps = activationSteps(settings(z.object({ activation }), source).activation, source.name)
    return steps.length === 0 ? doingNothing(source) : { steps }
  },
  Dense: (source) => {
    const given = settings(z.object({ ...named, units: z.number(), use_bias: z.boolean().default(true), activation }), source)
    const weight = source.weight('kernel', [channelsOf(source.inputShape), given.units])
    const bias = given.use_bias ? source.weight('bias', [given.units]) : undefined
    return { steps: [denseStep(weight, bias), ...activationSteps(given.activation, source.name)] }
  },
  Dropout: dropout,
  SpatialDropout2D: dropout,
  Flatten: (source) => {
    settings(z.object(images), source)
    return { steps: [{ name: 'flatten', module: flattenLayer() }] }
  },
  Reshape: (source) => {
    const { target_shape: shape } = settings(z.object({ target_shape: z.array(z.number()) }), source)
    const size = source.inputShape.reduce((product, axis) => product * axis, 1)
    const known = shape.filter((axis) => axis >= 0).reduce((product, axis) => product * axis, 1)
    return { steps: [{ name: 'reshape', module: reshapeLayer(shape.map((axis) => (axis < 0 ? size / known : axis))) }] }
  },
  Permute: (source) => ({ steps: [{ name: 'permute', module: permuteLayer(settings(z.object({ dims: z.array(z.int().positive()).length(source.inputShape.length) }), source).dims) }] }),
  MaxPooling2D: (source) => {
    const { pool_size: size, strides, padding } = settings(pooling, source)
    return { steps: [maxPoolStep({ size, strides: strides ?? size, padding, inputShape: source.inputShape, layer: source.name })] }
  },
  AveragePooling2D: (source) => {
    const { pool_size: size, strides, padding } = settings(pooling, source)
    return { steps: [averagePoolStep({ size, strides: strides ?? size, padding, inputShape: source.inputShape, layer: source.name })] }
  },
  GlobalAveragePooling2D: globalPooling({ name: 'pool', module: globalAveragePoolLayer() }),
  GlobalMaxPooling2D: globalPooling({ name: 'pool', module: globalMaxPoolLayer() }),
  Rescaling: (source) => {
    const { scale, offset } = settings(z.object({ scale: z.number(), offset: z.number().default(0) }), source)
    return { steps: [{ name: 'rescaling', module: rescalingLayer(scale, offset) }] }
  },
  Add: merging('add'),
  Subtract: merging('subtract'),
  Multiply: merging('multiply'),
  Average: merging('average'),
  Maximum: merging('maximum'),
  Concatenate: merging('concatenate'),
}

const nestedClasses = new Set(['Model', 'Functional', 'Sequential'])

const isRecurrent = (className: string): boolean => /LSTM|GRU|RNN|Bidirectional|TimeDistributed/.test(className)

const readerOf = (className: string, name: string): LayerReader => {
  const reader = readers[className]
  if (reader !== undefined) return reader
  throw new TransferkitError(
    'tfjs/unknown-layer',
    isRecurrent(className)
      ? `The layer '${name}' is recurrent ('${className}'); only feed-forward image networks can be imported.`
      : `The layer '${name}' is of the type '${className}', which cannot be imported. Supported are: InputLayer, ${Object.keys(readers).join(', ')}, and models of these as layers.`,
  )
}

/** A layer of the flattened model: nested models have been taken apart. */
interface FlatLayer {
  readonly name: string
  readonly className: string
  readonly config: Readonly<Record<string, unknown>>
  readonly inputs: readonly string[]
}

interface FlatModel {
  readonly layers: readonly FlatLayer[]
  /** Names of its inputs. */
  readonly inputs: readonly string[]
  /** Names of the layers whose outputs are those of the model. */
  readonly outputs: readonly string[]
}

const nameOf = ({ name, config }: LayerJson): string => {
  const given = name ?? config['name']
  if (typeof given === 'string') return given
  throw new TransferkitError('tfjs/not-a-model', 'This is no model.json of TensorFlow.js: it has a layer without a name.')
}

const inboundSchema = z.array(z.array(z.tuple([z.string(), z.number(), z.number()], z.unknown()))).max(1, 'the layer is used more than once')

const inboundOf = (layer: LayerJson): readonly string[] => {
  const result = inboundSchema.safeParse(layer.inbound_nodes ?? [])
  if (result.success) return (result.data[0] ?? []).map(([source]) => source)
  const shared = (layer.inbound_nodes?.length ?? 0) > 1
  throw new TransferkitError(
    'tfjs/graph',
    shared ? `The layer '${nameOf(layer)}' is used ${layer.inbound_nodes?.length} times with the same weights, which cannot be imported.` : `The connections of the layer '${nameOf(layer)}' are not as TensorFlow.js writes them. Convert the model with tensorflowjs_converter.`,
  )
}

/** Connects layers of a list one behind the other; in a sequential model nothing is written. */
const chained = (layers: readonly LayerJson[], where: string): FunctionalJson => {
  const [first] = layers
  if (first === undefined) throw new TransferkitError('tfjs/not-a-model', `The model '${where}' has no layers.`)
  const input: LayerJson = { class_name: 'InputLayer', name: `${where}_input`, config: { batch_input_shape: inputShapeIn(first) } }
  const all = first.class_name === 'InputLayer' ? layers : [input, ...layers]
  const connected = all.map((layer, index): LayerJson => {
    const front = all[index - 1]
    return { ...layer, name: nameOf(layer), inbound_nodes: front === undefined ? [] : [[[nameOf(front), 0, 0]]] }
  })
  const names = connected.map(nameOf)
  return { layers: connected, inputs: names.slice(0, 1), outputs: names.slice(-1) }
}

/** The input shape that a layer, or the first layer of a model that is a layer, tells. */
const inputShapeIn = (layer: LayerJson): unknown => {
  const { config, class_name: className } = layer
  const told = config['batch_input_shape'] ?? config['batch_shape']
  if (told !== undefined || !nestedClasses.has(className)) return told
  const inner = graphOf(className, config, nameOf(layer))
  const first = inner.layers.find((candidate) => nameOf(candidate) === inner.inputs[0])
  return first === undefined ? undefined : inputShapeIn(first)
}

const graphOf = (className: string, config: unknown, where: string): FunctionalJson => (className === 'Sequential' ? chained(sequentialLayers(config, where), where) : functionalGraph(config, where))

const flattened = (graph: FunctionalJson): FlatModel => {
  const renamed = new Map<string, string>()
  const layers = graph.layers.flatMap((layer): readonly FlatLayer[] => {
    const [name, inputs] = [nameOf(layer), inboundOf(layer)]
    if (!nestedClasses.has(layer.class_name)) return [{ name, className: layer.class_name, config: layer.config, inputs }]
    const inner = flattened(graphOf(layer.class_name, layer.config, name))
    const [output] = inner.outputs
    if (output !== undefined) renamed.set(name, output)
    // The inputs of the inner model are what the outer one gives it.
    return inner.layers.map((flat) => {
      const position = inner.inputs.indexOf(flat.name)
      return position < 0 ? flat : { ...flat, className: 'Identity', inputs: inputs.slice(position, position + 1) }
    })
  })
  const resolve = (name: string): string => renamed.get(name) ?? name
  return { layers: layers.map((layer) => ({ ...layer, inputs: layer.inputs.map(resolve) })), inputs: graph.inputs, outputs: graph.outputs.map(resolve) }
}

const batchShape = z.tuple([z.number().nullable()], z.number().nullable())

/** The shape of one example that an input layer tells. */
const toldShape = ({ config }: FlatLayer): readonly (number | null)[] | undefined => batchShape.safeParse(config['batch_input_shape'] ?? config['batch_shape']).data?.slice(1)

/**
 * Chooses the shape of one example.
 *
 * @param told What the model says; `null` where it takes any size.
 * @param wanted What the caller says.
 * @throws TransferkitError `tfjs/input-shape` when a size is not told by either, or they disagree.
 * @internal
 */
export const chosenShape = (told: readonly (number | null)[] | undefined, wanted: Shape | undefined): Shape => {
  const sizes = told ?? wanted?.map(() => null) ?? []
  const chosen = sizes.map((size, axis) => size ?? wanted?.[axis] ?? 0)
  const disagrees = wanted !== undefined && (wanted.length !== chosen.length || wanted.some((size, axis) => size !== chosen[axis]))
  if (chosen.length > 0 && !disagrees && chosen.every((size) => size > 0)) return chosen
  const shape = `[${sizes.map((size) => size ?? 'any').join(', ')}]`
  throw new TransferkitError(
    'tfjs/input-shape',
    disagrees ? `The model takes examples of shape ${shape}, but the option 'inputShape' is [${wanted.join(', ')}].` : `The model does not say how large its images are (${shape}). Give the option 'inputShape', such as [224, 224, 3].`,
  )
}

const finder =
  (weights: ReadonlyMap<string, Weight>) =>
  (layer: string, weight: string, shape: Shape): Weight => {
    // Some converters put the names of models around those of layers.
    const name = weights.has(`${layer}/${weight}`) ? `${layer}/${weight}` : [...weights.keys()].find((key) => key.endsWith(`/${layer}/${weight}`))
    const found = name === undefined ? undefined : weights.get(name)
    if (found === undefined) throw new TransferkitError('tfjs/weights', `The weights of the model have no '${layer}/${weight}', which its layer '${layer}' needs. Do model.json and weights belong together?`)
    if (found.shape.length !== shape.length || found.shape.some((size, axis) => size !== shape[axis])) {
      throw new TransferkitError('tfjs/weights', `The weight '${layer}/${weight}' has the shape [${String(found.shape)}], but the layer needs [${String(shape)}]. Do model.json and weights belong together?`)
    }
    return found
  }

/**
 * Reads a Keras model.
 *
 * @param className `Model`, `Functional` or `Sequential`.
 * @param config Its layers.
 * @param weights Its weights by name.
 * @param inputShape Shape of one example, where the model does not tell.
 * @internal
 */
export const readLayersModel = (className: string, config: unknown, weights: ReadonlyMap<string, Weight>, inputShape: Shape | undefined): LayerGraph => {
  if (!nestedClasses.has(className)) throw new TransferkitError('tfjs/not-a-model', `The model is of the class '${className}'; expected Model, Functional or Sequential.`)
  const model = flattened(graphOf(className, config, 'model'))
  const byName = new Map(model.layers.map((layer) => [layer.name, layer]))
  const layerAt = (name: string): FlatLayer => {
    const found = byName.get(name)
    if (found === undefined) throw new TransferkitError('tfjs/graph', `The model takes the output of a layer '${name}' that it does not have. Is the model.json complete?`)
    return found
  }
  const [[input, ...otherInputs], [output, ...otherOutputs]] = [model.inputs, model.outputs]
  if (input === undefined || output === undefined || otherInputs.length > 0 || otherOutputs.length > 0) {
    throw new TransferkitError('tfjs/graph', `The model has ${model.inputs.length} inputs (${model.inputs.join(', ')}) and ${model.outputs.length} outputs (${model.outputs.join(', ')}), but a classifier of images has one each.`)
  }
  const order = inOrder([output], (layer) => layerAt(layer).inputs)
  // A layer that cannot be read is the better news than a size that is not told.
  for (const { name, className: kind } of order.map(layerAt)) if (kind !== 'InputLayer' && kind !== 'Identity') readerOf(kind, name)
  const findWeight = finder(weights)
  const builder = graphBuilder(input, chosenShape(toldShape(layerAt(input)), inputShape))
  for (const name of order) {
    const { className: kind, config: settingsOfLayer, inputs } = layerAt(name)
    if (name === input) continue
    const [first] = inputs
    if (kind === 'Identity' && first !== undefined) {
      builder.alias(name, first)
      continue
    }
    if (first === undefined) throw new TransferkitError('tfjs/graph', `The layer '${name}' has no input and is not that of the model.`)
    const source = { name, config: settingsOfLayer, inputShape: builder.shapeOf(first), weight: (weight: string, shape: Shape) => findWeight(name, weight, shape) }
    builder.add({ name, inputs, ...readerOf(kind, name)(source) })
  }
  return { input, inputShape: builder.shapeOf(input), nodes: builder.nodes(), output: builder.resolve(output) }
}
