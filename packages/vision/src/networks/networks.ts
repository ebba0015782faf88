import type { Network } from '@transferkit/tensor'
import { cifarResnet, tinyImagenetResnet } from './cifar-resnet.js'
import { digitNetwork } from './digit-network.js'
import { lenet } from './lenet.js'
import type { NetworkOptions } from './network-options.js'
import { resnet26 } from './resnet26.js'
import { vgg9 } from './vgg9.js'

/** Makes a network for a number of classes and a shape of examples. */
export type NetworkFactory = (options: NetworkOptions) => Network

/** The image networks by the names that recipes use, which are also the names of the networks that they make. */
export const networks: Readonly<Record<string, NetworkFactory>> = {
  lenet,
  'digit-network': digitNetwork,
  vgg9,
  'cifar-resnet20': (options) => cifarResnet({ ...options, depth: 20 }),
  'cifar-resnet32': (options) => cifarResnet({ ...options, depth: 32 }),
  'cifar-resnet44': (options) => cifarResnet({ ...options, depth: 44 }),
  'cifar-resnet56': (options) => cifarResnet({ ...options, depth: 56 }),
  'tiny-imagenet-resnet32': (options) => tinyImagenetResnet({ ...options, depth: 32 }),
  resnet26,
}
