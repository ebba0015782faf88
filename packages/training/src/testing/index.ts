export type { ConformanceOptions } from './conformance-setting.js'
export { type CheckedWay, checkedWays, replaying, runCompiled } from './run-compiled.js'
export { type CompiledOptions, type CompilingRuntime, testCompiled } from './test-compiled.js'
export { type RegulariserConformance, testRegulariser, testStrategy } from './test-strategy.js'
