export { tinyDataset, type TinyDatasetOptions } from './tiny-dataset.js'
export { tinyNetwork } from './tiny-network.js'
