import { type Network, TransferkitError } from '@transferkit/tensor'

/** How the modules of a network are called in the PyTorch code that its weights come from. */
export interface PytorchNames {
  /**
   * Official path of a module, such as `layer1.0.conv1`.
   *
   * @param modulePath Our path of the module, such as `stage1.block1.convolution1`.
   */
  nameOf(modulePath: string): string
  /**
   * Whether the official code saves a tensor of this name that its forward pass does not use.
   *
   * @param name Official name of a tensor.
   */
  isUnused?(name: string): boolean
}

type Rule = readonly [pattern: RegExp, name: (...groups: readonly string[]) => string]

const renaming =
  (network: string, rules: readonly Rule[]): PytorchNames['nameOf'] =>
  (modulePath) => {
    for (const [pattern, name] of rules) {
      const groups = pattern.exec(modulePath)?.slice(1)
      if (groups !== undefined) return name(...groups)
    }
    throw new TransferkitError('pytorch/unknown-module', `The module '${modulePath}' has no name in the PyTorch code of '${network}'. Give the names of your own network as the third argument.`)
  }

const short = (kind = ''): string => (kind === 'convolution' ? 'conv' : 'bn')

const stem: Rule = [/^stem\.(convolution|norm)$/, (kind) => `${short(kind)}1`]

/** akamaster/pytorch_resnet_cifar10 at commit d5489e8. */
const akamaster: readonly Rule[] = [
  stem,
  [/^stage(\d)\.block(\d+)\.(convolution|norm)(\d)$/, (stage, block, kind, position) => `layer${stage}.${Number(block) - 1}.${short(kind)}${position}`],
  [/^stage(\d)\.block(\d+)\.shortcut\.(convolution|norm)$/, (stage, block, kind) => `layer${stage}.${Number(block) - 1}.shortcut.${kind === 'convolution' ? 0 : 1}`],
  [/^head$/, () => 'linear'],
]

/** In L2T-ww the first block of each stage stands alone, with an odd number, and the others follow in a list with an even one. */
const l2twwBlock = (stage = '', block = ''): string => (block === '1' ? `block${2 * Number(stage) - 1}` : `blocks${2 * Number(stage)}.${Number(block) - 2}`)

/** `CResNet` of alinlab/L2T-ww at commit f4dde04. */
const l2tww: readonly Rule[] = [
  stem,
  [/^stage(\d)\.block(\d+)\.(convolution|norm)(\d)$/, (stage, block, kind, position) => `${l2twwBlock(stage, block)}.${short(kind)}${position}`],
  [/^stage(\d)\.block(\d+)\.shortcut\.(convolution|norm)$/, (stage, block, kind) => `${l2twwBlock(stage, block)}.downsample.${kind === 'convolution' ? 0 : 1}`],
  [/^head$/, () => 'fc'],
]

const adapterBranch = (kind = ''): string => (kind === 'convolution' ? 'conv' : 'bns.0')

/** srebuffi/residual_adapters at commit 5c51aa3, for one domain. */
const residualAdapters: readonly Rule[] = [
  [/^stem\.(convolution|norm)$/, (kind) => `pre_layers_conv.${adapterBranch(kind)}`],
  [/^stage(\d)\.block(\d+)\.(convolution|norm)1$/, (stage, block, kind) => `layer${stage}.${Number(block) - 1}.conv1.${adapterBranch(kind)}`],
  [/^stage(\d)\.block(\d+)\.(convolution|norm)2$/, (stage, block, kind) => `layer${stage}.${Number(block) - 1}.conv2.1.${adapterBranch(kind)}`],
  [/^pooled\.norm$/, () => 'end_bns.0.0'],
  [/^head$/, () => 'linears.0'],
]

/** Where each layer of VGG-9 begins in `features`: convolution, batch norm and rectifier count one each, and so does the pooling after a stage. */
const vggPositions: Readonly<Record<string, number>> = { '1.1': 0, '2.1': 4, '3.1': 8, '3.2': 11, '4.1': 15, '4.2': 18, '5.1': 22, '5.2': 25 }

/** `vgg9_bn` of alinlab/L2T-ww at commit f4dde04. */
const l2twwVgg: readonly Rule[] = [
  [/^stage(\d)\.layer(\d)\.(convolution|norm)$/, (stage, index, kind) => `features.${(vggPositions[`${stage}.${index}`] ?? Number.NaN) + (kind === 'convolution' ? 0 : 1)}`],
  [/^head$/, () => 'classifier'],
]

/** The usual names of LeNet-5 in PyTorch. */
const lenet: readonly Rule[] = [
  [/^stage(\d)\.convolution$/, (stage) => `conv${stage}`],
  [/^hidden(\d)\.dense$/, (layer) => `fc${layer}`],
  [/^head$/, () => 'fc3'],
]

interface Family {
  readonly networks: RegExp
  readonly rules: readonly Rule[]
  readonly unused?: RegExp
}

const families: readonly Family[] = [
  { networks: /^cifar-resnet/, rules: akamaster },
  { networks: /^tiny-imagenet-resnet/, rules: l2tww, unused: /^alphas\./ },
  { networks: /^resnet26$/, rules: residualAdapters },
  { networks: /^lenet$/, rules: lenet },
  { networks: /^vgg9$/, rules: l2twwVgg, unused: /^(alphas|new_bn|new_classifier|w\d?)\./ },
]

/** The names that the PyTorch code of a network of ours uses. @internal */
export const pytorchNamesOf = ({ name }: Network): PytorchNames => {
  const found = families.find(({ networks }) => networks.test(name))
  if (found === undefined) {
    throw new TransferkitError('pytorch/unknown-network', `There is no PyTorch code whose names are known for the network '${name}'. Give the names as the third argument.`)
  }
  const { rules, unused } = found
  return { nameOf: renaming(name, rules), ...(unused === undefined ? {} : { isUnused: (tensor) => unused.test(tensor) }) }
}
