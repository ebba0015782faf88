import { getKernel, type KernelConfig, type KernelFunc, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core'

/** Kernels to register, by name. @internal */
export type Kernels = Readonly<Record<string, KernelFunc>>

/** The kernel that is registered; upstream's types do not say that there may be none. @internal */
export const findKernel = (kernelName: string, backendName: string): KernelConfig | undefined => getKernel(kernelName, backendName)

/** Registers the kernels that a backend does not have yet, so that registering again changes nothing. @internal */
export const registerMissing = (backendName: string, kernels: Kernels): void => {
  for (const [kernelName, kernelFunc] of Object.entries(kernels))
    if (findKernel(kernelName, backendName) === undefined) registerKernel({ kernelName, backendName, kernelFunc })
}

/** Registers kernels in the place of those that a backend has; registering again changes nothing. @internal */
export const replaceKernels = (backendName: string, kernels: Kernels): void => {
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    const present = findKernel(kernelName, backendName)?.kernelFunc
    if (present === kernelFunc) continue
    if (present !== undefined) unregisterKernel(kernelName, backendName)
    registerKernel({ kernelName, backendName, kernelFunc })
  }
}
