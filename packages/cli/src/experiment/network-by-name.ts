import { type RowSequenceOptions, rowSequence, textNetworks } from '@transferkit/nlp'
import { type Network, TransferkitError } from '@transferkit/tensor'
import { networks } from '@transferkit/vision'
import type { NetworkOptions } from '../recipe/text-schemas.js'
import { spellingAdvice } from '../recipe/spelling.js'

/** What a network is made for. @internal */
export interface NetworkSettings {
  /** Number of classes. */
  readonly classes: number
  /** Shape of one example; that of the architecture unless told. */
  readonly inputShape?: readonly number[]
  /** Sizes of a recurrent network or one for texts. */
  readonly options?: NetworkOptions | undefined
  /** Number of tokens that a network for texts knows, with padding and unknown. */
  readonly vocabulary?: number
  /** Start of the embedding table of a network for texts, where there are word vectors. */
  readonly vectors?: Float32Array
}

type Make = (settings: NetworkSettings) => Network

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
  (kind: Pick<RowSequenceOptions, 'cell' | 'bidirectional'>): Make =>
  ({ classes, inputShape, options = {} }) =>
    rowSequence({ ...options, ...kind, classes, ...(inputShape === undefined ? {} : { inputShape }) })

/** Recurrent networks that read an image row by row, by the names that they give themselves. */
const rowNetworks: Readonly<Record<string, Make>> = {
  'row-lstm': rowNetwork({ cell: 'lstm' }),
  'row-bilstm': rowNetwork({ cell: 'lstm', bidirectional: true }),
  'row-gru': rowNetwork({ cell: 'gru' }),
  'row-bigru': rowNetwork({ cell: 'gru', bidirectional: true }),
}

const sentenceNetworks: Readonly<Record<string, Make>> = Object.fromEntries(
  Object.entries(textNetworks).map(([name, make]): [string, Make] => [
    name,
    // Without a vocabulary the network is only asked for its name and its options.
    ({ classes, inputShape, options = {}, vocabulary = 2, vectors }) =>
      make({ ...options, classes, vocabulary, ...(vectors === undefined ? {} : { vectors }), ...(inputShape === undefined ? {} : { inputShape }) }),
  ]),
)

/**
 * Makes a network by the name that recipes use.
 *
 * @param name The name.
 * @param settings What it is made for.
 * @throws TransferkitError `network/unknown` with the nearest name, `network/no-options`, `nlp/network-options`.
 * @internal
 */
export const networkByName = (name: string, settings: NetworkSettings): Network => {
  const all: Readonly<Record<string, Make>> = { ...imageNetworks, ...rowNetworks, ...sentenceNetworks }
  const make = Object.hasOwn(all, name) ? all[name] : undefined
  if (make === undefined) throw new TransferkitError('network/unknown', `There is no network ${JSON.stringify(name)}.${spellingAdvice(name, Object.keys(all), 'networks')}`)
  return make(settings)
}
