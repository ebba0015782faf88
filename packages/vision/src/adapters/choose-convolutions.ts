import { nearestSpelling, type Network, TransferkitError } from '@transferkit/tensor'
import { unknownConvolution } from './adapt-network.js'
import type { AdapterKind } from './adapted-convolution.js'
import { kernelSizeOf } from './convolution-settings.js'
import { type ConvolutionPlace, convolutionsOf } from './convolutions.js'

/** Which of the two convolutions of a block have an adapter: both, the first, or the second. @internal */
export type BlockPositions = '11' | '10' | '01'

/** A choice of convolutions as plain data. @internal */
export interface ConvolutionChoice {
  /** Kind of the adapters. */
  readonly kind: AdapterKind
  /** Names of stages; all unless told. */
  readonly stages?: readonly string[] | undefined
  /** Paths of convolutions, in which `*` stands for any part of a name; all with a window larger than 1 x 1 unless told. */
  readonly convolutions?: readonly string[] | undefined
  /** Positions inside a block; both unless told. */
  readonly proj?: BlockPositions | undefined
}

/** Parallel adapters need a middle, which windows of even size lack; only who names such a convolution is told. */
const isUsual = ({ description }: ConvolutionPlace, kind: AdapterKind): boolean => {
  const size = kernelSizeOf(description)
  return size.some((side) => side > 1) && (kind === 'series' || size.every((side) => side % 2 === 1))
}

const patternOf = (wanted: string): RegExp => new RegExp(`^${wanted.split('*').map((part) => part.replace(/[.\\^$+?()[\]{}|]/g, '\\$&')).join('[^.]*')}$`)

const named = (network: Network, places: readonly ConvolutionPlace[], convolutions: readonly string[]): readonly ConvolutionPlace[] => {
  const patterns = convolutions.map((wanted) => ({ wanted, pattern: patternOf(wanted) }))
  const unknown = patterns.find(({ pattern }) => !places.some(({ path }) => pattern.test(path)))
  if (unknown !== undefined) throw unknownConvolution(network, unknown.wanted)
  return places.filter(({ path }) => patterns.some(({ pattern }) => pattern.test(path)))
}

const inStages = (network: Network, places: readonly ConvolutionPlace[], stages: readonly string[]): readonly ConvolutionPlace[] => {
  const names = network.stages.map(({ name }) => name)
  const unknown = stages.find((stage) => !names.includes(stage))
  if (unknown !== undefined) {
    const nearest = nearestSpelling(unknown, names)
    throw new TransferkitError('adapters/unknown-stage', `The network '${network.name}' has no stage '${unknown}'.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`} Its stages are: ${names.join(', ')}.`)
  }
  return places.filter(({ stage }) => stages.includes(stage))
}

/** Position of a convolution among the two of its block, such as 1 for `stage1.block1.convolution2`; `undefined` outside of such blocks. */
const positionIn = (places: readonly ConvolutionPlace[]): ((path: string) => number | undefined) => {
  const paths = new Set(places.map(({ path }) => path))
  return (path) => {
    const [, block, position] = /^(.*\.convolution)([12])$/.exec(path) ?? []
    return block !== undefined && paths.has(`${block}1`) && paths.has(`${block}2`) ? Number(position) - 1 : undefined
  }
}

const atPositions = (network: Network, places: readonly ConvolutionPlace[], all: readonly ConvolutionPlace[], proj: BlockPositions): readonly ConvolutionPlace[] => {
  const positionOf = positionIn(all)
  if (!places.some(({ path }) => positionOf(path) !== undefined)) {
    throw new TransferkitError('adapters/no-block-positions', `'proj' chooses between the two convolutions of a block, but '${network.name}' has no blocks of two there. Choose by 'convolutions' instead, such as '*.convolution1'.`)
  }
  return places.filter(({ path }) => {
    const position = positionOf(path)
    return position === undefined || proj[position] === '1'
  })
}

/**
 * Paths of the convolutions that a choice leaves; every part of the choice must hold.
 *
 * @throws TransferkitError `adapters/unknown-stage` or `adapters/unknown-convolution` with the nearest name, `adapters/no-block-positions`, or
 * `adapters/no-convolution` when none is left.
 * @internal
 */
export const chooseConvolutions = (network: Network, { kind, stages, convolutions, proj }: ConvolutionChoice): readonly string[] => {
  const all = convolutionsOf(network)
  const usual = convolutions === undefined ? all.filter((place) => isUsual(place, kind)) : named(network, all, convolutions)
  const staged = stages === undefined ? usual : inStages(network, usual, stages)
  const chosen = proj === undefined || proj === '11' ? staged : atPositions(network, staged, usual, proj)
  if (chosen.length === 0) {
    const choice = [stages && `stages ${stages.join(', ')}`, convolutions && `convolutions ${convolutions.join(', ')}`].filter((part) => part !== undefined)
    throw new TransferkitError(
      'adapters/no-convolution',
      `No convolution of '${network.name}' is left for an adapter${choice.length === 0 ? ': none has a window larger than 1 x 1' : ` in ${choice.join(' and ')}`}. Its convolutions are: ${all.map(({ path }) => path).join(', ') || 'none'}.`,
    )
  }
  return chosen.map(({ path }) => path)
}
