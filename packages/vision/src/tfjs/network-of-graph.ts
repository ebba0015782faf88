import {
  denseLayer,
  flattenLayer,
  flattenTree,
  globalAveragePoolLayer,
  identityLayer,
  type Logits,
  type Module,
  nearestSpelling,
  network,
  scope,
  sequential,
  type Shape,
  type Stage,
  type Tensor,
  type TrainedNetwork,
  TransferkitError,
  unflattenTree,
  type Variables,
  type Vectors,
} from '@transferkit/tensor'
import { graphModule, type Wire } from './imported-layers.js'
import { type LayerGraph, type ShapedNode, variablesOf } from './layer-graph.js'
import type { Step } from './steps.js'
import type { Weight } from './weights.js'

/** How an imported model is cut. @internal */
export interface CutOptions {
  /** Name of the network. */
  readonly name: string
  /** Layers after which stages end. */
  readonly taps: readonly string[] | undefined
  /** Layer that becomes the head; `false` for none; the last one unless told. */
  readonly head: string | false | undefined
}

/** A module with the variables of the steps inside, by path. */
interface Part {
  readonly module: Module
  readonly steps: readonly (readonly [path: string, step: Step])[]
}

/** Dots are what paths are joined with. */
const safe = (name: string): string => name.replaceAll('.', '_')

/** The steps of one layer: the only one itself, or several in a sequence. */
const partOfSteps = (steps: readonly Step[]): Part => {
  const [only] = steps
  if (only === undefined) return { module: identityLayer(), steps: [] }
  if (steps.length === 1) return { module: only.module, steps: [['', only]] }
  const names = steps.map(({ name }, index) => (steps.findIndex((step) => step.name === name) === index ? name : `${name}${index + 1}`))
  return {
    module: sequential(Object.fromEntries(steps.map(({ module }, index) => [names[index] ?? '', module]))),
    steps: steps.map((step, index) => [names[index] ?? '', step]),
  }
}

const under = (name: string, { steps }: Part): Part['steps'] => steps.map(([path, step]) => [path === '' ? name : `${name}.${path}`, step])

/** Layers between two points at which the model is one tensor. */
const partOfNodes = (nodes: readonly ShapedNode[], input: string): Part => {
  const [only] = nodes
  if (nodes.length === 1 && only?.inputs.length === 1) return partOfSteps(only.steps)
  const named = nodes.map((node) => ({ node, name: safe(node.name), part: partOfSteps(node.steps) }))
  const wires = named.map(({ node, name }): Wire => ({ name, inputs: node.inputs.map((source) => (source === input ? '' : safe(source))), ...(node.merge === undefined ? {} : { merge: node.merge }) }))
  const withSteps = named.filter(({ node, part }) => node.merge === undefined || part.steps.length > 0)
  return {
    module: graphModule(Object.fromEntries(withSteps.map(({ name, part }) => [name, part.module])), wires),
    steps: withSteps.flatMap(({ name, part }) => under(name, part)),
  }
}

/** A stretch of a model with one tensor at its beginning and one at its end. */
interface Segment {
  readonly name: string
  readonly part: Part
}

/** Cuts a model wherever it is one tensor. */
const segmentsOf = ({ nodes, input }: LayerGraph): readonly Segment[] => {
  const lastUse = new Map<string, number>()
  nodes.forEach(({ inputs }, index) => inputs.forEach((source) => lastUse.set(source, index)))
  const segments: Segment[] = []
  let [start, front, reach] = [0, input, lastUse.get(input) ?? 0]
  nodes.forEach((node, index) => {
    // Everything in front, but this layer's output, has been used up.
    if (reach <= index) {
      segments.push({ name: safe(node.name), part: partOfNodes(nodes.slice(start, index + 1), front) })
      start = index + 1
      front = node.name
    }
    reach = Math.max(reach, lastUse.get(node.name) ?? index)
  })
  return segments
}

