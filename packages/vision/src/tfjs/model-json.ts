import { TransferkitError } from '@transferkit/tensor'
import { z } from 'zod'

const weightSchema = z.object({
  name: z.string(),
  shape: z.array(z.int().nonnegative()),
  dtype: z.string(),
  quantization: z.object({ dtype: z.string(), scale: z.number().optional(), min: z.number().optional() }).optional(),
})

const manifestSchema = z.array(z.object({ paths: z.array(z.string()), weights: z.array(weightSchema) }))

/** One tensor as the manifest of a `model.json` lists it. @internal */
export type WeightSpecification = z.output<typeof weightSchema>

/** Groups of files and the tensors in them, in the order of their bytes. @internal */
export type WeightsManifest = z.output<typeof manifestSchema>

const layerSchema = z.object({
  class_name: z.string(),
  name: z.string().optional(),
  config: z.record(z.string(), z.unknown()),
  inbound_nodes: z.array(z.unknown()).optional(),
})

/** One layer of a Keras model as JSON. @internal */
export type LayerJson = z.output<typeof layerSchema>

const endSchema = z.tuple([z.string(), z.number(), z.number()])

const functionalSchema = z.object({
  layers: z.array(layerSchema),
  input_layers: z.union([endSchema.transform((end) => [end]), z.array(endSchema)]),
  output_layers: z.union([endSchema.transform((end) => [end]), z.array(endSchema)]),
})

/** A graph of layers, with the names of the layers where it begins and ends. @internal */
export interface FunctionalJson {
  /** The layers, each after those that it takes its inputs from or not, as the file has them. */
  readonly layers: readonly LayerJson[]
  /** Names of the input layers. */
  readonly inputs: readonly string[]
  /** Names of the layers whose outputs are those of the model. */
  readonly outputs: readonly string[]
}

const nodeSchema = z.object({
  name: z.string(),
  op: z.string(),
  input: z.array(z.string()).default([]),
  attr: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
})

/** One operation of a TensorFlow graph as JSON. @internal */
export type NodeJson = z.output<typeof nodeSchema>

/** What a `model.json` describes. @internal */
export type Topology = { readonly kind: 'layers'; readonly className: string; readonly config: unknown } | { readonly kind: 'graph'; readonly nodes: readonly NodeJson[] }

/** A `model.json` that has been checked. @internal */
export interface ParsedModel {
  /** The architecture. */
  readonly topology: Topology
  /** Where the weights lie. */
  readonly manifest: WeightsManifest
}

const notAModel = (problem: string): TransferkitError =>
  new TransferkitError(
    'tfjs/not-a-model',
    `This is no model.json of TensorFlow.js: ${problem} Expected the file that tensorflowjs_converter or model.save() writes, with 'modelTopology' and 'weightsManifest'.`,
  )

const checked = <Schema extends z.ZodType>(schema: Schema, value: unknown, where: string): z.output<Schema> => {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = [where, ...(issue?.path ?? []).map(String)].join('.')
  throw notAModel(`'${path}' is not as it should be (${issue?.message ?? 'unreadable'}).`)
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value)

const parsedText = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new TransferkitError('tfjs/not-a-model', 'This is no model.json of TensorFlow.js: it is not even JSON. Give the text of model.json, not that of a weights file.', { cause })
  }
}

const topologyOf = (topology: Readonly<Record<string, unknown>>): Topology => {
  if ('node' in topology) return { kind: 'graph', nodes: checked(z.array(nodeSchema), topology['node'], 'modelTopology.node') }
  const model = 'model_config' in topology ? topology['model_config'] : topology
  const { class_name: className, config } = checked(z.object({ class_name: z.string(), config: z.unknown() }), model, 'modelTopology')
  return { kind: 'layers', className, config }
}

/**
 * Checks a `model.json`.
 *
 * @param modelJson Its text or what `JSON.parse` made of it.
 * @throws TransferkitError `tfjs/not-a-model`.
 * @internal
 */
export const parseModelJson = (modelJson: unknown): ParsedModel => {
  const given = typeof modelJson === 'string' ? parsedText(modelJson) : modelJson
  if (!isRecord(given)) throw notAModel(`it is ${Array.isArray(given) ? 'a list' : typeof given}, not an object.`)
  const { modelTopology, weightsManifest } = given
  if (!isRecord(modelTopology)) throw notAModel(`it has no 'modelTopology' but: ${Object.keys(given).slice(0, 8).join(', ') || 'nothing'}.`)
  if (weightsManifest === undefined) throw notAModel("it has no 'weightsManifest'.")
  return { topology: topologyOf(modelTopology), manifest: checked(manifestSchema, weightsManifest, 'weightsManifest') }
}

/** The layers of a sequential model, whose config was only a list in old files. @internal */
export const sequentialLayers = (config: unknown, where: string): readonly LayerJson[] => {
  const schema = z.union([z.array(layerSchema), z.object({ layers: z.array(layerSchema) }).transform(({ layers }) => layers)])
  return checked(schema, config, where)
}

/** The graph of a functional model. @internal */
export const functionalGraph = (config: unknown, where: string): FunctionalJson => {
  const { layers, input_layers: inputs, output_layers: outputs } = checked(functionalSchema, config, where)
  return { layers, inputs: inputs.map(([name]) => name), outputs: outputs.map(([name]) => name) }
}

/**
 * The files with the weights of a TensorFlow.js model, relative to its `model.json`, in the order in which {@link importTfjsModel} takes them.
 *
 * @param modelJson The text of `model.json`, or what `JSON.parse` made of it.
 * @throws TransferkitError `tfjs/not-a-model` when it is something else.
 *
 * @example
 * ```ts
 * import { tfjsWeightPaths } from '@transferkit/vision'
 *
 * const model = { modelTopology: { node: [] }, weightsManifest: [{ paths: ['group1-shard1of1.bin'], weights: [] }] }
 * tfjsWeightPaths(model) // ['group1-shard1of1.bin']
 * ```
 */
export const tfjsWeightPaths = (modelJson: unknown): readonly string[] => parseModelJson(modelJson).manifest.flatMap(({ paths }) => paths)
