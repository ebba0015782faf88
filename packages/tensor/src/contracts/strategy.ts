import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Mode, Taps, Variables } from '../module/module.js'
import type { Network } from '../module/network.js'
import type { Key } from '../random/key.js'
import type { Labels, Logits, Scalar, Shape, Tensor } from '../tensor/tensor.js'
import type { TensorTree } from '../tree/tree.js'
import type { ClassificationTask } from './dataset.js'
import type { Definition } from './definition.js'
import type { Optimiser } from './optimiser.js'

/** A network with what it has learned. */
export interface TrainedNetwork {
  /** The architecture. */
  readonly network: Network
  /** Its parameters and running statistics. They belong to whoever made them: a strategy never changes or frees them. */
  readonly variables: Variables
}

/** What a strategy knows when it builds a target model. */
export interface TransferContext {
  /** The trained source network. */
  readonly source: TrainedNetwork
  /** What the target data are labelled with. */
  readonly task: ClassificationTask
  /** Shape of one target example as the network will see it. */
  readonly inputShape: Shape
}

/** Source-domain examples of a batch. */
export interface SourceBatch {
  /** Examples, normalised as those of the target. */
  readonly inputs: Tensor
  /** Their classes in the source's task. */
  readonly labels: Labels
}

/** What the frozen source network makes of a batch. */
export interface SourceActivations {
  /** Activations by tap name. */
  readonly taps: Taps
  /** Scores of the source's classes. */
  readonly logits: Logits
}

/** One batch of target data, on the backend. */
export interface Batch {
  /** Examples, normalised as the source network expects. */
  readonly inputs: Tensor
  /** Their classes. */
  readonly labels: Labels
  /** Source-domain examples of the same step, for strategies that declare `usesSourceData`. */
  readonly source?: SourceBatch
}

/** Numbers to report for a step, by name, such as `loss` or `penalty`. */
export type Metrics = Readonly<Record<string, Scalar>>

/** Everything that a model under training consists of. */
export interface ProgramVariables {
  /** What gradients change. */
  readonly params: TensorTree
  /** What is constant during training, such as the frozen source. Its tensors may be those of the source network itself. */
  readonly frozen: TensorTree
  /** What forward passes change: running statistics. */
  readonly state: TensorTree
}

/** Result of a forward pass of a target model. */
export interface Forward {
  /** Scores of the target's classes. */
  readonly logits: Logits
  /** Activations of the target model by tap name, for regularisers. */
  readonly taps: Taps
  /** State after the pass. */
  readonly state: TensorTree
}

/** What the loss of a batch is computed from. */
export interface LossInputs {
  /** The model. */
  readonly variables: ProgramVariables
  /** The batch. */
  readonly batch: Batch
  /** Source of all randomness of this step. */
  readonly key: Key
  /** How much of the training is done, from 0 to 1. A tensor, so that a compiled step does not freeze it. */
  readonly progress: Scalar
}

/** A loss with what else came out of computing it. */
export interface LossOutputs {
  /** The number to minimise. */
  readonly loss: Scalar
  /** State after the forward pass. */
  readonly state: TensorTree
  /** Logits of the batch, for the training accuracy. */
  readonly logits: Logits
  /** Activations of the target model by tap name, for regularisers. */
  readonly taps: Taps
  /** Parts of the loss and anything else worth reporting. */
  readonly metrics: Metrics
}

/** Trees that a training step replaces as a whole; keeping the old ones rolls a step back. */
export interface TrainingState {
  /** What gradients change. */
  readonly params: TensorTree
  /** What forward passes change. */
  readonly state: TensorTree
  /** Memory of the optimiser. */
  readonly optimiser: TensorTree
  /** What a strategy with a step of its own keeps besides, such as meta-parameters and their optimiser's memory; empty for all others. */
  readonly extra: TensorTree
}

