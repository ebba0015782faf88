import { branchAt, type Module, type ModuleDescription, type Padding, readSync, type Shape, TransferkitError, variable, type Variables } from '@transferkit/tensor'
import { isDepthwise, kernelSizeOf, multiplierOf, paddingOf, stridesOf } from '../adapters/convolution-settings.js'
import { graphKind, type Merge, wiresOf } from './imported-layers.js'
import type { LayersWriter, Place, WrittenWeight } from './layers-writer.js'
import { mergedShape, shapeBehind } from './module-shapes.js'
import { samePadding } from './same-padding.js'

/** A module that is being written, with all that is needed for it. @internal */
export interface Exporting {
  /** The module. */
  readonly module: Module
  /** What it has learned. */
  readonly variables: Variables
  /** Its dotted path, of which its layers get their names. */
  readonly path: string
  /** Where its input comes from. */
  readonly input: Place
  /** Where its layers go. */
  readonly writer: LayersWriter
}

type Exporter = (exporting: Exporting) => Place

const channelsOf = (shape: Shape): number => shape.at(-1) ?? 0

const weightOf = (name: string, tree: Variables['params'], variableName: string): WrittenWeight => {
  const tensor = variable(tree, variableName)
  return { name, shape: tensor.shape, values: Float32Array.from(readSync(tensor)) }
}

const asRowsAndColumns = (padding: Padding): number[][] => padding.map((pair) => [...pair])

const hasBorder = (padding: Padding): boolean => padding.flat().some((width) => width > 0)

/** One layer behind the input, whose output has the shape of the module's. */
const write = ({ module, path, input, writer }: Exporting, className: string, config: Readonly<Record<string, unknown>> = {}, weights: readonly WrittenWeight[] = []): Place =>
  writer.add({ className, name: path, config, inputs: [input], shape: shapeBehind(module, input.shape), weights })

/** A border of zeros, where there is one. */
const zeroPadded = (exporting: Exporting, padding: Padding): Place => {
  const { path, input, writer } = exporting
  if (!hasBorder(padding)) return input
  const [height = 0, width = 0, channels = 0] = input.shape
  const [[top, bottom], [left, right]] = padding
  return writer.add({
    className: 'ZeroPadding2D',
    name: `${path}_pad`,
    config: { padding: asRowsAndColumns(padding), data_format: 'channels_last' },
    inputs: [input],
    shape: [height + top + bottom, width + left + right, channels],
  })
}

const optionalBias = (description: ModuleDescription, { params }: Variables): readonly WrittenWeight[] => (description['bias'] === true ? [weightOf('bias', params, 'bias')] : [])

const convolution: Exporter = (exporting) => {
  const { module, variables, path, writer, input } = exporting
  const { description } = module
  const padded = zeroPadded(exporting, paddingOf(description))
  const depthwise = isDepthwise(description)
  return writer.add({
    className: depthwise ? 'DepthwiseConv2D' : 'Conv2D',
    name: path,
    config: {
      ...(depthwise ? { depth_multiplier: multiplierOf(description) } : { filters: description['channels'] }),
      kernel_size: [...kernelSizeOf(description)],
      strides: [...stridesOf(description)],
      padding: 'valid',
      data_format: 'channels_last',
      dilation_rate: [1, 1],
      activation: 'linear',
      use_bias: description['bias'] === true,
    },
    inputs: [padded],
    shape: shapeBehind(module, input.shape),
    weights: [weightOf(depthwise ? 'depthwise_kernel' : 'kernel', variables.params, 'filter'), ...optionalBias(description, variables)],
  })
}

const dense: Exporter = (exporting) => {
  const { description } = exporting.module
  return write(exporting, 'Dense', { units: description['units'], activation: 'linear', use_bias: description['bias'] === true }, [
    weightOf('kernel', exporting.variables.params, 'weight'),
    ...optionalBias(description, exporting.variables),
  ])
}

const batchNorm: Exporter = (exporting) => {
  const { module, variables } = exporting
  const { epsilon, momentum } = module.description
  return write(exporting, 'BatchNormalization', { axis: -1, epsilon, momentum, center: true, scale: true }, [
    weightOf('gamma', variables.params, 'scale'),
    weightOf('beta', variables.params, 'offset'),
    weightOf('moving_mean', variables.state, 'mean'),
    weightOf('moving_variance', variables.state, 'variance'),
  ])
}

