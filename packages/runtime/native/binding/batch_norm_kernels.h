#ifndef TRANSFERKIT_BATCH_NORM_KERNELS_H_
#define TRANSFERKIT_BATCH_NORM_KERNELS_H_

namespace transferkit {

// Registers `TransferkitBatchNorm` and `TransferkitBatchNormGradient` with TensorFlow; false where this processor has no fast form of them.
bool RegisterBatchNormKernels();

}  // namespace transferkit

#endif  // TRANSFERKIT_BATCH_NORM_KERNELS_H_
