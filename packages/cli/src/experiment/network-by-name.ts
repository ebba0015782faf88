import { type RowSequenceOptions, rowSequence, textNetworks } from '@transferkit/nlp'
import { type ArchitectureDefinition, checkOptions, type Network, TransferkitError } from '@transferkit/tensor'
import { networks } from '@transferkit/vision'
import { type NetworkOptions, networkOptionsSchema } from '../recipe/text-schemas.js'
import { spellingAdvice } from '../recipe/spelling.js'

/** What a network is made for. @internal */
export interface NetworkSettings {
  /** Number of classes. */
  readonly classes: number
  /** Shape of one example; that of the architecture unless told. */
  readonly inputShape?: readonly number[]
  /** Options as a recipe gives them: sizes of a recurrent network or one for texts, or whatever the network of a plugin takes. */
  readonly options?: Readonly<Record<string, unknown>> | undefined
  /** Number of tokens that a network for texts knows, with padding and unknown. */
  readonly vocabulary?: number
  /** Start of the embedding table of a network for texts, where there are word vectors. */
  readonly vectors?: Float32Array
}

type Make = (settings: NetworkSettings) => Network

const sizesOf = (name: string, options: NetworkSettings['options'] = {}): NetworkOptions => checkOptions({ kind: 'network', name }, networkOptionsSchema, options)

const imageNetworks: Readonly<Record<string, Make>> = Object.fromEntries(
  Object.entries(networks).map(([name, make]): [string, Make] => [
    name,
    ({ classes, inputShape, options }) => {
      if (options !== undefined) throw new TransferkitError('network/no-options', `The network ${JSON.stringify(name)} has no options; those that have are ${[...Object.keys(rowNetworks), ...Object.keys(textNetworks)].join(', ')}.`)
      return make({ classes, ...(inputShape === undefined ? {} : { inputShape }) })
    },
  ]),
)

const rowNetwork =
  (name: string, kind: Pick<RowSequenceOptions, 'cell' | 'bidirectional'>): Make =>
  ({ classes, inputShape, options }) =>
    rowSequence({ ...sizesOf(name, options), ...kind, classes, ...(inputShape === undefined ? {} : { inputShape }) })

/** Recurrent networks that read an image row by row, by the names that they give themselves. */
const rowNetworks: Readonly<Record<string, Make>> = {
  'row-lstm': rowNetwork('row-lstm', { cell: 'lstm' }),
  'row-bilstm': rowNetwork('row-bilstm', { cell: 'lstm', bidirectional: true }),
  'row-gru': rowNetwork('row-gru', { cell: 'gru' }),
  'row-bigru': rowNetwork('row-bigru', { cell: 'gru', bidirectional: true }),
}

const sentenceNetworks: Readonly<Record<string, Make>> = Object.fromEntries(
  Object.entries(textNetworks).map(([name, make]): [string, Make] => [
    name,
    // Without a vocabulary the network is only asked for its name and its options.
    ({ classes, inputShape, options, vocabulary = 2, vectors }) =>
      make({ ...sizesOf(name, options), classes, vocabulary, ...(vectors === undefined ? {} : { vectors }), ...(inputShape === undefined ? {} : { inputShape }) }),
  ]),
)

/** The networks of Transferkit by name. @internal */
export const ownNetworks: Readonly<Record<string, Make>> = { ...imageNetworks, ...rowNetworks, ...sentenceNetworks }

const ofPlugin =
  (definition: ArchitectureDefinition): Make =>
  ({ classes, inputShape, options = {} }) =>
    // Options of a recipe are what anybody wrote; the network's own schema checks them here.
    definition({ classes, ...(inputShape === undefined ? {} : { inputShape }) }, options as never)

/**
 * Makes a network by the name that recipes use.
 *
 * @param name The name.
 * @param settings What it is made for.
 * @param plugins Networks of plugins, where there can be some: those for texts are Transferkit's own.
 * @throws TransferkitError `network/unknown` with the nearest name, `network/no-options`, `network/options`, `nlp/network-options`.
 * @internal
 */
export const networkByName = (name: string, settings: NetworkSettings, plugins: ReadonlyMap<string, ArchitectureDefinition> = new Map()): Network => {
  const all = new Map([...Object.entries(ownNetworks), ...[...plugins].map(([id, definition]): [string, Make] => [id, ofPlugin(definition)])])
  const make = all.get(name)
  if (make === undefined) throw new TransferkitError('network/unknown', `There is no network ${JSON.stringify(name)}.${spellingAdvice(name, [...all.keys()], 'networks')}`)
  return make(settings)
}