interface Pooling {
  readonly size: number
  readonly strides: number
  readonly padding: Padding
}

const poolingOf = ({ description }: Module): Pooling => {
  const size = Number(description['size'])
  return { size, strides: Number(description['strides'] ?? size), padding: paddingOf(description) }
}

const poolingConfig = (size: number, strides: number, padding: 'same' | 'valid'): Readonly<Record<string, unknown>> => ({ pool_size: [size, size], strides: [strides, strides], padding, data_format: 'channels_last' })

const isSame = ({ size, strides, padding }: Pooling, [height = 0, width = 0]: Shape): boolean => samePadding([height, width], [size, size], [strides, strides]).flat().every((zeros, index) => zeros === padding.flat()[index])

const borderless = (module: Module, path: string, shape: Shape): TransferkitError =>
  new TransferkitError('export/padding', `The pooling '${path}' has the border [${paddingOf(module.description).flat().join(', ')}] on maps of shape [${String(shape)}], which the layers of Keras cannot express.`)

const maxPool: Exporter = (exporting) => {
  const { module, path, input, writer } = exporting
  const pooling = poolingOf(module)
  const { size, strides, padding } = pooling
  if (!hasBorder(padding)) return write(exporting, 'MaxPooling2D', poolingConfig(size, strides, 'valid'))
  if (isSame(pooling, input.shape)) return write(exporting, 'MaxPooling2D', poolingConfig(size, strides, 'same'))
  // A border that never wins is 'same' with step 1; every further step then takes what stands at its place.
  if (!isSame({ ...pooling, strides: 1 }, input.shape)) throw borderless(module, path, input.shape)
  const dense = writer.add({ className: 'MaxPooling2D', name: `${path}_dense`, config: poolingConfig(size, 1, 'same'), inputs: [input], shape: input.shape })
  return writer.add({ className: 'MaxPooling2D', name: path, config: poolingConfig(1, strides, 'valid'), inputs: [dense], shape: shapeBehind(module, input.shape) })
}

const averagePool: Exporter = (exporting) => {
  const { module, path, input } = exporting
  const pooling = poolingOf(module)
  if (hasBorder(pooling.padding) && !isSame(pooling, input.shape)) throw borderless(module, path, input.shape)
  return write(exporting, 'AveragePooling2D', poolingConfig(pooling.size, pooling.strides, hasBorder(pooling.padding) ? 'same' : 'valid'))
}

/** Channels moved to their new places among channels of zeros, by a fixed convolution of 1 x 1. */
const placedChannels = ({ path, writer }: Exporting, input: Place, channels: number, before: number): Place => {
  const [height = 0, width = 0, inputs = 0] = input.shape
  if (inputs === channels) return input
  const values = new Float32Array(inputs * channels)
  for (let channel = 0; channel < inputs; channel++) values[channel * channels + channel + before] = 1
  return writer.add({
    className: 'Conv2D',
    name: path,
    config: { trainable: false, filters: channels, kernel_size: [1, 1], strides: [1, 1], padding: 'valid', data_format: 'channels_last', dilation_rate: [1, 1], activation: 'linear', use_bias: false },
    inputs: [input],
    shape: [height, width, channels],
    weights: [{ name: 'kernel', shape: [1, 1, inputs, channels], values }],
  })
}

/** A shortcut without weights: a pooling of step 2, and channels of zeros around those that there are. */
const shrinkingShortcut =
  (size: number, beforeOf: (added: number) => number): Exporter =>
  (exporting) => {
    const { module, path, input, writer } = exporting
    const [height = 0, width = 0, inputs = 0] = input.shape
    const channels = Number(module.description['channels'])
    const half = (side: number): number => Math.floor((side - size) / 2) + 1
    const pooled = writer.add({ className: 'AveragePooling2D', name: `${path}_pool`, config: poolingConfig(size, 2, 'valid'), inputs: [input], shape: [half(height), half(width), inputs] })
    return placedChannels(exporting, pooled, channels, beforeOf(channels - inputs))
  }

