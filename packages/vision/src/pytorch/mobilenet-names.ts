import { modulesInside, type Network } from '@transferkit/tensor'
import { place, renaming, type Rule } from './renaming.js'

/** Where a block of MobileNet v2 stands. */
interface BlockPlace {
  /** Among all blocks, from 1. */
  readonly index: number
  /** Its group, from 1. */
  readonly group: number
  /** In its group, from 1. */
  readonly position: number
  /** Number of its convolutions. */
  readonly convolutions: number
}

const blockPlaces = (network: Network): ReadonlyMap<string, BlockPlace> => {
  const places = new Map<string, BlockPlace>()
  const sizes = new Map<number, number>()
  for (const [path, { description }] of modulesInside(network)) {
    if (description.kind !== 'inverted-residual-block') continue
    const group = Number(description['group'])
    const position = (sizes.get(group) ?? 0) + 1
    sizes.set(group, position)
    places.set(path, { index: places.size + 1, group, position, convolutions: description['expansion'] === 1 ? 2 : 3 })
  }
  return places
}

const block = (places: ReadonlyMap<string, BlockPlace>, name: (place: BlockPlace, kind: string, convolution: number) => string): readonly Rule[] =>
  [...places].map(([path, found]) => [
    new RegExp(`^${path.replaceAll('.', '\\.')}\\.(convolution|norm)(\\d)$`),
    (kind = '', convolution = '') => name(found, kind, Number(convolution)),
  ])

/** torchvision's `mobilenet_v2`. */
export const torchvisionMobilenetV2 = (network: Network): ((modulePath: string) => string) => {
  const places = blockPlaces(network)
  return renaming(network.name, [
    [/^stem\.(convolution|norm)$/, (kind) => `features.0.${place(kind)}`],
    ...block(places, ({ index, convolutions }, kind, convolution) => {
      // Convolutions with a rectifier are lists of their own; the last one stands in the block's list itself.
      const inner = convolution < convolutions ? `${convolution - 1}.${place(kind)}` : convolutions - 1 + place(kind)
      return `features.${index}.conv.${inner}`
    }),
    [/^stage\d+\.last\.(convolution|norm)$/, (kind) => `features.${places.size + 1}.${place(kind)}`],
    [/^head$/, () => 'classifier.1'],
  ])
}

const timmStem: Rule = [/^stem\.(convolution|norm)$/, (kind) => (kind === 'convolution' ? 'conv_stem' : 'bn1')]

/** timm calls convolutions by what they do; those of a block without widening are the last two with other names. */
const timmConvolutions: Readonly<Record<number, readonly string[]>> = { 2: ['dw', 'pw'], 3: ['pw', 'dw', 'pwl'] }

const timmModule = (convolutions: number, kind: string, convolution: number): string => (kind === 'convolution' ? `conv_${timmConvolutions[convolutions]?.[convolution - 1] ?? ''}` : `bn${convolution}`)

/** timm's `mobilenetv2_*`. */
export const timmMobilenetV2 = (network: Network): ((modulePath: string) => string) => {
  const rules: readonly Rule[] = [
    timmStem,
    ...block(blockPlaces(network), ({ group, position, convolutions }, kind, convolution) => `blocks.${group - 1}.${position - 1}.${timmModule(convolutions, kind, convolution)}`),
    [/^stage\d+\.last\.(convolution|norm)$/, (kind) => (kind === 'convolution' ? 'conv_head' : 'bn2')],
    [/^head$/, () => 'classifier'],
  ]
  return renaming(network.name, rules)
}

/** timm's `mobilenetv1_*`. */
export const timmMobilenetV1 = ({ name }: Network): ((modulePath: string) => string) => {
  const rules: readonly Rule[] = [
    timmStem,
    [/^stage(\d)\.block(\d)\.(convolution|norm)(\d)$/, (stage, index, kind = '', convolution) => `blocks.${Number(stage) - 1}.${Number(index) - 1}.${timmModule(2, kind, Number(convolution))}`],
    [/^head$/, () => 'classifier'],
  ]
  return renaming(name, rules)
}
