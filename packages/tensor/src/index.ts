export { acceleratedKernels, type AcceleratedKernel, type ConvolutionAttributes, type Padding } from './kernels/accelerated.js'
export { TransferkitError } from './error.js'
