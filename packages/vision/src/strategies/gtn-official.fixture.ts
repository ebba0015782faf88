import {
  globalAveragePoolLayer,
  heNormal,
  identityLayer,
  layer,
  maxPoolLayer,
  type Module,
  multiply,
  network,
  type Network,
  randomKey,
  replaceModules,
  sequential,
  slice,
  squeeze,
  type Tensor,
  type TransferContext,
} from '@transferkit/tensor'
import { convolutionBlock } from '../networks/convolution-block.js'
import { residualStage } from '../networks/residual-block.js'
import { projectionShortcut } from '../networks/shortcuts.js'

/** Hyper-parameters of the official numbers. */
export interface OfficialGtn {
  readonly backboneWidths: readonly [stem: number, stage1: number, stage2: number]
  readonly auxChannels: number
  readonly channels: number
  readonly reduction: number
  readonly num_classes: number
  readonly auxWeight: number
  readonly lr: number
  readonly momentum: number
  readonly weightDecay: number
  readonly epochs: number
  readonly keptEpochs: readonly number[]
  readonly gateDropout: number
  readonly headDropout: number
}

/** The small network that stands in for ResNet-50 in the official numbers. */
const backbone = ({ backboneWidths, auxChannels, channels: last }: OfficialGtn): Network => {
  const [stem, ...widths] = [...backboneWidths, auxChannels, last] as const
  const stage = (channels: number, index: number): Module => {
    const strides = index === 3 ? 2 : 1
    const changes = strides !== 1 || channels !== [stem, ...widths][index]
    const firstShortcut = changes ? projectionShortcut(channels, strides, heNormal) : identityLayer()
    return residualStage({ blocks: 1, channels, strides, firstShortcut, shortcut: identityLayer(), initialiser: heNormal })
  }
  return network({
    name: 'official-gtn',
    inputShape: [56, 56, 3],
    classes: 2,
    stages: [
      { name: 'stem', module: sequential({ layer: convolutionBlock({ channels: stem, strides: 2 }), pool: maxPoolLayer({ size: 3, strides: 2, padding: 1 }) }) },
      ...widths.map((channels, index) => ({ name: `stage${index + 1}`, module: stage(channels, index) })),
      { name: 'pooled', module: globalAveragePoolLayer() },
    ],
  })
}

/** What the official numbers are about: their network as a source, at random weights, and their number of classes. */
export const officialContext = (hyperparameters: OfficialGtn): TransferContext => {
  const source = backbone(hyperparameters)
  return {
    source: { network: source, variables: source.init(randomKey(1), [1, ...source.inputShape]) },
    task: { kind: 'classification', classes: Array.from({ length: hyperparameters.num_classes }, (_, index) => `class ${index}`) },
    inputShape: source.inputShape,
  }
}

const renamed: readonly (readonly [RegExp, string])[] = [
  [/^stage1\.block1\./, 'feature_extract.4.0.'],
  [/^stage2\.block1\./, 'feature_extract.5.0.'],
  [/^stage3\.block1\./, 'feature_extract.6.0.'],
  [/^stage4\.block1\./, 'layer4.0.0.'],
  [/\.shortcut\.convolution$/, '.downsample.0'],
  [/\.shortcut\.norm$/, '.downsample.1'],
  [/\.convolution(\d)$/, '.conv$1'],
  [/\.norm(\d)$/, '.bn$1'],
  [/^stem\.layer\.convolution$/, 'feature_extract.0'],
  [/^stem\.layer\.norm$/, 'feature_extract.1'],
  [/^gate\.reduce$/, 'fc.0'],
  [/^gate\.expand$/, 'fc.3'],
  [/^head$/, 'classify.1'],
]

/** Official names of the modules of the gated network, without the auxiliary classifier. */
export const officialNames = { nameOf: (path: string): string => renamed.reduce((name, [ours, theirs]) => name.replace(ours, theirs), path) }

/** Official name of the weight of the auxiliary classifier. */
export const officialAuxiliary = 'auxlayer.2.weight'

/** Masks of dropout, `[step, batch, unit]`: 1 keeps an element. */
export interface Masks {
  readonly gate: Tensor
  readonly head: Tensor
}

/** A gated network whose dropout is given, as it was in one step of the official code. */
export const withMasks = (gated: Network, masks: Masks, step: number): Network => {
  const given = (all: Tensor, rate: number): Module => {
    const [, ...shape] = all.shape
    return layer({
      description: { kind: 'given-dropout', rate },
      apply: (_variables, x: Tensor) => {
        const mask: Tensor = squeeze(slice(all, [step, 0, 0], [1, ...shape]), [0])
        return { output: multiply(x, multiply(mask, 1 / (1 - rate))) }
      },
    })
  }
  return replaceModules(gated, (path, { description: { kind, rate } }) => (kind === 'dropout' ? given(path.startsWith('gate.') ? masks.gate : masks.head, Number(rate)) : undefined))
}
