export type { BackendChoice, BackendName, BackendOption, Runtime } from './backend.js'
export { openRuntime, type OpenRuntimeOptions } from './open-runtime.js'
export { type Verification, type VerificationCheck, verifyBackend } from './verify.js'
