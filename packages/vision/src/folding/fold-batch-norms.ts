import {
  add,
  branchAt,
  flattenTree,
  identity,
  identityLayer,
  type Module,
  modulesInside,
  multiply,
  replaceModules,
  reshape,
  scope,
  type Tensor,
  type TensorTree,
  type TrainedNetwork,
  unflattenTree,
  variable,
} from '@transferkit/tensor'
import { isDepthwise } from '../adapters/convolution-settings.js'
import { graphKind, wiresOf } from '../tfjs/imported-layers.js'
import { isLinear, withBias } from './linear-modules.js'
import { asScaleAndShift } from './scale-and-shift.js'

/** A network whose batch norms have gone into the layers in front of them. */
export interface FoldedNetwork extends TrainedNetwork {
  /** Paths of the batch norms that were folded and are now identities. */
  readonly folded: readonly string[]
  /** Paths of the batch norms that stand behind something else and stayed. */
  readonly kept: readonly string[]
}

/** A layer with its dotted path. */
interface Place {
  readonly path: string
  readonly module: Module
}

/** A linear layer and the batch norm directly behind it. */
interface Pair {
  readonly linear: string
  readonly norm: string
}

const isNorm = ({ description }: Module): boolean => description.kind === 'batch-norm'

const isChain = ({ description }: Module): boolean => description.kind === 'sequential' || description.kind === 'network'

const joinedPath = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

/** The modules of a chain one behind the other, chains inside chains opened. */
const links = (module: Module, path: string): readonly Place[] =>
  Object.entries(module.children).flatMap(([name, child]) => (isChain(child) ? links(child, joinedPath(path, name)) : [{ path: joinedPath(path, name), module: child }]))

const pairOf = (front: Place | undefined, behind: Place | undefined): readonly Pair[] =>
  front !== undefined && behind !== undefined && isLinear(front.module) && isNorm(behind.module) ? [{ linear: front.path, norm: behind.path }] : []

const pairsOfChain = (module: Module, path: string): readonly Pair[] => {
  const computing = links(module, path).filter((place) => place.module.description.kind !== 'identity')
  return computing.flatMap((place, index) => pairOf(computing[index - 1], place))
}

/** In a graph the wiring says which layer feeds which, and a layer that feeds several stays. */
const pairsOfGraph = (module: Module, path: string): readonly Pair[] => {
  const wires = wiresOf(module)
  const uses = wires.flatMap(({ inputs }) => inputs)
  const edges = (name: string): readonly Place[] => {
    const child = module.children[name]
    if (child === undefined) return []
    return isChain(child) ? links(child, joinedPath(path, name)) : [{ path: joinedPath(path, name), module: child }]
  }
  return wires.flatMap(({ name, inputs }) => {
    const [source = ''] = inputs
    if (inputs.length !== 1 || uses.filter((used) => used === source).length !== 1) return []
    return pairOf(edges(source).at(-1), edges(name)[0])
  })
}

/** Blocks call a convolution and the batch norm behind it `convolution` and `norm` with the same ending. */
const pairsOfBlock = (module: Module, path: string): readonly Pair[] =>
  Object.entries(module.children).flatMap(([name, child]) => {
    const norm = name.replace(/^convolution/, 'norm')
    const behind = module.children[norm]
    return norm === name || behind === undefined ? [] : pairOf({ path: joinedPath(path, name), module: child }, { path: joinedPath(path, norm), module: behind })
  })

const pairsIn = (module: Module, path: string, inChain: boolean): readonly Pair[] => {
  const chain = isChain(module)
  const own = chain ? (inChain ? [] : pairsOfChain(module, path)) : module.description.kind === graphKind ? pairsOfGraph(module, path) : pairsOfBlock(module, path)
  return [...own, ...Object.entries(module.children).flatMap(([name, child]) => pairsIn(child, joinedPath(path, name), chain))]
}

/** Factors on the outputs of a filter, in its shape. */
const onOutputs = (filter: Tensor, factors: Tensor, module: Module): Tensor =>
  // Depthwise filters have their outputs on the last two axes, all others on the last one.
  isDepthwise(module.description) ? (reshape(factors, filter.shape.slice(2))) : factors

/**
 * The network that computes the same without batch norms behind convolutions, plain and depthwise, and dense layers: filters are scaled and biases added,
 * so that a batch norm with scale `s`, offset `o`, mean `m` and variance `v` costs nothing.
 *
 * `w' = w · s / √(v + ε)`, `b' = (b - m) · s / √(v + ε) + o`
 *
 * The running statistics are used, so the two are equal in inference mode; do not train the result. Batch norms behind anything else stay as they are. A
 * block of your own must give the output of a `convolution…` to the `norm…` of the same ending only, as all blocks of this package do. Fold adapters
 * first: a convolution with an adapter keeps its batch norm.
 *
 * @param trained The network; it is left as it is.
 * @returns A network whose tensors are all new and belong to the caller, and which batch norms were folded.
 *
 * @example
 * ```ts
 * import { randomKey } from '@transferkit/tensor'
 * import { digitNetwork, foldBatchNorms } from '@transferkit/vision'
 *
 * const network = digitNetwork()
 * const { folded } = foldBatchNorms({ network, variables: network.init(randomKey(1), [1, 28, 28, 1]) })
 * folded // ['stage1.layer1.norm', 'stage2.layer1.norm', 'stage3.layer1.norm']
 * ```
 */
export const foldBatchNorms = ({ network, variables }: TrainedNetwork): FoldedNetwork => {
  const pairs = pairsIn(network, '', false)
  const normOf = new Map(pairs.map(({ linear, norm }) => [linear, norm]))
  const folded = pairs.map(({ norm }) => norm)
  const modules = new Map(modulesInside(network))
  const kept = [...modules].flatMap(([path, module]) => (isNorm(module) && !folded.includes(path) ? [path] : []))
  const changed = replaceModules(network, (path, module) => (normOf.has(path) ? withBias(module) : folded.includes(path) ? identityLayer() : undefined))
  const isGone = (path: string): boolean => [...normOf].flat().some((place) => path.startsWith(`${place}.`))
  const remaining = (tree: TensorTree): { readonly path: string; readonly leaf: Tensor }[] => flattenTree<Tensor>(tree).flatMap(({ path, leaf }) => (isGone(path) ? [] : [{ path, leaf: identity(leaf) }]))
  return {
    network: changed,
    folded,
    kept,
    variables: scope(() => {
      const linear = [...normOf].flatMap(([path, norm]) => {
        const [module, normModule] = [modules.get(path), modules.get(norm)]
        if (module === undefined || normModule === undefined) return []
        const params = branchAt(variables.params, path)
        const { scale, shift } = asScaleAndShift({ params: branchAt(variables.params, norm), state: branchAt(variables.state, norm) }, Number(normModule.description['epsilon']))
        const name = module.description.kind === 'dense' ? 'weight' : 'filter'
        const filter = variable(params, name)
        const bias = 'bias' in params ? add(multiply(variable(params, 'bias'), scale), shift) : shift
        return [
          { path: `${path}.${name}`, leaf: multiply(filter, onOutputs(filter, scale, module)) },
          { path: `${path}.bias`, leaf: bias },
        ]
      })
      return {
        params: unflattenTree<Tensor>([...remaining(variables.params), ...linear]),
        state: unflattenTree<Tensor>(remaining(variables.state)),
      }
    }),
  }
}
