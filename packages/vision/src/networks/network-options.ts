import type { Shape } from '@transferkit/tensor'

/** Settings that every network of the registry takes. */
export interface NetworkOptions {
  /** Number of classes. */
  readonly classes: number
  /** Shape of one example, `[height, width, channel]`; what the network was designed for unless told. */
  readonly inputShape?: Shape
}
