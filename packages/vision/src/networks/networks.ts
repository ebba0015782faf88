import type { Network } from '@transferkit/tensor'
import { cifarResnet, tinyImagenetResnet } from './cifar-resnet.js'
import { digitNetwork } from './digit-network.js'
import { lenet } from './lenet.js'
import { mobilenetV1 } from './mobilenet-v1.js'
import { mobilenetV2 } from './mobilenet-v2.js'
import type { NetworkOptions } from './network-options.js'
import { resnet18, resnet34, resnet50 } from './resnet.js'
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
  resnet18,
  resnet34,
  resnet50,
  'resnet18-small': (options) => resnet18({ ...options, stem: 'small' }),
  'resnet34-small': (options) => resnet34({ ...options, stem: 'small' }),
  'resnet50-small': (options) => resnet50({ ...options, stem: 'small' }),
  'mobilenet-v1': mobilenetV1,
  'mobilenet-v1-0.75': (options) => mobilenetV1({ ...options, widthFactor: 0.75 }),
  'mobilenet-v1-0.5': (options) => mobilenetV1({ ...options, widthFactor: 0.5 }),
  'mobilenet-v1-0.25': (options) => mobilenetV1({ ...options, widthFactor: 0.25 }),
  'mobilenet-v2': mobilenetV2,
  'mobilenet-v2-1.4': (options) => mobilenetV2({ ...options, widthFactor: 1.4 }),
  'mobilenet-v2-0.75': (options) => mobilenetV2({ ...options, widthFactor: 0.75 }),
  'mobilenet-v2-0.5': (options) => mobilenetV2({ ...options, widthFactor: 0.5 }),
  'mobilenet-v2-0.35': (options) => mobilenetV2({ ...options, widthFactor: 0.35 }),
}
