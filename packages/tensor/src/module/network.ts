import { TransferkitError } from '../error.js'
import { scope } from '../memory/scope.js'
import { zeros } from '../ops/creation.js'
import { foldIn, type Key } from '../random/key.js'
import type { Logits, Shape, Tensor, Vectors } from '../tensor/tensor.js'
import { flattenTree, mergeTrees, type PathAndLeaf, type TensorTree, unflattenTree } from '../tree/tree.js'
import { sequential } from './composite.js'
import { denseLayer } from './layers.js'
import { type Applied, inference, type Mode, type Module, partMode, type Taps, type Variables } from './module.js'

/** One step of a network between two taps. */
export interface Stage {
  /** Dotted path of the stage's variables in the network's trees, and the name of the tap after it, such as `stage2` or `stage2.block1`. */
  readonly name: string
  /** What the stage computes. */
  readonly module: Module
}

/**
 * A classifier as a chain of named stages and a head.
 *
 * The output of each stage is a tap that strategies speak of by name. The last stage gives one vector an example, the feature; the head turns it into logits.
 * The variables of a stage stand under its name, those of the head under `head`.
 */
export interface Network extends Module<Tensor, Logits> {
  /** Architecture, such as `resnet32`, for reports and messages. */
  readonly name: string
  /** Shape of one example, such as `[32, 32, 3]`. */
  readonly inputShape: Shape
  /** The stages in order. */
  readonly stages: readonly Stage[]
  /** From the feature to the logits. */
  readonly head: Module<Vectors, Logits>
  /** Number of classes that the head tells apart. */
  readonly classes: number
}

/** What makes a network. */
export interface NetworkDefinition {
  /** Architecture, such as `resnet32`. */
  readonly name: string
  /** Shape of one example. */
  readonly inputShape: Shape
  /** The stages in order; the last one gives one vector an example. */
  readonly stages: readonly Stage[]
  /** Number of classes. */
  readonly classes: number
  /** From the feature to the logits: a dense layer unless told. */
  readonly head?: Module<Vectors, Logits>
}

/**
 * The part of a tree under a dotted path, and an empty tree where nothing stands there, as for a module without variables.
 *
 * @param tree A tree of named trees.
 * @param path Names joined by dots.
 *
 * @example
 * ```ts
 * import { branchAt, zeros } from '@transferkit/tensor'
 *
 * const nothing = branchAt({ head: { bias: zeros([10]) } }, 'stage1.norm') // {}
 * ```
 */
export const branchAt = (tree: TensorTree, path: string): TensorTree =>
  path.split('.').reduce<TensorTree>(
    // A module without variables has no branch.
    (branch, name) => (branch as Readonly<Record<string, TensorTree>>)[name] ?? {},
    tree,
  )

const under = (path: string, tree: TensorTree): readonly PathAndLeaf<Tensor>[] =>
  flattenTree<Tensor>(tree).map(({ path: inner, leaf }) => ({ path: `${path}.${inner}`, leaf }))

/** Puts the variables of stages together under their names. */
const gathered = (parts: readonly (readonly [string, TensorTree])[]): TensorTree =>
  // Leaves are tensors, so the tree is one of tensors.
  unflattenTree<Tensor>(parts.flatMap(([name, tree]) => under(name, tree)))

/** The key of the module at a dotted path, the same whether its parents are stages or are cut into stages. */
const keyAt = (key: Key, path: string): Key => path.split('.').reduce<Key>(foldIn, key)

/** How stages are run, stage by stage. */
export interface StageRun {
  /** Activation after each stage, by its name, and of all modules inside by their path. */
  readonly taps: Taps
  /** Output of the last stage: the feature. */
  readonly output: Tensor
  /** New state of all stages. */
  readonly state: TensorTree
}

/**
 * Runs the stages of a network without its head.
 *
 * @param network Gives the stages; a part of a network is `{ stages }`.
 * @param variables Trees in which the variables of each stage stand under its name.
 * @param input One batch.
 * @param mode Inference or training, for all stages or for each by its name.
 *
 * @example
 * ```ts
 * import { flattenLayer, inference, network, ones, randomKey, runStages } from '@transferkit/tensor'
 *
 * const linear = network({ name: 'linear', inputShape: [2, 2, 1], stages: [{ name: 'pixels', module: flattenLayer() }], classes: 3 })
 * const { taps } = runStages(linear, linear.init(randomKey(1), [1, 2, 2, 1]), ones([5, 2, 2, 1]), inference)
 * ```
 */
export const runStages = (network: Pick<Network, 'stages'>, variables: Variables, input: Tensor, mode: Mode | ((stage: string) => Mode)): StageRun => {
  const taps: Record<string, Tensor> = {}
  const states: (readonly [string, TensorTree])[] = []
  let output = input
  for (const { name, module } of network.stages) {
    const stageMode = typeof mode === 'function' ? mode(name) : mode
    const keyed = partMode(stageMode, (key) => keyAt(key, name))
    const applied = module.apply({ params: branchAt(variables.params, name), state: branchAt(variables.state, name) }, output, keyed)
    output = applied.output
    states.push([name, applied.state])
    for (const [path, tap] of Object.entries(applied.taps)) taps[`${name}.${path}`] = tap
    taps[name] = output
  }
  return { taps, output, state: gathered(states) }
}

/**
 * A network from its stages.
 *
 * @param definition Name, input shape, stages, number of classes, and the head where it is not a dense layer.
 * @throws TransferkitError `network/stage-names` when two stages share a name or one is called `head`.
 *
 * @example
 * ```ts
 * import { flattenLayer, network } from '@transferkit/tensor'
 *
 * const linear = network({ name: 'linear', inputShape: [28, 28, 1], stages: [{ name: 'pixels', module: flattenLayer() }], classes: 10 })
 * ```
 */