/** Joins segments so that stages end at the taps that were asked for, and at the last one. */
const joined = (segments: readonly Segment[], taps: readonly string[], network: string): readonly Segment[] => {
  const names = segments.map(({ name }) => name)
  for (const tap of taps) {
    if (names.includes(safe(tap))) continue
    const inside = segments.find(({ part }) => safe(tap) in part.module.children)
    if (inside !== undefined) throw new TransferkitError('tfjs/unknown-tap', `The layer '${tap}' of '${network}' stands in a branch, where the model is more than one tensor; the branches meet at '${inside.name}'. Use that as the tap.`)
    const nearest = nearestSpelling(tap, names)
    throw new TransferkitError('tfjs/unknown-tap', `'${network}' has no layer '${tap}' to tap.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`} Its taps are: ${names.join(', ')}.`)
  }
  const ends = new Set([...taps.map(safe), names.at(-1)])
  const stages: Segment[] = []
  let open: Segment[] = []
  for (const segment of segments) {
    open.push(segment)
    if (!ends.has(segment.name)) continue
    const part = open.length === 1 ? segment.part : { module: sequential(Object.fromEntries(open.map(({ name, part: { module } }) => [name, module]))), steps: open.flatMap(({ name, part }) => under(name, part)) }
    stages.push({ name: segment.name, part })
    open = []
  }
  return stages
}

/** A step with where it stands. */
interface Link {
  readonly node: ShapedNode
  readonly step: Step
  readonly before: Shape
  readonly after: Shape
}

const kindOf = ({ step }: Link): string => step.module.description.kind

const isReshaping = (link: Link): boolean => ['reshape', 'flatten'].includes(kindOf(link))

/** Whether a step only changes the form of the features, or does nothing in inference. */
const isPassing = (link: Link): boolean => isReshaping(link) || ['dropout', 'identity'].includes(kindOf(link))

/** Softmax, and the sigmoid of models with two classes: logits are what stands in front of them. */
const isFinal = (link: Link): boolean => kindOf(link) === 'activation' && ['softmax', 'sigmoid'].includes(String(link.step.module.description['function']))

const isVector = (shape: Shape): boolean => shape.length === 1

/** A fully connected layer, or a 1×1 convolution of one position, which is the same. */
const isLinear = (link: Link): boolean => {
  const { kind, kernelSize, strides, padding } = link.step.module.description
  if (kind === 'dense') return isVector(link.before)
  const [height, width] = link.before
  return kind === 'convolution' && height === 1 && width === 1 && kernelSize === 1 && strides === 1 && padding === 0
}

/** The end of a model, from its last branch or from its beginning, step by step. */
const tailOf = ({ nodes, input }: LayerGraph): { readonly front: readonly ShapedNode[]; readonly links: readonly Link[] } => {
  let start = nodes.length
  for (; start > 0; start--) {
    const [node, behind] = [nodes[start - 1], nodes[start]]
    const uses = nodes.flatMap(({ inputs }) => inputs).filter((source) => source === node?.name).length
    if (node?.inputs.length !== 1 || (behind !== undefined && (uses !== 1 || behind.inputs[0] !== node.name))) break
  }
  // A layer in front that is used more than once, or by another layer than the next, ends the tail.
  const front = nodes.slice(0, start)
  const last = front.at(-1)?.name ?? input
  if (start < nodes.length && nodes[start]?.inputs[0] !== last) return { front: nodes, links: [] }
  const links = nodes.slice(start).flatMap((node) => node.steps.map((step, index) => ({ node, step, before: node.shapes[index] ?? [], after: node.shapes[index + 1] ?? [] })))
  return { front, links }
}

interface Ending {
  readonly links: readonly Link[]
  readonly head: Link | undefined
}

/** The steps without a softmax at their end. */
const withoutFinal = (links: readonly Link[]): readonly Link[] => {
  const last = links.findLastIndex((link) => !isPassing(link))
  const final = links[last]
  return final !== undefined && isFinal(final) ? links.filter((_link, index) => index !== last) : links
}

/** Takes softmax and changes of form from the end of a model, and the linear layer in front of them as the head. */
const withoutEnd = (links: readonly Link[], head: CutOptions['head'], network: string): Ending => {
  const rest = [...links]
  const dropWhile = (drops: (link: Link) => boolean): void => {
    for (let last = rest.at(-1); last !== undefined && drops(last); last = rest.at(-1)) rest.pop()
  }
  if (head === false) return { links: withoutFinal(links), head: undefined }
  dropWhile((link) => (isPassing(link) || isFinal(link)) && link.node.name !== head)
  dropWhile((link) => isFinal(link))
  const candidate = rest.at(-1)
  if (candidate !== undefined && isLinear(candidate) && (head === undefined || candidate.node.name === head)) return { links: rest.slice(0, -1), head: candidate }
  if (head !== undefined) {
    throw new TransferkitError(
      'tfjs/head',
      `The layer '${head}' cannot be the head of '${network}': a head is a dense layer or a 1x1 convolution behind a global pooling, with nothing but a softmax behind it. Leave 'head' out to take the last such layer, or give false to keep all layers in front of a new head.`,
    )
  }
  return { links: withoutFinal(links), head: undefined }
}

interface Features {
  readonly segments: readonly Segment[]
  readonly size: number
}

/** Lets the features end as a vector without needless changes of form. */
const asVector = (links: readonly Link[], front: readonly ShapedNode[], inputShape: Shape): Features => {
  const pooled = links.findLastIndex((link) => !isPassing(link)) + 1
  const shape = pooled === 0 ? (front.at(-1)?.shapes.at(-1) ?? inputShape) : (links[pooled - 1]?.after ?? [])
  const [computing, passing] = [links.slice(0, pooled), links.slice(pooled)]
  const firstReshaping = passing.find(isReshaping)
  const flat = (link: Link): Link => ({ ...link, step: { name: 'flatten', module: flattenLayer() } })
  const kept = passing.filter((link) => !isReshaping(link) || (link === firstReshaping && !isVector(shape))).map((link) => (link === firstReshaping ? flat(link) : link))
  const steps = [...computing, ...kept]
  const names = [...new Set(steps.map(({ node }) => node.name))]
  const segments = names.map((name) => ({ name: safe(name), part: partOfSteps(steps.filter(({ node }) => node.name === name).map(({ step }) => step)) }))
  const size = shape.reduce((product, axis) => product * axis, 1)
  if (isVector(shape) || firstReshaping !== undefined) return { segments, size }
  const [height, width, channels = size] = shape
  const pools = shape.length === 3 && !(height === 1 && width === 1)
  const [name, module] = pools ? ['pooled', globalAveragePoolLayer()] : ['flatten', flattenLayer()]
  return { segments: [...segments, { name, part: { module, steps: [] } }], size: pools ? channels : size }
}

/** The head as a dense layer; none where the features are the outputs. */
const headOf = (link: Link | undefined, classes: number): Part & { readonly classes: number } => {
  if (link === undefined) return { module: identityLayer(), steps: [], classes }
  const { filter, weight, bias } = link.step.params ?? {}
  const given = weight ?? filter
  const matrix: Weight = { shape: given?.shape.slice(-2) ?? [], values: given?.values ?? new Float32Array() }
  const units = matrix.shape[1] ?? 0
  const module = denseLayer({ units, bias: bias !== undefined })
  return { module, classes: units, steps: [['', { name: 'dense', module, params: { weight: matrix, ...(bias === undefined ? {} : { bias }) } }]] }
}

const treesOf = (parts: readonly (readonly [string, Part])[]): Variables =>
  scope(() => {
    const made = parts.flatMap(([name, part]) => under(name, part)).map(([path, step]) => ({ path, variables: variablesOf(step) }))
    const tree = (pick: keyof Variables): Variables[keyof Variables] =>
      // Leaves are tensors, so the tree is one of tensors.
      unflattenTree<Tensor>(made.flatMap(({ path, variables }) => flattenTree<Tensor>(variables[pick]).map(({ path: inner, leaf }) => ({ path: `${path}.${inner}`, leaf }))))
    return { params: tree('params'), state: tree('state') }
  })

/**
 * A network of our own modules from an imported model.
 *
 * @param graph The model.
 * @param options Name, taps and head.
 * @internal
 */
export const networkOfGraph = (graph: LayerGraph, options: CutOptions): TrainedNetwork => {
  const { front, links } = tailOf(graph)
  const ending = withoutEnd(links, options.head, options.name)
  const features = asVector(ending.links, front, graph.inputShape)
  const segments = [...segmentsOf({ ...graph, nodes: front }), ...features.segments]
  const all = segments.length > 0 ? segments : [{ name: 'features', part: { module: flattenLayer(), steps: [] } }]
  const used = options.taps === undefined ? all : joined(all, options.taps, options.name)
  // The classifier's name is taken.
  const stages = used.map(({ name, part }) => ({ name: name === 'head' ? 'head_' : name, part }))
  const head = headOf(ending.head, features.size)
  const made = network({
    name: options.name,
    inputShape: graph.inputShape,
    classes: head.classes,
    stages: stages.map(({ name, part }): Stage => ({ name, module: part.module })),
    // From one vector an example to one score a class.
    head: head.module as unknown as Module<Vectors, Logits>,
  })
  return { network: made, variables: treesOf([...stages.map(({ name, part }) => [name, part] as const), ['head', head]]) }
}
