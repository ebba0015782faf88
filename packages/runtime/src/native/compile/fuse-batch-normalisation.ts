import { flagAttribute, type GraphNode } from './graph-definition.js'
import { nodeOf, type ShapeOf } from './node-output.js'

/** What one operation does instead of several. */
interface Fusion {
  /** Nodes with other inputs and attributes, by name. */
  readonly changed: Map<string, GraphNode>
  /** Names of the nodes that are no longer needed. */
  readonly dropped: Set<string>
  /** Outputs of dropped nodes by what gives the same now. */
  readonly renamed: Map<string, string>
}

const rectified = flagAttribute(true)

/** The operations that take a residual, by the position of it: with the statistics of the batch, and with given ones. */
const residualPosition: Readonly<Record<string, number>> = { TransferkitBatchNorm: 3, TransferkitBatchNormInference: 5 }

/** The nodes in an order in which each comes after those that it depends on, near the given one. */
const sorted = (nodes: readonly GraphNode[]): readonly GraphNode[] => {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const order = new Set<GraphNode>()
  const visit = (node: GraphNode): void => {
    if (order.has(node)) return
    for (const input of node.inputs) {
      const before = byName.get(nodeOf(input))
      if (before !== undefined) visit(before)
    }
    order.add(node)
  }
  // All but the fused nodes stand behind what they depend on, so that this goes as deep as fused nodes follow on each other.
  nodes.forEach(visit)
  return [...order]
}

/**
 * Joins batch normalisation by our own operation with what follows: a sum with a residual, and the rectifier; and its gradient with theirs. @internal
 *
 * The operation computes the same numbers, bit for bit, and reads and writes the activations once instead of three times: forwards, `relu(norm(x) + residual)`; backwards, the
 * sum of two gradients of the output, the gradient of the rectifier, which is that of the residual, too, and that of the normalisation.
 *
 * @param nodes A graph; each node behind those that it depends on.
 * @param shapeOf Shapes of outputs.
 */
export const fuseBatchNorm = (nodes: readonly GraphNode[], shapeOf: ShapeOf): readonly GraphNode[] => {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const uses = new Map<string, GraphNode[]>()
  for (const node of nodes) for (const input of node.inputs) uses.set(input, [...(uses.get(input) ?? []), node])
  const { changed, dropped, renamed }: Fusion = { changed: new Map(), dropped: new Set(), renamed: new Map() }

  const onlyUse = (output: string): GraphNode | undefined => {
    const [first, ...others] = uses.get(output) ?? []
    return others.length > 0 ? undefined : first
  }
  const isSum = ({ operation }: GraphNode): boolean => operation === 'Add' || operation === 'AddV2'
  const haveOneShape = (...outputs: readonly string[]): boolean => {
    const [first, ...others] = outputs.map((output) => shapeOf(output)?.join())
    return first !== undefined && others.every((shape) => shape === first)
  }
  const dependsOn = (output: string, ancestor: GraphNode): boolean => {
    const met = new Set<string>()
    const open = [nodeOf(output)]
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (name === ancestor.name) return true
      if (met.has(name)) continue
      met.add(name)
      open.push(...(byName.get(name)?.inputs.map(nodeOf) ?? []))
    }
    return false
  }

  const fuseGradient = (norm: GraphNode, output: string, hasResidual: boolean): void => {
    const masks = (uses.get(output) ?? []).filter(({ operation, inputs }) => operation === 'ReluGrad' && inputs[1] === output)
    const [mask] = masks
    if (mask === undefined || masks.length > 1) return
    const gradients = (uses.get(mask.name) ?? []).filter(
      ({ operation, inputs }) => operation === 'TransferkitBatchNormGradient' && inputs[0] === mask.name && inputs[2] === norm.inputs[0] && inputs[6] === `${norm.name}:1`,
    )
    const [gradient] = gradients
    const [outputGradient = ''] = mask.inputs
    if (gradient === undefined || gradients.length > 1) return
    const [, none = '', input = '', , scale = '', , mean = '', variance = ''] = gradient.inputs
    if (!hasResidual) {
      if (onlyUse(mask.name) === undefined) return
      const [, , offset = ''] = norm.inputs
      changed.set(gradient.name, { ...gradient, inputs: [outputGradient, none, input, none, scale, offset, mean, variance], attributes: { ...gradient.attributes, rectified } })
    } else {
      const sum = byName.get(outputGradient)
      const [left = '', right = ''] = sum?.inputs ?? []
      const isJoined = sum !== undefined && isSum(sum) && onlyUse(sum.name) === mask && haveOneShape(sum.name, left, right)
      const [first, second] = isJoined ? [left, right] : [outputGradient, none]
      if (isJoined) dropped.add(sum.name)
      changed.set(gradient.name, { ...gradient, inputs: [first, second, input, output, scale, none, mean, variance], attributes: { ...gradient.attributes, rectified } })
      renamed.set(mask.name, `${gradient.name}:3`)
    }
    dropped.add(mask.name)
  }

  for (const norm of nodes) {
    const position = residualPosition[norm.operation]
    const next = onlyUse(norm.name)
    if (position === undefined || next === undefined || dropped.has(next.name)) continue
    const residual = isSum(next) ? next.inputs.find((input) => input !== norm.name) : undefined
    const fits = residual !== undefined && haveOneShape(norm.name, residual) && !dependsOn(residual, norm)
    const rectifier = isSum(next) ? (fits ? onlyUse(next.name) : undefined) : next
    if (rectifier?.operation !== 'Relu') continue
    const inputs = residual === undefined ? norm.inputs : norm.inputs.with(position, residual)
    changed.set(norm.name, { ...norm, inputs, attributes: { ...norm.attributes, rectified } })
    dropped.add(next.name).add(rectifier.name)
    renamed.set(rectifier.name, norm.name)
    fuseGradient(norm, rectifier.name, residual !== undefined)
  }

  const fused = nodes.filter(({ name }) => !dropped.has(name)).map((node) => changed.get(node.name) ?? node)
  return sorted(fused.map((node) => ({ ...node, inputs: node.inputs.map((input) => renamed.get(input) ?? input) })))
}