/** What a strategy's own training step is given. */
export interface StepInputs {
  /** State before the step. */
  readonly training: TrainingState
  /** What is constant. */
  readonly frozen: TensorTree
  /** The batch. */
  readonly batch: Batch
  /** Source of all randomness of this step. */
  readonly key: Key
  /** How much of the training is done, from 0 to 1. A tensor, so that a compiled step does not freeze it. */
  readonly progress: Scalar
  /** The optimiser that the training uses. */
  readonly optimiser: Optimiser
  /** Learning rate of this step. */
  readonly learningRate: Scalar
}

/** Result of a training step. */
export interface StepOutputs {
  /** State after the step. */
  readonly training: TrainingState
  /** Numbers to report; `loss` is always among them. */
  readonly metrics: Metrics
}

/** How the optimiser treats one parameter, relative to its own settings. */
export interface ParameterGroup {
  /** Factor on the learning rate, 1 unless told. */
  readonly learningRate?: number
  /** Factor on the weight decay, 1 unless told; 0 for none. */
  readonly weightDecay?: number
}

/** One example of token ids that was looked at, so that whoever has the vocabulary can put the words. */
export interface InspectedExample {
  /** Ids of its real tokens in order; the id at position 0 belongs to the row `1`. */
  readonly tokens: readonly number[]
  /** Name of the class that the model gave it. */
  readonly predicted?: string
  /** Name of its class. */
  readonly actual?: string
}

/** Something to look at in a trained model: numbers by series and row, such as the openness of each gate after each stage. */
export interface Inspection {
  /** Stable name, such as `gate-openness`. */
  readonly name: string
  /** Title for a person. */
  readonly title: string
  /** What a row is, such as `stage`. */
  readonly rowAxis: string
  /** Unit and range of the numbers, such as `mean opening, 0 to 1`. */
  readonly valueAxis: string
  /** For each series (a gate, a source tap), numbers by row (a stage, a target tap). */
  readonly series: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** How it is best drawn: as lines or bars, unless told, or as cells coloured by value, with the series one below the other and the rows side by side. */
  readonly kind?: 'lines' | 'heat-map'
  /** The one example that it is about, where rows are positions in a sequence of tokens, counted from 1. */
  readonly example?: InspectedExample
}

/**
 * The beginning of a forward pass that is frozen and deterministic: what it gives for an example never changes during training, so the training
 * loop may compute it once an example and train on the result.
 */
export interface FrozenPrefix {
  /** What is computed, as text, such as `resnet32: stem, stage1, stage2`: two prefixes of one identity and equal tensors give equal features. */
  readonly identity: string
  /**
   * The tensors that the features depend on: those of the model themselves, not copies.
   *
   * @param variables The model, at any time of the training.
   */
  tensors(variables: ProgramVariables): TensorTree
  /**
   * Computes the features of a batch; exactly what the forward pass has at this place. Several activations may be joined into one tensor of floats, whose
   * first axis is the batch; the features of an example do not depend on the others.
   *
   * @param variables The model, at any time of the training.
   * @param inputs One batch of examples.
   */
  compute(variables: ProgramVariables, inputs: Tensor): Tensor
  /**
   * The rest of the forward pass. Its state is that of the whole model, with what belongs to the prefix as it was.
   *
   * @param variables The model.
   * @param features What {@link FrozenPrefix.compute} gave for the batch.
   * @param mode Inference, or training with a key.
   */
  forward(variables: ProgramVariables, features: Tensor, mode: Mode): Forward
  /**
   * The loss of a batch whose inputs are features; mean softmax cross-entropy of {@link FrozenPrefix.forward} unless told.
   *
   * @param inputs The model and the batch, with features in place of examples.
   */
  loss?(inputs: LossInputs): LossOutputs
}

/**
 * A part of the training in which only some parameters are trained, such as the warm-up of a new head.
 *
 * Parameters that are not trained are held: no gradient is computed for them, and the memory of the optimiser for them begins when they join.
 */
