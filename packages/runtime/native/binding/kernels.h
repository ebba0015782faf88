#ifndef TRANSFERKIT_KERNELS_H_
#define TRANSFERKIT_KERNELS_H_

#include <node_api.h>

namespace transferkit {

// Registers our operations with TensorFlow, and says so in the exports: `winogradChannels` is the number that channels
// have to be multiples of for `TransferkitConvolution` and `TransferkitConvolutionFilterGradient`, absent where there are none;
// `hasBfloat16Winograd` says whether the two take maps in bfloat16, too;
// `hasRecurrent`, `hasBatchNorm` and `hasDescent` say whether there are the operations of recurrent_kernels.h, batch_norm_kernels.h and descent_kernels.h.
napi_value AddKernels(napi_env env, napi_value exports);

}  // namespace transferkit

#endif  // TRANSFERKIT_KERNELS_H_
