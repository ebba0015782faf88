import type { Network } from '../module/network.js'
import type { Key } from '../random/key.js'
import type { Shape, Tensor } from '../tensor/tensor.js'
import { networkProperties, type NetworkSetting, normalInputs } from './network-properties.js'
import { testProperties } from './test-properties.js'

/** A network to test. */
export interface NetworkConformance {
  /** The network. The smallest one of its kind tests as much as a large one, and sooner. */
  readonly network: Network
  /** Makes a batch of inputs from a key and a shape; normal numbers unless told. A network for texts takes token ids. */
  readonly inputs?: (key: Key, shape: Shape) => Tensor
  /** Names of properties that do not apply. */
  readonly except?: readonly string[]
}

/**
 * Tests that a network keeps the contract: taps and shapes, determinism by key, no leak, purity, examples that do not depend on their batch, running statistics that are
 * kept, right gradients, and modules that can be taken apart, which is what strategies do with it. Call it at the top of a Vitest file, with a backend open.
 *
 * @param options The network, and its inputs where they are not images.
 *
 * @example
 * ```ts
 * import { flattenLayer, network } from '@transferkit/tensor'
 * import { testNetwork } from '@transferkit/tensor/conformance'
 *
 * const linear = network({ name: 'linear', inputShape: [4, 4, 1], stages: [{ name: 'pixels', module: flattenLayer() }], classes: 3 })
 * const tests = () => testNetwork({ network: linear })
 * ```
 */
export const testNetwork = ({ network, inputs = normalInputs, except = [] }: NetworkConformance): void =>
  testProperties<NetworkSetting>({ subject: `network '${network.name}'`, properties: networkProperties, except, open: () => ({ network, inputs }) })