export const network = (definition: NetworkDefinition): Network => {
  const { name, inputShape, stages, classes } = definition
  // A dense layer from the feature to one score a class gives logits.
  const head = definition.head ?? (denseLayer({ units: classes }) as unknown as Module<Vectors, Logits>)
  const names = stages.map((stage) => stage.name)
  const wrong = names.find((stage, index) => stage === 'head' || names.indexOf(stage) !== index)
  if (wrong !== undefined) {
    throw new TransferkitError('network/stage-names', `Network '${name}': the stage name '${wrong}' is ${wrong === 'head' ? 'reserved for the classifier' : 'used twice'}.`)
  }

  const init = (key: Key, [, ...exampleShape]: Shape): Variables =>
    scope(() => {
      const params: (readonly [string, TensorTree])[] = []
      const state: (readonly [string, TensorTree])[] = []
      let x: Tensor = zeros([1, ...exampleShape])
      // The last stage gives the vectors that the head takes.
      for (const stage of [...stages, { name: 'head', module: head as Module }]) {
        const variables = stage.module.init(keyAt(key, stage.name), x.shape)
        params.push([stage.name, variables.params])
        state.push([stage.name, variables.state])
        x = stage.module.apply(variables, x, inference).output
      }
      return { params: gathered(params), state: gathered(state) }
    })

  const apply = (variables: Variables, input: Tensor, mode: Mode): Applied<Logits> => {
    const run = runStages({ stages }, variables, input, mode)
    const headMode = partMode(mode, (key) => foldIn(key, 'head'))
    // The last stage gives one vector an example.
    const applied = head.apply({ params: branchAt(variables.params, 'head'), state: branchAt(variables.state, 'head') }, run.output as unknown as Vectors, headMode)
    return { output: applied.output, state: mergeTrees(run.state, gathered([['head', applied.state]])), taps: run.taps }
  }

  return {
    specVersion: 1,
    description: { kind: 'network', name },
    name,
    inputShape,
    stages,
    head,
    classes,
    // A child is a module of any input to whoever replaces it.
    children: Object.fromEntries([...stages.map((stage) => [stage.name, stage.module] as const), ['head', head as Module] as const]),
    withChildren: (children) =>
      network({
        ...definition,
        stages: stages.map((stage) => ({ name: stage.name, module: children[stage.name] ?? stage.module })),
        // The child called `head` stands in for the head.
        head: (children['head'] ?? head) as Module<Vectors, Logits>,
      }),
    init,
    apply,
  }
}

/**
 * The same network with a new dense head for another number of classes.
 *
 * @param source The network; it is left as it is.
 * @param classes Number of classes of the target task.
 *
 * @example
 * ```ts
 * import { flattenLayer, network, withClasses } from '@transferkit/tensor'
 *
 * const source = network({ name: 'linear', inputShape: [2, 2, 1], stages: [{ name: 'pixels', module: flattenLayer() }], classes: 3 })
 * const target = withClasses(source, 7)
 * ```
 */
export const withClasses = (source: Network, classes: number): Network =>
  network({ name: source.name, inputShape: source.inputShape, stages: source.stages, classes })

/**
 * The same network with stages cut into the modules that they are a sequence of, for finer taps. Variables stay where they are, and the same key makes
 * the same ones.
 *
 * @param source The network; it is left as it is.
 * @param depth How many levels to cut, 1 unless told.
 * @returns A network whose stages are called, for example, `stage1.block1`; stages that are not a sequence stay whole.
 *
 * @example
 * ```ts
 * import { flattenLayer, network, refineStages, reluLayer, sequential } from '@transferkit/tensor'
 *
 * const coarse = network({ name: 'two', inputShape: [4], stages: [{ name: 'body', module: sequential({ relu: reluLayer(), flat: flattenLayer() }) }], classes: 2 })
 * refineStages(coarse).stages.map(({ name }) => name) // ['body.relu', 'body.flat']
 * ```
 */
export const refineStages = (source: Network, depth = 1): Network => {
  const cut = (stage: Stage, levels: number): readonly Stage[] =>
    levels === 0 || stage.module.description.kind !== sequentialKind
      ? [stage]
      : Object.entries(stage.module.children).flatMap(([name, module]) => cut({ name: `${stage.name}.${name}`, module }, levels - 1))
  return network({ name: source.name, inputShape: source.inputShape, classes: source.classes, head: source.head, stages: source.stages.flatMap((stage) => cut(stage, depth)) })
}

const sequentialKind = sequential({}).description.kind

/**
 * Shapes of all taps of a network for one example, by tap name.
 *
 * @param source The network.
 *
 * @example
 * ```ts
 * import { flattenLayer, network, tapShapes } from '@transferkit/tensor'
 *
 * tapShapes(network({ name: 'linear', inputShape: [2, 2, 1], stages: [{ name: 'pixels', module: flattenLayer() }], classes: 3 })) // { pixels: [4] }
 * ```
 */
export const tapShapes = (source: Network): Readonly<Record<string, Shape>> =>
  scope(() => {
    const shape = [1, ...source.inputShape]
    const { taps } = runStages(source, source.init({ high: 0, low: 0 }, shape), zeros(shape), inference)
    // Every stage leaves a tap.
    return Object.fromEntries(source.stages.map(({ name }) => [name, (taps[name] as Tensor).shape.slice(1)]))
  })
