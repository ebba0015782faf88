import { type Module, type TrainedNetwork, TransferkitError } from '@transferkit/tensor'
import { floatEntry } from '@transferkit/training'
import { type KerasLayer, layersWriter } from './layers-writer.js'
import { exportModule } from './module-exporters.js'

/** Settings of {@link exportLayersModel}. */
export interface ExportLayersOptions {
  /** Whether a softmax ends the model, so that it gives probabilities; false unless told, which gives logits. */
  readonly softmax?: boolean
  /** Names of the classes in order, kept in the model's metadata under `classNames`. */
  readonly classNames?: readonly string[]
  /** Name of the file with the weights; `weights.bin` unless told. */
  readonly weightsPath?: string
}

/** End of a model: name, node and output of a layer. */
export type KerasEnd = readonly [layer: string, node: number, output: number]

/** Layers and how they are connected. */
export interface KerasConfig {
  /** Name of the model. */
  readonly name: string
  /** The layers, each behind its inputs. */
  readonly layers: readonly KerasLayer[]
  /** Where examples come in. */
  readonly input_layers: readonly KerasEnd[]
  /** Where results come out. */
  readonly output_layers: readonly KerasEnd[]
}

/** A functional model. */
export interface KerasModel {
  /** Class of the model. */
  readonly class_name: 'Model'
  /** Its layers. */
  readonly config: KerasConfig
}

/** The architecture in a `model.json`. */
export interface KerasTopology {
  /** Version of Keras whose format it is. */
  readonly keras_version: string
  /** What the format was made for. */
  readonly backend: string
  /** The model. */
  readonly model_config: KerasModel
}

/** One tensor in the manifest of a `model.json`. */
export interface ManifestWeight {
  /** Name of the layer and of the weight, such as `stem_convolution/kernel`. */
  readonly name: string
  /** Sizes of the axes. */
  readonly shape: readonly number[]
  /** Element type. */
  readonly dtype: 'float32'
}

/** A group of files in the manifest of a `model.json`. */
export interface ManifestGroup {
  /** Names of the files, relative to `model.json`. */
  readonly paths: readonly string[]
  /** The tensors in the order of their bytes. */
  readonly weights: readonly ManifestWeight[]
}

/** What an exported model knows besides its layers. */
export interface ModelMetadata {
  /** Names of the classes in order. */
  readonly classNames: readonly string[]
}

/** The content of a `model.json`, to be written with `JSON.stringify`. */
export interface LayersModelJson {
  /** Marks a layers model. */
  readonly format: 'layers-model'
  /** What wrote it. */
  readonly generatedBy: string
  /** Empty: the model was written as it is. */
  readonly convertedBy: null
  /** The architecture. */
  readonly modelTopology: KerasTopology
  /** Where the weights lie. */
  readonly weightsManifest: readonly ManifestGroup[]
  /** Names of the classes, where they were given. */
  readonly userDefinedMetadata?: ModelMetadata
}

/** A TensorFlow.js layers model, ready to be written to two files. */
export interface ExportedLayersModel {
  /** The content of `model.json`. */
  readonly modelJson: LayersModelJson
  /** The bytes of the file with the weights, which lies beside it. */
  readonly weights: Uint8Array
}

const concatenated = (parts: readonly Uint8Array[]): Uint8Array => {
  const bytes = new Uint8Array(parts.reduce((total, { byteLength }) => total + byteLength, 0))
  let offset = 0
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.byteLength
  }
  return bytes
}

/**
 * A network as a TensorFlow.js layers model that `tf.loadLayersModel` loads without Transferkit, and that Keras can read too. It gives the same logits.
 *
 * Layers are called as the modules they come from, with underscores for dots. Borders become layers of their own (`ZeroPadding2D`), shortcuts without
 * weights a pooling and a fixed convolution. Fold adapters first ({@link foldAdapters}), and batch norms ({@link foldBatchNorms}) for a faster model.
 *
 * @param trained The network; it is left as it is.
 * @param options Softmax, names of the classes, name of the file.
 * @throws TransferkitError `export/unknown-module` or `export/padding` when Keras has no layers for a module.
 * @throws TransferkitError `export/class-names` when there are more or fewer names than classes.
 *
 * @example
 * ```ts
 * import { randomKey } from '@transferkit/tensor'
 * import { exportLayersModel, foldBatchNorms, digitNetwork } from '@transferkit/vision'
 *
 * const network = digitNetwork({ classes: 2 })
 * const trained = { network, variables: network.init(randomKey(1), [1, 28, 28, 1]) }
 * const { modelJson, weights } = exportLayersModel(foldBatchNorms(trained), { softmax: true, classNames: ['zero', 'one'] })
 * const files = { 'model.json': JSON.stringify(modelJson), 'weights.bin': weights }
 * ```
 */
export const exportLayersModel = ({ network, variables }: TrainedNetwork, { softmax = false, classNames, weightsPath = 'weights.bin' }: ExportLayersOptions = {}): ExportedLayersModel => {
  if (classNames !== undefined && classNames.length !== network.classes) {
    throw new TransferkitError('export/class-names', `'${network.name}' has ${network.classes} classes, but ${classNames.length} names were given.`)
  }
  const writer = layersWriter()
  const input = writer.add({ className: 'InputLayer', name: 'input', config: { batch_input_shape: [null, ...network.inputShape], dtype: 'float32', sparse: false }, inputs: [], shape: network.inputShape })
  // Stages and head one behind the other are a sequence.
  const body: Module = { ...network, description: { kind: 'sequential' } }
  const logits = exportModule({ module: body, variables, path: '', input, writer })
  const output = softmax ? writer.add({ className: 'Softmax', name: 'probabilities', config: { axis: -1 }, inputs: [logits], shape: logits.shape }) : logits
  const weights = writer.weights()
  return {
    weights: concatenated(weights.map(({ name, shape, values }) => floatEntry(name, shape, values).data)),
    modelJson: {
      format: 'layers-model',
      generatedBy: 'Transferkit',
      convertedBy: null,
      modelTopology: {
        keras_version: '2.15.0',
        backend: 'tensorflow',
        model_config: { class_name: 'Model', config: { name: network.name, layers: writer.layers(), input_layers: [[input.layer, 0, 0]], output_layers: [[output.layer, 0, 0]] } },
      },
      weightsManifest: [{ paths: [weightsPath], weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) }],
      ...(classNames === undefined ? {} : { userDefinedMetadata: { classNames } }),
    },
  }
}
