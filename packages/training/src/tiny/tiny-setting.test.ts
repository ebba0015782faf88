import { testDataset, testNetwork } from '@transferkit/tensor/conformance'
import { tinyDataset } from './tiny-dataset.js'
import { tinyNetwork } from './tiny-network.js'

testDataset({ name: 'tiny-stripes', open: () => tinyDataset({ seed: 1, size: 12 }) })
testNetwork({ network: tinyNetwork(3) })
