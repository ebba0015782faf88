import { type Shape, type Tensor, tensor, TransferkitError, type Variables } from '@transferkit/tensor'
import type { Merge } from './imported-layers.js'
import { mergedShape, shapeBehind } from './module-shapes.js'
import type { Step } from './steps.js'
import type { Weight } from './weights.js'

/** One layer of an imported model: it merges its inputs where there are several, then takes its steps. @internal */
export interface GraphNode {
  /** Name of the layer in its model. */
  readonly name: string
  /** Names of the layers in front. */
  readonly inputs: readonly string[]
  /** How several inputs become one. */
  readonly merge?: Merge
  /** What it computes, in order. */
  readonly steps: readonly Step[]
}

/** A layer whose shapes are known. @internal */
export interface ShapedNode extends GraphNode {
  /** Shape of one example in front of each step, and behind the last one. */
  readonly shapes: readonly Shape[]
}

/** An imported model, whatever its file format was. @internal */
export interface LayerGraph {
  /** Name of the input. */
  readonly input: string
  /** Shape of one example. */
  readonly inputShape: Shape
  /** The layers, each behind its inputs. */
  readonly nodes: readonly ShapedNode[]
  /** Name of the layer whose output is that of the model. */
  readonly output: string
}

/** Collects the layers of a model, each behind its inputs. @internal */
export interface GraphBuilder {
  /** Adds a layer and finds its shapes. */
  add(node: GraphNode): void
  /** Lets another name stand for the output of a layer. */
  alias(name: string, target: string): void
  /** Shape of one example behind a layer. */
  shapeOf(name: string): Shape
  /** The layer that a name stands for. */
  resolve(name: string): string
  /** The layers so far. */
  nodes(): readonly ShapedNode[]
}

const treeOf = (weights: Readonly<Record<string, Weight>> = {}): Readonly<Record<string, Tensor>> =>
  Object.fromEntries(Object.entries(weights).map(([name, { values, shape }]) => [name, tensor(values, shape)]))

/** The weights of a step as tensors. @internal */
export const variablesOf = ({ params, state }: Step): Variables => ({ params: treeOf(params), state: treeOf(state) })

/**
 * Collects the layers of a model.
 *
 * @param input Name of the input.
 * @param inputShape Shape of one example.
 * @internal
 */
export const graphBuilder = (input: string, inputShape: Shape): GraphBuilder => {
  const placed = new Map<string, ShapedNode>()
  const aliases = new Map<string, string>()
  const resolve = (name: string): string => {
    const target = aliases.get(name)
    return target === undefined ? name : resolve(target)
  }
  const shapeOf = (name: string): Shape => {
    const resolved = resolve(name)
    const shape = resolved === input ? inputShape : placed.get(resolved)?.shapes.at(-1)
    if (shape === undefined) throw new TransferkitError('tfjs/graph', `The model takes the output of a layer '${name}' that it does not have. Is the model.json complete?`)
    return shape
  }
  return {
    resolve,
    shapeOf,
    alias: (name, target) => void aliases.set(name, target),
    nodes: () => [...placed.values()],
    add: (node) => {
      if (placed.has(node.name)) throw new TransferkitError('tfjs/graph', `The model has two layers called '${node.name}'. Give them names of their own.`)
      const inputs = node.inputs.map(resolve)
      const shapes: Shape[] = []
      try {
        shapes.push(mergedShape(node.merge ?? 'add', inputs.map(shapeOf)))
        for (const { module } of node.steps) shapes.push(shapeBehind(module, shapes.at(-1) ?? []))
      } catch (cause) {
        if (!TransferkitError.isInstance(cause) || cause.code !== 'tfjs/shape') throw cause
        throw new TransferkitError('tfjs/shape', `The layer '${node.name}' does not fit behind those in front of it: ${cause.message}`, { cause })
      }
      placed.set(node.name, { ...node, inputs, shapes })
    },
  }
}

/**
 * Names in an order in which each stands behind those that it needs; names that are not needed are left out.
 *
 * @param wanted The names that are needed in the end.
 * @param inputsOf What a name needs.
 * @throws TransferkitError `tfjs/graph` when names need each other in a circle.
 * @internal
 */
export const inOrder = (wanted: readonly string[], inputsOf: (name: string) => readonly string[]): readonly string[] => {
  const done = new Set<string>()
  const open = new Set<string>()
  const stack = wanted.toReversed()
  for (let name = stack.at(-1); name !== undefined; name = stack.at(-1)) {
    if (done.has(name)) {
      stack.pop()
      continue
    }
    const waiting = inputsOf(name).filter((input) => !done.has(input))
    if (waiting.length === 0) {
      done.add(name)
      stack.pop()
      continue
    }
    if (open.has(name) && waiting.some((input) => open.has(input))) {
      throw new TransferkitError('tfjs/graph', `The layers of the model need each other in a circle, through '${name}'. Recurrent networks cannot be imported.`)
    }
    open.add(name)
    stack.push(...waiting.toReversed())
  }
  return [...done]
}

