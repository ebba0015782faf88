import type { GraphNode } from './graph-definition.js'
import { nodeOf, type ShapeOf } from './node-output.js'

/** What a block of a tensor was before it was joined with others or padded; undefined where it is none of those. */
const originOf = (source: GraphNode, begin: readonly number[], size: readonly number[], constantOf: (output: string) => readonly number[] | undefined, shapeOf: ShapeOf): string | undefined => {
  if (source.operation === 'PadV2' || source.operation === 'Pad') {
    const [padded = '', paddings = ''] = source.inputs
    const before = constantOf(paddings)?.filter((_, index) => index % 2 === 0)
    return String(before) === String(begin) && String(shapeOf(padded)) === String(size) ? padded : undefined
  }
  if (source.operation !== 'ConcatV2') return undefined
  const [axis] = constantOf(source.inputs.at(-1) ?? '') ?? []
  if (axis === undefined) return undefined
  const along = axis < 0 ? begin.length + axis : axis
  let offset = 0
  for (const part of source.inputs.slice(0, -1)) {
    const shape = shapeOf(part)
    if (shape === undefined) return undefined
    if (String(shape) === String(size) && begin.every((first, each) => first === (each === along ? offset : 0))) return part
    offset += shape[along] ?? 0
  }
  return undefined
}

/**
 * Takes a tensor itself where a block is cut out that is all of it: out of what it was joined with, as a sequence is with its mask, or out of the zeros that gradients of such a
 * block are padded with. What nothing needs any more stays in the graph. @internal
 *
 * @param nodes A graph; each node behind those that it depends on.
 * @param shapeOf Shapes of outputs.
 */
export const withoutCopies = (nodes: readonly GraphNode[], shapeOf: ShapeOf): readonly GraphNode[] => {
  const byName = new Map<string, GraphNode>()
  const renamed = new Map<string, string>()
  const constantOf = (output: string): readonly number[] | undefined => byName.get(nodeOf(output))?.integers
  return nodes.map((given) => {
    const node = { ...given, inputs: given.inputs.map((input) => renamed.get(input) ?? input) }
    byName.set(node.name, node)
    if (node.operation !== 'Slice') return node
    const [whole = '', first = ''] = node.inputs
    const [source, begin, size] = [byName.get(nodeOf(whole)), constantOf(first), shapeOf(node.name)]
    const origin = source === undefined || begin === undefined || size === undefined ? undefined : originOf(source, begin, size, constantOf, shapeOf)
    if (origin !== undefined) renamed.set(node.name, origin)
    return node
  })
}
