import type { BackendName, BackendOption } from './backend.js'

/** Package of TensorFlow.js that carries a backend. @internal */
export type BackendPackage = '@tensorflow/tfjs-backend-wasm' | '@tensorflow/tfjs-backend-cpu'

/** Tells whether a package is installed. @internal */
export type PackageProbe = (name: BackendPackage) => Promise<boolean>

// Written out, because bundlers follow only imports whose names they can read.
const imports: Readonly<Record<BackendPackage, () => Promise<unknown>>> = {
  '@tensorflow/tfjs-backend-wasm': () => import('@tensorflow/tfjs-backend-wasm'),
  '@tensorflow/tfjs-backend-cpu': () => import('@tensorflow/tfjs-backend-cpu'),
}

/** The probe of a browser, which has no other way to tell than to import the package. @internal */
export const canBeImported: PackageProbe = (name) =>
  imports[name]().then(
    () => true,
    () => false,
  )

/** Whether a backend that comes in a package can be used. @internal */
export const installedOption = async (backend: BackendName, name: BackendPackage, reason: string, isInstalled: PackageProbe): Promise<BackendOption> =>
  (await isInstalled(name))
    ? { backend, usable: true, reason }
    : { backend, usable: false, reason: `the package ${name} is not installed.`, fix: 'Install it beside @transferkit/runtime.' }
