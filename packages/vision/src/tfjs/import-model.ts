import type { Shape, TrainedNetwork } from '@transferkit/tensor'
import { readGraphModel } from './graph-model.js'
import { readLayersModel } from './layers-model.js'
import { parseModelJson } from './model-json.js'
import { networkOfGraph } from './network-of-graph.js'
import { decodeWeights } from './weights.js'

/** A TensorFlow.js model and how it is to be used. */
export interface TfjsModel {
  /** The text of `model.json`, or what `JSON.parse` made of it. */
  readonly modelJson: unknown
  /** The bytes of the weight files, one array a file in the order of {@link tfjsWeightPaths}, or all of them joined. */
  readonly weights: Uint8Array | readonly Uint8Array[]
  /** Name of the network in reports and artefacts; `tfjs-model` unless told. */
  readonly name?: string
  /** Layers after which the network has a tap. All layers after which the model is one tensor, unless told; fewer make shorter reports and coarser stages. */
  readonly taps?: readonly string[]
  /** Layer that becomes the head, a dense layer or a 1×1 convolution behind a global pooling; the last such layer unless told. `false` keeps all layers in front of a new head. */
  readonly head?: string | false
  /** Shape of one example, `[height, width, channel]`, for a model that takes images of any size. */
  readonly inputShape?: Shape
}

/**
 * A network of our own modules from a TensorFlow.js layers or graph model, with its weights: any strategy can work on it.
 *
 * Stages, and so taps, have the names of the model's layers; branches become one stage with the name of the layer where they meet. Dots in names become
 * underscores. TensorFlow's padding `same` becomes explicit zeros for the size of image that the model was made for. A softmax or sigmoid at the end is
 * dropped, so that outputs are logits, and the last dense layer becomes the head; changes of form in front of it disappear. A model without such a layer
 * gets a head that passes its features on. Quantised weights become 32-bit floats.
 *
 * @param model The two kinds of file, and how they are to be used.
 * @returns The network and its variables, whose tensors belong to the caller.
 * @throws TransferkitError `tfjs/not-a-model` when `modelJson` is something else.
 * @throws TransferkitError `tfjs/missing-shard`, `tfjs/shard-size` or `tfjs/weights` when the weights are not those of the model.
 * @throws TransferkitError `tfjs/unknown-layer`, `tfjs/unsupported-setting`, `tfjs/unsupported-activation` or `tfjs/graph` when a layer has no counterpart.
 * @throws TransferkitError `tfjs/input-shape` when the size of the images is told nowhere.
 * @throws TransferkitError `tfjs/unknown-tap` or `tfjs/head` when a layer that was asked for is not there.
 *
 * @example
 * ```ts
 * import { importTfjsModel, tfjsWeightPaths } from '@transferkit/vision'
 *
 * const load = async (address: string) => {
 *   const modelJson = await (await fetch(address)).text()
 *   const files = tfjsWeightPaths(modelJson).map(async (path) => new Uint8Array(await (await fetch(new URL(path, address))).arrayBuffer()))
 *   return importTfjsModel({ modelJson, weights: await Promise.all(files), name: 'mobilenet' })
 * }
 * ```
 */
export const importTfjsModel = ({ modelJson, weights, name = 'tfjs-model', taps, head, inputShape }: TfjsModel): TrainedNetwork => {
  const { topology, manifest } = parseModelJson(modelJson)
  const decoded = decodeWeights(manifest, weights)
  const graph = topology.kind === 'layers' ? readLayersModel(topology.className, topology.config, decoded, inputShape) : readGraphModel(topology.nodes, decoded, inputShape)
  return networkOfGraph(graph, { name, taps, head })
}
