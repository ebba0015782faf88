import type { Network } from '../module/network.js'
import type { Shape } from '../tensor/tensor.js'
import type { Compile } from './compile.js'
import type { Dataset } from './dataset.js'
import type { OptionsSchema } from './strategy.js'

/** Something that recipes name: what a plugin exports. */
export interface Definition<Kind extends string = string> {
  /** Version of the contract of plugins. */
  readonly specVersion: 1
  /** What it defines: a structure builds the model, a regulariser adds to its loss. */
  readonly kind: Kind
  /** Identifier in recipes and reports, such as `ptu`. */
  readonly name: string
  /** One line on what it is or does. */
  readonly summary: string
}

/** What a network is made for. */
export interface NetworkTask {
  /** Number of classes. */
  readonly classes: number
  /** Shape of one example; that of the architecture unless told. */
  readonly inputShape?: Shape
}

/** An architecture before it has a task and options: what {@link defineNetwork} gives, and what recipes name as their source. */
export interface ArchitectureDefinition<Given = never> extends Definition<'network'> {
  /** Check and defaults of the options. */
  readonly optionsSchema: OptionsSchema<unknown, unknown>
  /** The network for this task with these options. */
  (task: NetworkTask, options?: Given): Network
}

/** What all data sets have, be their examples tensors or texts. */
export type ExampleSet = Pick<Dataset, 'specVersion' | 'name' | 'task' | 'size' | 'labels'>

/** What is opened of a data set, and how. */
export interface DatasetRequest {
  /** The part of it that is asked for: what stands behind the slash in `rings/test`. */
  readonly split?: string
  /** Folder with data that the user has brought. */
  readonly dataDir?: string
  /** Stops the reading. */
  readonly signal?: AbortSignal
}

/** A data set before it has options: what {@link defineDataset} gives, and what recipes name. */
export interface DatasetDefinition<Given = never, Opened extends ExampleSet = ExampleSet> extends Definition<'dataset'> {
  /** Check and defaults of the options. */
  readonly optionsSchema: OptionsSchema<unknown, unknown>
  /** Names of its splits; empty where it is one whole. */
  readonly splits: readonly string[]
  /** Opens it. */
  (options?: Given, request?: DatasetRequest): Promise<Opened>
}

/** An open backend, which is TensorFlow.js's active one until it is closed. */
export interface OpenBackend {
  /** Makes a faster form of a pure function, or gives the function itself. */
  readonly compile: Compile
  /** Gives the backend back. */
  readonly close: () => void
}

/** A backend of TensorFlow.js: what {@link defineBackend} gives, and what recipes name. */
export interface BackendDefinition extends Definition<'backend'> {
  /** Opens it and makes it the active one, under its own name. */
  (): Promise<OpenBackend>
}