export interface TrainingPhase {
  /** Name for events and reports, such as `warm-up`. */
  readonly name: string
  /** Share of the training at which the phase ends, above 0 and rising from phase to phase; that of the last phase is 1. The next phase begins with the first step at or after it. */
  readonly until: number
  /**
   * Whether a parameter is trained in this phase; all are unless told.
   *
   * @param path Dotted path of the parameter.
   */
  trains?(path: string): boolean
  /**
   * What is different from the program in this phase: another forward pass, loss, frozen beginning, or treatment by the optimiser. With another forward pass
   * or loss, the frozen beginning of the program holds no more; such a phase gives its own where it has one.
   */
  readonly program?: Partial<Pick<TransferProgram, 'forward' | 'loss' | 'prefix' | 'parameterGroup'>>
}

/** A target model that is ready to be initialised, trained, used and saved: all pure functions. */
export interface TransferProgram {
  /**
   * Makes the start of the training.
   *
   * @param key Source of randomness; the same key makes the same start.
   */
  init(key: Key): ProgramVariables
  /**
   * The forward pass.
   *
   * @param variables The model.
   * @param inputs One batch of examples.
   * @param mode Inference, or training with a key.
   */
  forward(variables: ProgramVariables, inputs: Tensor, mode: Mode): Forward
  /** The frozen beginning of the forward pass; a program with a loss of its own gives the prefix one too, and a program with a step of its own has none. */
  readonly prefix?: FrozenPrefix
  /** Phases of the training in order; one phase in which all parameters are trained unless told. Not for programs with a step of their own. */
  readonly phases?: readonly TrainingPhase[]
  /** The loss of a batch: mean softmax cross-entropy of {@link TransferProgram.forward} unless a strategy says otherwise. */
  loss?(inputs: LossInputs): LossOutputs
  /**
   * State that a strategy with a step of its own keeps beside the model.
   *
   * @param key Source of randomness.
   * @param params Start of the parameters.
   */
  initExtra?(key: Key, params: TensorTree): TensorTree
  /** A training step of the strategy's own, for bilevel methods; one gradient step on the loss unless a strategy says otherwise. */
  step?(inputs: StepInputs): StepOutputs
  /**
   * How the optimiser treats a parameter; as its settings say unless told.
   *
   * @param path Dotted path of the parameter.
   */
  parameterGroup?(path: string): ParameterGroup
  /**
   * What is kept of a trained model; everything unless told. A regulariser's own parameters, for example, are dropped here.
   *
   * @param variables The trained model.
   */
  publish?(variables: ProgramVariables): ProgramVariables
  /**
   * An equal model that is a plain network, where the method can be folded into one.
   *
   * @param variables The trained model.
   */
  fold?(variables: ProgramVariables): TrainedNetwork
  /**
   * What there is to look at.
   *
   * @param variables The model.
   * @param inputs Examples to look at it with.
   * @param labels Their classes.
   */
  inspect?(variables: ProgramVariables, inputs: Tensor, labels: Labels): readonly Inspection[]
  /**
   * What there is to look at in the state beside the model, which is gone when the training is over: the training asks as often as for {@link TransferProgram.inspect},
   * and keeps the answers with the trained model. For programs with {@link TransferProgram.initExtra}.
   *
   * @param extra The state beside the model.
   * @param variables The model.
   * @param inputs Examples to look at it with.
   * @param labels Their classes.
   */
  inspectExtra?(extra: TensorTree, variables: ProgramVariables, inputs: Tensor, labels: Labels): readonly Inspection[]
  /**
   * What went wrong in a step, in a sentence that names the culprit, such as a pair of layers whose inner steps explode; `undefined` where nothing did. Asked whenever the
   * numbers of a step are read; an answer stops the training.
   *
   * @param metrics Numbers of the step.
   */
  faultOf?(metrics: Readonly<Record<string, number>>): string | undefined
}

/** What there was to look at after some steps of a training. */
export interface InspectedStep {
  /** Number of steps that were done. */
  readonly step: number
  /** What the strategy showed. */
  readonly inspections: readonly Inspection[]
}

/** Where a method comes from. */
export interface Reference {
  /** Authors, title, venue, year. */
  readonly citation: string
  /** Address of the paper. */
  readonly url?: string
}

