import { type Module, reshape, type Shape, type Tensor, TransferkitError, transpose } from '@transferkit/tensor'

/** How PyTorch keeps a variable of ours. */
export interface Layout {
  /** What PyTorch calls it inside its module. */
  readonly name: string
  /** Shape of the official tensor, from the shape of ours. */
  officialShape(shape: Shape): Shape
  /** Our tensor of a shape from the official one. */
  ours(official: Tensor, shape: Shape): Tensor
  /** The official tensor from ours. */
  official(ours: Tensor): Tensor
}

const unchanged = (name: string): Layout => ({ name, officialShape: (shape) => shape, ours: (official) => official, official: (ours) => ours })

const reordered = (order: readonly number[]): Layout => {
  const back = order.map((_, axis) => order.indexOf(axis))
  return {
    name: 'weight',
    officialShape: (shape) => back.map((axis) => shape[axis] ?? 0),
    ours: (official) => transpose(official, order),
    official: (ours) => transpose(ours, back),
  }
}

/** Convolutions are [output, input, height, width] there. */
const filter = reordered([2, 3, 1, 0])

/** The filters of one channel after the other count as outputs there, each with a single input. */
const merged = ([height = 0, width = 0, channels = 0, multiplier = 0]: Shape): Shape => [height, width, 1, channels * multiplier]

const depthwiseFilter: Layout = {
  name: 'weight',
  officialShape: (shape) => filter.officialShape(merged(shape)),
  ours: (official, shape) => reshape(filter.ours(official, shape), shape),
  official: (ours) => filter.official(reshape(ours, merged(ours.shape))),
}

const layouts: Readonly<Record<string, Layout>> = {
  filter,
  // Linear layers are [output, input] there.
  weight: reordered([1, 0]),
  bias: unchanged('bias'),
  scale: unchanged('weight'),
  offset: unchanged('bias'),
  mean: unchanged('running_mean'),
  variance: unchanged('running_var'),
}

/** A convolution with an adapter keeps its own filters, and says of what kind it is. */
const isDepthwise = (layer: Module | undefined): boolean => [layer?.description.kind, layer?.description['convolution']].includes('depthwise-convolution')

/**
 * How PyTorch keeps a variable.
 *
 * @param path Path of the variable in the network.
 * @param layer The layer that it belongs to, where there is one at the path before its last name.
 * @throws TransferkitError `pytorch/unknown-variable` when PyTorch has no such variable.
 */
export const layoutOf = (path: string, layer: Module | undefined): Layout => {
  const leaf = path.slice(path.lastIndexOf('.') + 1)
  const layout = leaf === 'filter' && isDepthwise(layer) ? depthwiseFilter : layouts[leaf]
  if (layout === undefined) throw new TransferkitError('pytorch/unknown-variable', `The variable '${path}' has no counterpart in PyTorch; known are: ${Object.keys(layouts).join(', ')}.`)
  return layout
}
