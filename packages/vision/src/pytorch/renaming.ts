import { TransferkitError } from '@transferkit/tensor'

/** A pattern of our paths of modules, and the official path from its groups. */
export type Rule = readonly [pattern: RegExp, name: (...groups: readonly string[]) => string]

/**
 * Official paths of modules from rules, the first that fits.
 *
 * @param network Name of the network, for messages.
 * @param rules The rules.
 */
export const renaming =
  (network: string, rules: readonly Rule[]) =>
  (modulePath: string): string => {
    for (const [pattern, name] of rules) {
      const groups = pattern.exec(modulePath)?.slice(1)
      if (groups !== undefined) return name(...groups)
    }
    throw new TransferkitError('pytorch/unknown-module', `The module '${modulePath}' has no name in the PyTorch code of '${network}'. Give the names of your own network as the third argument.`)
  }

/** What PyTorch code usually calls a convolution and a batch norm. */
export const short = (kind = ''): string => (kind === 'convolution' ? 'conv' : 'bn')

/** Where a convolution and the batch norm behind it stand in a list of two. */
export const place = (kind = ''): number => (kind === 'convolution' ? 0 : 1)
