#ifndef TRANSFERKIT_FREED_MEMORY_H_
#define TRANSFERKIT_FREED_MEMORY_H_

#include <node_api.h>

namespace transferkit {

// Adds the function `releaseFreedMemory`, which gives memory of freed tensors back to the system.
napi_value AddFreedMemory(napi_env env, napi_value exports);

}  // namespace transferkit

#endif  // TRANSFERKIT_FREED_MEMORY_H_
