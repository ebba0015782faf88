import {
  add,
  averagePool,
  clip,
  concat,
  composite,
  divide,
  elu,
  gelu,
  type Images,
  layer,
  leakyRelu,
  max,
  maximum,
  type Module,
  multiply,
  ones,
  pad,
  type Padding,
  reshape,
  type Shape,
  sigmoid,
  softmax,
  softplus,
  subtract,
  tanh,
  type Tensor,
  TransferkitError,
  transpose,
  variable,
  type Vectors,
  zeros,
} from '@transferkit/tensor'

/** Activation functions without settings, by their Keras names. */
const functions = {
  sigmoid,
  tanh,
  elu,
  softplus,
  softmax,
  gelu,
  swish: (x: Tensor): Tensor => multiply(x, sigmoid(x)),
  hard_sigmoid: (x: Tensor): Tensor => clip(add(multiply(x, 0.2), 0.5), 0, 1),
} satisfies Readonly<Record<string, (x: Tensor) => Tensor>>

/** Name of an activation function of {@link activationLayer}. @internal */
export type ActivationName = keyof typeof functions

/** Names of all activation functions of {@link activationLayer}. @internal */
// The keys of the table are its names.
export const activationNames = Object.keys(functions) as readonly ActivationName[]

/** An activation function as a layer. @internal */
export const activationLayer = (name: ActivationName): Module => layer({ description: { kind: 'activation', function: name }, apply: (_variables, x: Tensor) => ({ output: functions[name](x) }) })

/** A rectifier that lets a part of negative numbers through. @internal */
export const leakyReluLayer = (slope: number): Module => layer({ description: { kind: 'leaky-relu', slope }, apply: (_variables, x: Tensor) => ({ output: leakyRelu(x, slope) }) })

/** Numbers kept between two limits. @internal */
export const clipLayer = (lowest: number, highest: number): Module => layer({ description: { kind: 'clip', lowest, highest }, apply: (_variables, x: Tensor) => ({ output: clip(x, lowest, highest) }) })

/** `factor · x + offset`, with constants that are not trained. @internal */
export const rescalingLayer = (factor: number, offset: number): Module =>
  layer({ description: { kind: 'rescaling', factor, offset }, apply: (_variables, x: Tensor) => ({ output: add(multiply(x, factor), offset) }) })

/** A factor for each channel, or for each element. Variable: `scale`. @internal */
export const scaleLayer = (shape: Shape): Module =>
  layer({ description: { kind: 'scale', shape }, init: () => ({ params: { scale: ones(shape) }, state: {} }), apply: ({ params }, x: Tensor) => ({ output: multiply(x, variable(params, 'scale')) }) })

/** A summand for each channel, or for each element. Variable: `offset`. @internal */
export const offsetLayer = (shape: Shape): Module =>
  layer({ description: { kind: 'offset', shape }, init: () => ({ params: { offset: zeros(shape) }, state: {} }), apply: ({ params }, x: Tensor) => ({ output: add(x, variable(params, 'offset')) }) })

const around = (x: Images, [rows, columns]: Padding): Images =>
  // A border leaves images.
  pad(x, [[0, 0], rows, columns, [0, 0]]) as Images

/** A border of zeros. @internal */
export const zeroPaddingLayer = (padding: Padding): Module<Images, Images> =>
  layer<Images, Images>({ description: { kind: 'zero-padding', padding: padding.flat() }, apply: (_variables, x) => ({ output: around(x, padding) }) })

/** Means over the part of each window that lies inside the image. @internal */
export const insideAveragePoolLayer = ({ size, strides, padding }: { readonly size: number; readonly strides: number; readonly padding: Padding }): Module<Images, Images> =>
  layer<Images, Images>({
    description: { kind: 'inside-average-pool', size, strides, padding: padding.flat() },
    apply: (_variables, x) => {
      const [, height, width] = x.shape
      const share = averagePool(around(ones([1, height, width, 1]), padding), { size, strides })
      // The share of a window that lies inside is one number a position.
      return { output: divide(averagePool(around(x, padding), { size, strides }) as Tensor, share as Tensor) as Images }
    },
  })

/** Largest element of all positions: images to vectors. @internal */
export const globalMaxPoolLayer = (): Module<Images, Vectors> =>
  layer<Images, Vectors>({ description: { kind: 'global-max-pool' }, apply: (_variables, x) => ({ output: max(x, [1, 2]) }) })

/** Another shape for each example. @internal */
export const reshapeLayer = (shape: Shape): Module => layer({ description: { kind: 'reshape', shape }, apply: (_variables, x: Tensor) => ({ output: reshape(x, [x.shape[0] ?? 1, ...shape]) }) })

/** Axes of each example in another order; `order` counts from 1, as Keras does, for 0 is the batch. @internal */
export const permuteLayer = (order: readonly number[]): Module =>
  layer({ description: { kind: 'permute', order }, apply: (_variables, x: Tensor) => ({ output: transpose(x, [0, ...order]) }) })

/** How several tensors become one. @internal */
export type Merge = 'add' | 'subtract' | 'multiply' | 'average' | 'maximum' | 'concatenate'

type Several = readonly [Tensor, ...Tensor[]]

const fold = (op: (left: Tensor, right: Tensor) => Tensor): ((tensors: Several) => Tensor) => ([first, ...others]) => others.reduce(op, first)

const sum = fold((left, right) => add(left, right))

const merges: Readonly<Record<Merge, (tensors: Several) => Tensor>> = {
  add: sum,
  subtract: fold((left, right) => subtract(left, right)),
  multiply: fold((left, right) => multiply(left, right)),
  average: (tensors) => divide(sum(tensors), tensors.length),
  maximum: fold((left, right) => maximum(left, right)),
  concatenate: (tensors) => concat(tensors, -1),
}

/** Several tensors made into one. */
const merged = (merge: Merge, tensors: readonly Tensor[]): Tensor => {
  const [first, ...others] = tensors
  if (first === undefined) throw new TransferkitError('tfjs/graph', `There is nothing for '${merge}' to merge.`)
  return merges[merge]([first, ...others])
}

/** One node of a {@link graphModule}: merges its inputs if there are several, then applies the module of its name if there is one. @internal */
export interface Wire {
  /** Name of the node, and of the module inside it. */
  readonly name: string
  /** Names of nodes in front; the empty name is the input of the whole. */
  readonly inputs: readonly string[]
  /** How several inputs become one. */
  readonly merge?: Merge
}

/** Kind of a {@link graphModule}. @internal */
export const graphKind = 'graph'

/**
 * Modules wired with branches. The wiring is plain data in the description, so that others can read it.
 *
 * @param children The modules by name of their node.
 * @param wires The nodes, each behind its inputs; the last is the output.
 * @internal
 */
export const graphModule = (children: Readonly<Record<string, Module>>, wires: readonly Wire[]): Module =>
  composite({
    description: { kind: graphKind, wiring: JSON.stringify(wires) },
    children,
    forward: (run, input: Tensor) => {
      const values = new Map<string, Tensor>([['', input]])
      let output = input
      for (const { name, inputs, merge = 'add' } of wires) {
        const given = inputs.map((source) => values.get(source) ?? input)
        const [only = input] = given
        const x = given.length === 1 ? only : merged(merge, given)
        output = name in children ? run(name, x) : x
        values.set(name, output)
      }
      return output
    },
  })

/** The wiring of a {@link graphModule}. @internal */
export const wiresOf = ({ description }: Module): readonly Wire[] =>
  // Written by `graphModule` above.
  JSON.parse(String(description['wiring'])) as readonly Wire[]
