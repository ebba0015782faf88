import type { AdapterKind } from '../adapters/adapted-convolution.js'
import { type PytorchNames, renaming, type Rule } from './renaming.js'

/** What a checkpoint of the official residual-adapter code holds, and which of its domains is meant. */
export interface ResidualAdapterCode {
  /** Kind of its adapters; `none` for a network without. */
  readonly kind: AdapterKind | 'none'
  /** Position of the domain in the checkpoint, from 0. */
  readonly domain: number
  /** Which of the two convolutions of a block have an adapter; both unless told. */
  readonly proj?: '11' | '10' | '01'
}

/** Names of tensors that belong to one domain, with its position. */
const ofDomain = /(?:^end_bns|^linears|\.bns|\.parallel_conv)\.(\d+)\./

/**
 * Names of a ResNet-26 with residual adapters in the official code (srebuffi/residual_adapters at commit 5c51aa3), for {@link importPytorch} and
 * {@link exportPytorch}. A checkpoint holds several domains on one set of filters; tensors of the others are passed over.
 *
 * @param code Kind of the adapters, domain, and which convolutions of a block are adapted.
 *
 * @example
 * ```ts
 * import { readSafetensors } from '@transferkit/training'
 * import { adaptNetwork, importPytorch, resnet26, residualAdapterNames, selectConvolutions } from '@transferkit/vision'
 *
 * const load = (file: Uint8Array) => {
 *   const base = resnet26({ classes: 100 })
 *   const network = adaptNetwork(base, { kind: 'parallel', convolutions: selectConvolutions(base, () => true) })
 *   return { network, variables: importPytorch(network, readSafetensors(file).entries, residualAdapterNames({ kind: 'parallel', domain: 1 })) }
 * }
 * ```
 */
export const residualAdapterNames = ({ kind, domain, proj = '11' }: ResidualAdapterCode): PytorchNames => {
  const inner = `bns.${domain}`
  /** Behind a series adapter the batch norm is the second of two. */
  const norm = (isAdapted: boolean): string => (kind === 'series' && isAdapted ? `${inner}.1` : inner)
  const unit = (isAdapted: boolean, part: string): string => {
    if (part.startsWith('norm')) return norm(isAdapted)
    if (part.endsWith('.adapter.norm')) return `${inner}.0.conv.0`
    if (part.endsWith('.adapter.convolution')) return `${inner}.0.conv.1`
    return part.endsWith('.adapter') ? `parallel_conv.${domain}.conv` : 'conv'
  }
  const rules: readonly Rule[] = [
    [/^stem\.((?:convolution|norm).*)$/, (part = '') => `pre_layers_conv.${unit(true, part)}`],
    [/^stage(\d)\.block(\d+)\.((?:convolution|norm)1.*)$/, (stage, block, part = '') => `layer${stage}.${Number(block) - 1}.conv1.${unit(proj[0] === '1', part)}`],
    [/^stage(\d)\.block(\d+)\.((?:convolution|norm)2.*)$/, (stage, block, part = '') => `layer${stage}.${Number(block) - 1}.conv2.1.${unit(proj[1] === '1', part)}`],
    [/^pooled\.norm$/, () => `end_bns.${domain}.0`],
    [/^head$/, () => `linears.${domain}`],
  ]
  return {
    nameOf: renaming('resnet26', rules),
    isUnused: (name) => {
      const found = ofDomain.exec(name)?.[1]
      return found !== undefined && Number(found) !== domain
    },
  }
}
