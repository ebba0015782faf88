import { nearestSpelling, type Network, TransferkitError } from '@transferkit/tensor'
import { timmMobilenetV1, timmMobilenetV2, torchvisionMobilenetV2 } from './mobilenet-names.js'
import { place, type PytorchNames, renaming, type Rule, short } from './renaming.js'
import { residualAdapterNames } from './residual-adapter-names.js'

const stem: Rule = [/^stem\.(convolution|norm)$/, (kind) => `${short(kind)}1`]

/** ResNets whose stages are `layer1`, `layer2` and so on, each a list of blocks. */
const layeredResnet = (shortcut: string, head: string): readonly Rule[] => [
  stem,
  [/^stage(\d)\.block(\d+)\.(convolution|norm)(\d)$/, (stage, block, kind, position) => `layer${stage}.${Number(block) - 1}.${short(kind)}${position}`],
  [/^stage(\d)\.block(\d+)\.shortcut\.(convolution|norm)$/, (stage, block, kind) => `layer${stage}.${Number(block) - 1}.${shortcut}.${place(kind)}`],
  [/^head$/, () => head],
]

/** akamaster/pytorch_resnet_cifar10 at commit d5489e8. */
const akamaster = layeredResnet('shortcut', 'linear')

/** torchvision's ResNets, whose names timm's have too. */
const torchvisionResnet = layeredResnet('downsample', 'fc')

/** In L2T-ww the first block of each stage stands alone, with an odd number, and the others follow in a list with an even one. */
const l2twwBlock = (stage = '', block = ''): string => (block === '1' ? `block${2 * Number(stage) - 1}` : `blocks${2 * Number(stage)}.${Number(block) - 2}`)

/** `CResNet` of alinlab/L2T-ww at commit f4dde04. */
const l2tww: readonly Rule[] = [
  stem,
  [/^stage(\d)\.block(\d+)\.(convolution|norm)(\d)$/, (stage, block, kind, position) => `${l2twwBlock(stage, block)}.${short(kind)}${position}`],
  [/^stage(\d)\.block(\d+)\.shortcut\.(convolution|norm)$/, (stage, block, kind) => `${l2twwBlock(stage, block)}.downsample.${place(kind)}`],
  [/^head$/, () => 'fc'],
]

/** Where each layer of VGG-9 begins in `features`: convolution, batch norm and rectifier count one each, and so does the pooling after a stage. */
const vggPositions: Readonly<Record<string, number>> = { '1.1': 0, '2.1': 4, '3.1': 8, '3.2': 11, '4.1': 15, '4.2': 18, '5.1': 22, '5.2': 25 }

/** `vgg9_bn` of alinlab/L2T-ww at commit f4dde04. */
const l2twwVgg: readonly Rule[] = [
  [/^stage(\d)\.layer(\d)\.(convolution|norm)$/, (stage, index, kind) => `features.${(vggPositions[`${stage}.${index}`] ?? Number.NaN) + place(kind)}`],
  [/^head$/, () => 'classifier'],
]

/** The usual names of LeNet-5 in PyTorch. */
const lenet: readonly Rule[] = [
  [/^stage(\d)\.convolution$/, (stage) => `conv${stage}`],
  [/^hidden(\d)\.dense$/, (layer) => `fc${layer}`],
  [/^head$/, () => 'fc3'],
]

/** Whose names: those of the authors' (or the usual) code, of torchvision, or of timm. */
export type PytorchCode = 'official' | 'torchvision' | 'timm'

interface Code {
  readonly names: (network: Network) => PytorchNames['nameOf']
  readonly unused?: RegExp
}

interface Family {
  readonly networks: RegExp
  /** The first one is what export writes unless told. */
  readonly codes: Readonly<Partial<Record<PytorchCode, Code>>>
}

const by =
  (rules: readonly Rule[]) =>
  ({ name }: Network): PytorchNames['nameOf'] =>
    renaming(name, rules)

const families: readonly Family[] = [
  { networks: /^cifar-resnet/, codes: { official: { names: by(akamaster) } } },
  { networks: /^tiny-imagenet-resnet/, codes: { official: { names: by(l2tww), unused: /^alphas\./ } } },
  { networks: /^resnet26$/, codes: { official: { names: () => (path) => residualAdapterNames({ kind: 'none', domain: 0 }).nameOf(path) } } },
  { networks: /^resnet(18|34|50)(-small)?$/, codes: { torchvision: { names: by(torchvisionResnet) }, timm: { names: by(torchvisionResnet) } } },
  { networks: /^mobilenet-v1/, codes: { timm: { names: timmMobilenetV1 } } },
  { networks: /^mobilenet-v2/, codes: { torchvision: { names: torchvisionMobilenetV2 }, timm: { names: timmMobilenetV2 } } },
  { networks: /^lenet$/, codes: { official: { names: by(lenet) } } },
  { networks: /^vgg9$/, codes: { official: { names: by(l2twwVgg), unused: /^(alphas|new_bn|new_classifier|w\d?)\./ } } },
]

const codesOf = ({ name }: Network): Family['codes'] => families.find(({ networks }) => networks.test(name))?.codes ?? {}

/** Whose names are known for a network; none for one that is not ours. @internal */
export const pytorchCodes = (network: Network): readonly PytorchCode[] =>
  // The keys of a family are codes.
  Object.keys(codesOf(network)) as PytorchCode[]

/**
 * The names that PyTorch code uses for the modules of a network of this package.
 *
 * `official` means the code that the network was made after: akamaster/pytorch_resnet_cifar10 for the CIFAR ResNets, alinlab/L2T-ww for the Tiny ImageNet
 * ResNet and VGG-9, srebuffi/residual_adapters for ResNet-26. ResNet-18, -34 and -50 and MobileNet v2 have the names of `torchvision` and of `timm`, MobileNet v1 those of
 * `timm`.
 *
 * @param network The network; its name says which it is.
 * @param code Whose names; the first that there are for the network unless told.
 * @throws TransferkitError `pytorch/unknown-network` when no names are known for the network, `pytorch/unknown-names` when not those that are asked for.
 *
 * @example
 * ```ts
 * import { mobilenetV2, pytorchNames } from '@transferkit/vision'
 *
 * pytorchNames(mobilenetV2({ classes: 10 }), 'timm').nameOf('stage2.block1.convolution2') // 'blocks.1.0.conv_dw'
 * ```
 */
export const pytorchNames = (network: Network, code?: PytorchCode): PytorchNames => {
  const codes = pytorchCodes(network)
  const wanted = code ?? codes[0]
  if (wanted === undefined || codes.length === 0) {
    throw new TransferkitError('pytorch/unknown-network', `There is no PyTorch code whose names are known for the network '${network.name}'. Give the names as the third argument.`)
  }
  const found = codesOf(network)[wanted]
  if (found === undefined) {
    const nearest = nearestSpelling(wanted, codes)
    throw new TransferkitError('pytorch/unknown-names', `There are no names '${wanted}' for the network '${network.name}'.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`} Known are: ${codes.join(', ')}.`)
  }
  const { names, unused } = found
  return { nameOf: names(network), ...(unused === undefined ? {} : { isUnused: (tensor) => unused.test(tensor) }) }
}