const child = (exporting: Exporting, name: string, input: Place): Place => {
  const { module, variables, path, writer } = exporting
  const inner = module.children[name]
  if (inner === undefined) return input
  return exportModule({ module: inner, variables: { params: branchAt(variables.params, name), state: branchAt(variables.state, name) }, path: path === '' ? name : `${path}.${name}`, input, writer })
}

/** Children one behind the other. */
const chain =
  (namesOf: (module: Module) => readonly string[]): Exporter =>
  (exporting) =>
    namesOf(exporting.module).reduce((place, name) => child(exporting, name, place), exporting.input)

const allChildren = chain(({ children }) => Object.keys(children))

const keras: Readonly<Record<Merge, string>> = { add: 'Add', subtract: 'Subtract', multiply: 'Multiply', average: 'Average', maximum: 'Maximum', concatenate: 'Concatenate' }

const merge = (writer: LayersWriter, kind: Merge, name: string, inputs: readonly Place[]): Place =>
  writer.add({ className: keras[kind], name, config: kind === 'concatenate' ? { axis: -1 } : {}, inputs, shape: mergedShape(kind, inputs.map(({ shape }) => shape)) })

/** `convolution1`, `norm1`, rectifier, `convolution2`, `norm2` and so on: rectifiers stand between the convolutions only, or behind the last one too. */
const separated =
  (endsRectified: boolean): ((module: Module) => readonly string[]) =>
  ({ children }) => {
    const convolutions = Object.keys(children).filter((name) => name.startsWith('convolution'))
    return convolutions.flatMap((name, index) => [name, name.replace('convolution', 'norm'), ...(endsRectified || index < convolutions.length - 1 ? ['relu'] : [])])
  }

const residualBlock: Exporter = (exporting) => {
  const { path, input, writer } = exporting
  const branch = chain(separated(false))(exporting)
  const sum = merge(writer, 'add', `${path}_add`, [branch, child(exporting, 'shortcut', input)])
  return child(exporting, 'relu', sum)
}

const invertedResidualBlock: Exporter = (exporting) => {
  const { module, path, input, writer } = exporting
  const branch = chain(separated(false))(exporting)
  return module.description['residual'] === true ? merge(writer, 'add', `${path}_add`, [branch, input]) : branch
}

const graph: Exporter = (exporting) => {
  const { module, path, input, writer } = exporting
  const places = new Map<string, Place>([['', input]])
  let output = input
  for (const { name, inputs, merge: kind = 'add' } of wiresOf(module)) {
    const given = inputs.map((source) => places.get(source) ?? input)
    const [only = input] = given
    output = child(exporting, name, given.length === 1 ? only : merge(writer, kind, `${path}_${name}`, given))
    places.set(name, output)
  }
  return output
}

const sizeOf = (shape: Shape): number => shape.reduce((product, axis) => product * axis, 1)

/** A number a channel, by a depthwise convolution of 1 x 1. */
const byChannel = (exporting: Exporting, factors: Float32Array, offsets: Float32Array | undefined): Place => {
  const { input } = exporting
  const channels = channelsOf(input.shape)
  if (input.shape.length !== 3) {
    throw new TransferkitError('export/unknown-module', `The module '${exporting.path}' scales or shifts values of shape [${String(input.shape)}]; only images can be written to a layers model.`)
  }
  const spread = (values: Float32Array): Float32Array => (values.length === 1 ? new Float32Array(channels).fill(values[0] ?? 0) : values)
  return write(
    exporting,
    'DepthwiseConv2D',
    { depth_multiplier: 1, kernel_size: [1, 1], strides: [1, 1], padding: 'valid', data_format: 'channels_last', dilation_rate: [1, 1], activation: 'linear', use_bias: offsets !== undefined },
    [{ name: 'depthwise_kernel', shape: [1, 1, channels, 1], values: spread(factors) }, ...(offsets === undefined ? [] : [{ name: 'bias', shape: [channels], values: spread(offsets) }])],
  )
}

