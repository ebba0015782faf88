import { type Network, type Shape, TransferkitError } from '@transferkit/tensor'
import { pairClassifier, textClassifier } from './text-classifier.js'
import { textCnn } from './text-cnn.js'
import type { RecurrentNetworkOptions } from './text-network-options.js'

/** Settings that every network of {@link textNetworks} takes. The convolutional network has no use for those of recurrent layers and of pooling. */
export interface TextNetworkSettings extends Omit<RecurrentNetworkOptions, 'maximumLength' | 'cell' | 'bidirectional'> {
  /** Shape of one example: `[maximumLength]`, for pairs `[2, maximumLength]`; 64 tokens unless told, our choice. */
  readonly inputShape?: Shape
}

/** Makes a text network for a number of classes, a vocabulary and a shape of examples. */
export type TextNetworkFactory = (options: TextNetworkSettings) => Network

type Make = (options: RecurrentNetworkOptions) => Network

const lengthIn = (shape: Shape | undefined, isPair: boolean): { readonly maximumLength?: number } => {
  if (shape === undefined) return {}
  const maximumLength = shape.at(-1)
  const fits = isPair ? shape.length === 2 && shape[0] === 2 : shape.length === 1
  if (!fits || maximumLength === undefined) {
    throw new TransferkitError(
      'nlp/input-shape',
      `A network of ${isPair ? 'sentence pairs takes examples of shape [2, maximumLength]' : 'single sentences takes examples of shape [maximumLength]'}, not [${String(shape)}].${isPair || shape.length !== 2 ? '' : ' For pairs, use a network whose name ends in -pair.'}`,
    )
  }
  return { maximumLength }
}

const single =
  (make: Make): TextNetworkFactory =>
  ({ inputShape, ...options }) =>
    make({ ...options, ...lengthIn(inputShape, false) })

const pair =
  (options: Pick<RecurrentNetworkOptions, 'cell' | 'bidirectional'>): TextNetworkFactory =>
  ({ inputShape, ...others }) =>
    pairClassifier({ ...others, ...options, ...lengthIn(inputShape, true) })

/** The text networks by the names that recipes use, which are also the names of the networks that they make; those that end in `-pair` take sentence pairs. */
export const textNetworks: Readonly<Record<string, TextNetworkFactory>> = {
  lstm: single((options) => textClassifier({ ...options, cell: 'lstm' })),
  bilstm: single((options) => textClassifier({ ...options, cell: 'lstm', bidirectional: true })),
  gru: single((options) => textClassifier({ ...options, cell: 'gru' })),
  bigru: single((options) => textClassifier({ ...options, cell: 'gru', bidirectional: true })),
  'text-cnn': single(textCnn),
  'lstm-pair': pair({ cell: 'lstm' }),
  'bilstm-pair': pair({ cell: 'lstm', bidirectional: true }),
  'gru-pair': pair({ cell: 'gru' }),
  'bigru-pair': pair({ cell: 'gru', bidirectional: true }),
}
