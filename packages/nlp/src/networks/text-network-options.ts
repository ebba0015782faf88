import { TransferkitError } from '@transferkit/tensor'
import type { SequencePooling } from '../layers/pooling-layer.js'

/** Settings that every text network takes. The defaults are our choice, unless they say otherwise. */
export interface TextNetworkOptions {
  /** Number of classes. */
  readonly classes: number
  /** Number of token ids, with padding (0) and the unknown token (1). */
  readonly vocabulary: number
  /** Largest number of tokens of a text; 64 unless told. A batch may be shorter. */
  readonly maximumLength?: number
  /** Channels of a token; 100 unless told. */
  readonly embeddingSize?: number
  /** Word vectors to start from, `vocabulary · embeddingSize` numbers; random unless told. */
  readonly vectors?: Float32Array
  /** Probability that a value is dropped in training; 0 unless told, 0.5 for the convolutional network (Kim 2014). */
  readonly dropout?: number
}

/** How many recurrent layers, of what kind and size. The defaults are our choice, a small network of one direction, unless they say otherwise. */
export interface RecurrentStageOptions extends Pick<TextNetworkOptions, 'dropout'> {
  /** Kind of cell; `lstm` unless told. */
  readonly cell?: 'lstm' | 'gru'
  /** Size of the hidden state of each direction; 128 unless told. */
  readonly hiddenSize?: number
  /** Number of recurrent layers; 1 unless told. */
  readonly layers?: number
  /** Whether each layer runs in both directions; false unless told. */
  readonly bidirectional?: boolean
  /** Whether the hidden weights of each gate start {@link orthogonal}; false unless told, as in PyTorch. */
  readonly orthogonal?: boolean
}

/** Settings of the recurrent text networks. */
export interface RecurrentNetworkOptions extends TextNetworkOptions, RecurrentStageOptions {
  /** How the last layer becomes one vector; `max` unless told (Conneau et al. 2017). */
  readonly pooling?: SequencePooling
}

/** Longest text unless told. */
export const defaultLength = 64

/** Channels of a token unless told. */
export const defaultEmbeddingSize = 100

/** Refuses sizes that are not whole numbers from 1. */
export const checkSizes = (network: string, sizes: Readonly<Record<string, number>>): void => {
  const wrong = Object.entries(sizes).find(([, size]) => !Number.isInteger(size) || size < 1)
  if (wrong !== undefined) throw new TransferkitError('nlp/network-options', `${network}: '${wrong[0]}' is a whole number of at least 1, not ${wrong[1]}.`)
}
