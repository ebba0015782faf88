export type { ConformanceOptions } from './conformance-setting.js'
export { testStrategy } from './test-strategy.js'
export { tinyDataset, type TinyDatasetOptions } from './tiny-dataset.js'
export { tinyNetwork } from './tiny-network.js'
