import { TransferkitError } from '@transferkit/tensor'

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
