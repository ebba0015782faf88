import { tilesOfMap } from '../winograd.js'
import type { GraphNode } from './graph-definition.js'
import { nodeOf, type ShapeOf } from './node-output.js'

/** How many times as large what is kept may be as what it is computed from. */
const mostGrowth = 4

const elements = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

/** A graph in two parts. @internal */
export interface ComputedOnce {
  /** Nodes that can be computed when the graph is defined, in order, with the kept tensors and constants that they read. */
  readonly once: readonly GraphNode[]
  /** Outputs of them that are kept, because the others need them. */
  readonly kept: readonly string[]
  /** All other nodes, which read those outputs. */
  readonly always: readonly GraphNode[]
}

/**
 * Whether a convolution by our own operation takes so few tiles that to transform its filter is a good part of the work: a fiftieth at least. With more tiles the
 * transformed filters are not worth their memory.
 */
const hasFewTiles = ([batch = 0, height = 0, width = 0, inputs = 0]: readonly number[], [, , , outputs = 0]: readonly number[]): boolean =>
  batch * tilesOfMap([height, width]) < Math.max(inputs, outputs)

/**
 * Finds what does not have to be computed at every replay, because it depends on nothing but tensors that are kept: adapters that are folded into filters, scales of
 * channels, and filters as our own convolution transforms them, which is made a node of its own for that.
 *
 * What is much larger than what it is computed from is computed every time.
 *
 * @param nodes A graph; each node behind those that it depends on.
 * @param captured Names of the nodes that are kept tensors.
 * @param fetched Names of the nodes that are results.
 * @param shapeOf Shapes of outputs.
 * @internal
 */
export const computeOnce = (nodes: readonly GraphNode[], captured: ReadonlySet<string>, fetched: ReadonlySet<string>, shapeOf: ShapeOf): ComputedOnce => {
  /** Kept tensors behind each node that depends on nothing but those and constants of the graph, with their elements. */
  const origins = new Map<string, ReadonlyMap<string, number>>()
  const originsOf = (output: string): ReadonlyMap<string, number> | undefined => origins.get(nodeOf(output))
  const sizeOf = (output: string): number => elements(shapeOf(output) ?? [Infinity])
  for (const { name, operation, inputs } of nodes) {
    if (captured.has(name)) origins.set(name, new Map([[name, sizeOf(name)]]))
    if (operation === 'Placeholder' || fetched.has(name)) continue
    const behind = inputs.map(originsOf)
    if (behind.includes(undefined)) continue
    const all = new Map(behind.flatMap((origin) => [...(origin ?? [])]))
    const given = [...all.values()].reduce((sum, size) => sum + size, 0)
    if (all.size === 0 || sizeOf(name) <= mostGrowth * given) origins.set(name, all)
  }

  const isComputedOnce = (output: string): boolean => !captured.has(nodeOf(output)) && (originsOf(output)?.size ?? 0) > 0
  const split = (node: GraphNode): readonly GraphNode[] => {
    const [images = '', filter = ''] = node.inputs
    const behind = originsOf(filter)
    if (node.operation !== 'TransferkitConvolution' || behind === undefined || behind.size === 0 || isComputedOnce(node.name)) return [node]
    if (!hasFewTiles(shapeOf(images) ?? [], shapeOf(node.name) ?? [])) return [node]
    const { transposed: _, ...tiles } = node.attributes
    const transform: GraphNode = { name: `${node.name}_filter`, operation: 'TransferkitFilterTransform', inputs: [filter], attributes: node.attributes }
    origins.set(transform.name, behind)
    return [transform, { ...node, operation: 'TransferkitTransformedConvolution', inputs: [images, transform.name], attributes: tiles }]
  }
  const all = nodes.flatMap(split)
  const always = all.filter(({ name }) => !isComputedOnce(name))
  const kept = [...new Set(always.flatMap(({ inputs }) => inputs.filter(isComputedOnce)))]
  return { once: all.filter(({ name }) => origins.has(name)), kept, always }
}
