import { type Module, nearestSpelling, network, type Network, randomKey, scope, type Shape, type TransferContext, TransferkitError, withClasses } from '@transferkit/tensor'
import { z } from 'zod'

/** What a target network is made for. */
export interface TargetNetworkOptions {
  /** Number of classes of the target. */
  readonly classes: number
  /** Shape of one example. */
  readonly inputShape: Shape
}

/** Makes a network; the factories of `@transferkit/vision` are such functions. */
export type TargetNetworkFactory = (options: TargetNetworkOptions) => Network

/** Architectures that options may name: plain data cannot hold a network, so the names are resolved where the strategy is defined. */
export type TargetNetworks = Readonly<Record<string, TargetNetworkFactory>>

/** The options of strategies that say which network is trained. @internal */
export const targetFields = {
  target: z.string().optional().describe("Name of the target's architecture; that of the source unless told."),
  targetOptions: z.record(z.string(), z.unknown()).readonly().optional().describe("Settings of the target's architecture, such as { widths: [[32], [64], [128, 128], [256, 256], [256, 256]] } for vgg9; its defaults unless told."),
}

/** What {@link targetFields} allow. @internal */
export interface TargetChoice {
  readonly target?: string | undefined
  readonly targetOptions?: Readonly<Record<string, unknown>> | undefined
}

const structureOf = ({ description, children }: Module): unknown => [description, Object.entries(children).map(([name, child]) => [name, structureOf(child)])]

const described = ({ stages, head }: Network): string => JSON.stringify([...stages.map(({ name, module }) => [name, structureOf(module)]), structureOf(head)])

const attempt = (strategy: string, name: string, settings: Readonly<Record<string, unknown>>, make: () => Network): Network => {
  try {
    return make()
  } catch (cause) {
    throw new TransferkitError('meta/target-options', `Strategy '${strategy}', option 'targetOptions': the architecture '${name}' cannot be made with ${JSON.stringify(settings)}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** A network with settings that anybody wrote. */
const madeWith = (strategy: string, factory: TargetNetworkFactory, name: string, options: TargetNetworkOptions, settings: Readonly<Record<string, unknown>>): Network => {
  const make = (given: Readonly<Record<string, unknown>>): Network => factory({ ...given, ...options })
  const made = attempt(strategy, name, settings, () => {
    const whole = make(settings)
    // Some settings are looked at no earlier than here.
    scope(() => {
      whole.init(randomKey(0), [1, ...whole.inputShape])
    })
    return whole
  })
  const useless = Object.keys(settings).find((key) => described(make(Object.fromEntries(Object.entries(settings).filter(([other]) => other !== key)))) === described(made))
  if (useless === undefined) return made
  // Factories do not complain of settings that they do not know.
  throw new TransferkitError('meta/target-options', `Strategy '${strategy}', option 'targetOptions': '${useless}' changes nothing about the architecture '${name}': it has no such setting, or has that value anyway. Leave it out, or correct its name.`)
}

/**
 * The target network that options name: that of the source, with another head, where they name none.
 *
 * @throws TransferkitError `meta/unknown-target` with the nearest name, `meta/target-options` for settings that the architecture cannot have.
 * @internal
 */
export const targetNetwork = (strategy: string, networks: TargetNetworks, { target: name, targetOptions = {} }: TargetChoice, { source, task, inputShape }: TransferContext): Network => {
  const classes = task.classes.length
  if (name === undefined) {
    if (Object.keys(targetOptions).length === 0) return withClasses(network({ ...source.network, inputShape }), classes)
    throw new TransferkitError('meta/target-options', `Strategy '${strategy}': the option 'targetOptions' is for an architecture that the option 'target' names. Name one.`)
  }
  const factory = networks[name]
  if (factory !== undefined) return Object.keys(targetOptions).length === 0 ? factory({ classes, inputShape }) : madeWith(strategy, factory, name, { classes, inputShape }, targetOptions)
  const known = Object.keys(networks)
  const nearest = nearestSpelling(name, known)
  const advice = known.length === 0 ? `No architectures were given; define the strategy with them, as in defineL2tWw({ networks }).` : `Known are: ${known.join(', ')}.`
  throw new TransferkitError('meta/unknown-target', `Strategy '${strategy}', option 'target': there is no target architecture '${name}'.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`} ${advice}`)
}
