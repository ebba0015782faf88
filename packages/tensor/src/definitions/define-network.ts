import type { ArchitectureDefinition, NetworkTask } from '../contracts/definition.js'
import type { OptionsSchema } from '../contracts/strategy.js'
import type { Network } from '../module/network.js'
import { checkOptions } from './check-options.js'
import { definitionOf } from './definition-of.js'

/** What makes an architecture that recipes can name. */
export interface ArchitectureDescription<Given, Full> {
  /** Identifier in recipes and reports, in lower case with hyphens, such as `resnet32`. */
  readonly name: string
  /** One line on what it is. */
  readonly summary: string
  /** Check and defaults of the options; a strict schema, so that misspelt options are found. */
  readonly options: OptionsSchema<Given, Full>
  /**
   * Makes the network.
   *
   * @param task Classes, and shape of an example where it is not that of the architecture.
   * @param options The options, checked and with their defaults.
   */
  make(task: NetworkTask, options: Full): Network
}

/**
 * Defines an architecture. The result is called with a task and options and gives the network; recipes name it by its `name`.
 *
 * @param description Name, options and how the network is made.
 * @returns The definition. Calling it with options that its schema does not accept throws a TransferkitError `network/options` that names the option.
 *
 * @example
 * ```ts no-run
 * import { convolutionLayer, defineNetwork, globalAveragePoolLayer, network, type OptionsSchema } from '@transferkit/tensor'
 *
 * declare const options: OptionsSchema<{ readonly channels?: number }, { readonly channels: number }> // z.strictObject({ channels: z.int().positive().default(16) })
 *
 * const shallow = defineNetwork({
 *   name: 'shallow',
 *   summary: 'One convolution and a global average.',
 *   options,
 *   make: ({ classes, inputShape = [32, 32, 3] }, { channels }) =>
 *     network({
 *       name: 'shallow',
 *       inputShape,
 *       classes,
 *       stages: [
 *         { name: 'stage1', module: convolutionLayer({ channels, kernelSize: 3 }) },
 *         { name: 'pooled', module: globalAveragePoolLayer() },
 *       ],
 *     }),
 * })
 * const source = shallow({ classes: 10 }, { channels: 32 })
 * ```
 */
export const defineNetwork = <Given, Full>({ name, summary, options: schema, ...described }: ArchitectureDescription<Given, Full>): ArchitectureDefinition<Given> =>
  definitionOf((task: NetworkTask, given?: Given) => described.make(task, checkOptions({ kind: 'network', name }, schema, given ?? {})), { specVersion: 1, kind: 'network', name, summary, optionsSchema: schema } as const)