/**
 * A transfer strategy that has its options: what `ptu({ candidate: 'light' })` gives.
 *
 * A *structure* says how the target model is built and trained; a *regulariser* adds a term to the loss of any structure.
 */
export interface Strategy {
  /** Version of this contract. */
  readonly specVersion: 1
  /** Identifier in recipes and reports, such as `ptu`. */
  readonly name: string
  /** The options with their defaults filled in, as plain data for the record of a run. */
  readonly options: Readonly<Record<string, unknown>>
  /** Whether batches must carry source-domain examples. */
  readonly usesSourceData?: boolean
  /** What it is composed of, where it is a composition. */
  readonly composition?: Composition
  /**
   * Builds the target model from source and task.
   *
   * @param context The trained source, the target's task and the shape of its examples.
   * @throws TransferkitError When the method does not fit the network or the task.
   */
  prepare(context: TransferContext): TransferProgram
}

/** A structure with regularisers on top. */
export interface Composition {
  /** What builds the model; it alone is needed to use the trained model. */
  readonly structure: Strategy
  /** What is added to its loss, in order. */
  readonly regularisers: readonly Regulariser[]
}

/** What a regulariser computes its term from. */
export interface PenaltyInputs {
  /** The structure's parameters, without those of regularisers. */
  readonly params: TensorTree
  /** The regulariser's own parameters; empty where it has none. */
  readonly ownParams: TensorTree
  /** Forward pass of the target model on the batch. */
  readonly forward: Forward
  /** The batch. */
  readonly batch: Batch
  /**
   * Taps and logits of the frozen source network on the batch, in inference mode and without gradient; computed at the first call.
   */
  source(): SourceActivations
  /**
   * Forward pass of the target model on the batch's source-domain examples, in training mode; computed at the first call.
   *
   * @throws TransferkitError When the batch has none.
   */
  onSourceData(): Forward
  /** How much of the training is done, from 0 to 1. A tensor, so that a compiled step does not freeze it. */
  readonly progress: Scalar
}

/** A prepared regulariser. */
export interface RegulariserProgram {
  /**
   * The regulariser's own parameters, for example projections; trained with the structure and dropped afterwards.
   *
   * @param key Source of randomness.
   */
  init?(key: Key): TensorTree
  /**
   * The term to add to the loss, already weighted.
   *
   * @param inputs The forward pass and what it can be compared with.
   */
  penalty(inputs: PenaltyInputs): Scalar
  /**
   * How the optimiser treats a parameter of the structure while this regulariser is in place, such as no weight decay beside L2-SP.
   *
   * @param path Dotted path of the parameter.
   */
  parameterGroup?(path: string): ParameterGroup
}

/** A regulariser that has its options. */
export interface Regulariser {
  /** Version of this contract. */
  readonly specVersion: 1
  /** Identifier in recipes and reports, such as `l2-sp`. */
  readonly name: string
  /** The options with their defaults filled in. */
  readonly options: Readonly<Record<string, unknown>>
  /** Whether batches must carry source-domain examples. */
  readonly usesSourceData?: boolean
  /**
   * Builds the term from source and task.
   *
   * @param context The trained source, the target's task and the shape of its examples.
   * @param structure The prepared structure that it will be added to.
   */
  prepare(context: TransferContext, structure: TransferProgram): RegulariserProgram
}

/** A check of options and their defaults, by any library that follows Standard Schema, such as zod. */
export type OptionsSchema<Given, Full> = StandardSchemaV1<Given, Full>

/** A strategy before it has options: what a plugin exports, and what recipes name. */
export interface StrategyDefinition<Given = never, Made extends Strategy | Regulariser = Strategy | Regulariser> extends Definition<'structure' | 'regulariser'> {
  /** The paper. */
  readonly reference: Reference
  /** Check and defaults of the options. */
  readonly optionsSchema: OptionsSchema<unknown, unknown>
  /**
   * The strategy with these options.
   *
   * @param options What is to differ from the defaults; none may be given.
   * @throws TransferkitError `strategy/options` for an option that there is not, or a value that it does not take.
   */
  (options?: Given): Made
}
