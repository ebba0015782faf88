#ifndef TRANSFERKIT_RANDOM_KERNELS_H_
#define TRANSFERKIT_RANDOM_KERNELS_H_

#include <node_api.h>

namespace transferkit {

// Registers the operation `TransferkitDropoutMask` with TensorFlow, and says so in the exports as `hasDropoutMask`.
napi_value AddRandomKernels(napi_env env, napi_value exports);

}  // namespace transferkit

#endif  // TRANSFERKIT_RANDOM_KERNELS_H_