/** How each kind of module is written, by the kind in its description. */
const exporters: Readonly<Record<string, Exporter>> = {
  convolution,
  'depthwise-convolution': convolution,
  dense,
  'batch-norm': batchNorm,
  relu: (exporting) => write(exporting, 'ReLU'),
  relu6: (exporting) => write(exporting, 'ReLU', { max_value: 6 }),
  clip: (exporting) => {
    const { lowest, highest } = exporting.module.description
    if (lowest !== 0) throw new TransferkitError('export/unknown-module', `The module '${exporting.path}' cuts numbers off at ${String(lowest)}; the layers of Keras do that at 0 only.`)
    return write(exporting, 'ReLU', { max_value: highest })
  },
  'leaky-relu': (exporting) => write(exporting, 'LeakyReLU', { alpha: exporting.module.description['slope'] }),
  activation: (exporting) => write(exporting, 'Activation', { activation: exporting.module.description['function'] }),
  rescaling: (exporting) => {
    const { factor, offset } = exporting.module.description
    return byChannel(exporting, Float32Array.of(Number(factor)), Float32Array.of(Number(offset)))
  },
  scale: (exporting) => byChannel(exporting, Float32Array.from(readSync(variable(exporting.variables.params, 'scale'))), undefined),
  offset: (exporting) => byChannel(exporting, Float32Array.of(1), Float32Array.from(readSync(variable(exporting.variables.params, 'offset')))),
  identity: ({ input }) => input,
  dropout: (exporting) => write(exporting, 'Dropout', { rate: exporting.module.description['rate'] }),
  'max-pool': maxPool,
  'average-pool': averagePool,
  'inside-average-pool': averagePool,
  'global-average-pool': (exporting) => write(exporting, 'GlobalAveragePooling2D', { data_format: 'channels_last' }),
  'global-max-pool': (exporting) => write(exporting, 'GlobalMaxPooling2D', { data_format: 'channels_last' }),
  'zero-padding': (exporting) => write(exporting, 'ZeroPadding2D', { padding: asRowsAndColumns(paddingOf(exporting.module.description)), data_format: 'channels_last' }),
  flatten: (exporting) => (exporting.input.shape.length === 1 ? exporting.input : write(exporting, 'Flatten', { data_format: 'channels_last' })),
  'flatten-by-channel': (exporting) => {
    const { path, input, writer } = exporting
    const [height = 0, width = 0, channels = 0] = input.shape
    const turned = writer.add({ className: 'Permute', name: `${path}_turned`, config: { dims: [3, 1, 2] }, inputs: [input], shape: [channels, height, width] })
    return writer.add({ className: 'Flatten', name: path, config: { data_format: 'channels_last' }, inputs: [turned], shape: [sizeOf(input.shape)] })
  },
  permute: (exporting) => write(exporting, 'Permute', { dims: exporting.module.description['order'] }),
  reshape: (exporting) => write(exporting, 'Reshape', { target_shape: shapeBehind(exporting.module, exporting.input.shape) }),
  'subsampling-shortcut': shrinkingShortcut(1, (added) => Math.floor(added / 2)),
  'pooling-shortcut': shrinkingShortcut(2, () => 0),
  sequential: allChildren,
  'convolution-block': allChildren,
  'depthwise-separable-block': chain(separated(true)),
  'residual-block': residualBlock,
  'bottleneck-block': residualBlock,
  'inverted-residual-block': invertedResidualBlock,
  [graphKind]: graph,
}

/**
 * Writes a module to a layers model.
 *
 * @throws TransferkitError `export/unknown-module` when the layers of Keras have nothing for it.
 * @internal
 */
export const exportModule = (exporting: Exporting): Place => {
  const { module, path } = exporting
  const { kind } = module.description
  const exporter = exporters[kind]
  if (exporter !== undefined) return exporter(exporting)
  throw new TransferkitError(
    'export/unknown-module',
    kind === 'adapted-convolution'
      ? `The module '${path}' is a convolution with an adapter. Fold the adapters first (foldAdapters), then export.`
      : `The module '${path}' is of the kind '${kind}', which cannot be written to a TensorFlow.js layers model. Known kinds are: ${Object.keys(exporters).join(', ')}.`,
  )
}
