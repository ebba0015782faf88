// Transferkit's native binding: upstream's N-API binding, compiled unchanged, with room for our own additions around it.
//
// Upstream registers its module in `tfjs_binding.cc`. The registration macro is emptied for that one file, so that the
// function below can call upstream's initialiser and then add to the same `exports`.
#include <node_api.h>

#undef NAPI_MODULE
#define NAPI_MODULE(name, initialiser)

#include "tfjs_backend.cc"
#include "tfjs_binding.cc"
#include "freed_memory.h"
#include "graph_function.h"
#include "kernels.h"
#include "random_kernels.h"

// Called by the loader (loader/loader.cc), which is the addon that Node knows.
extern "C" __attribute__((visibility("default"))) napi_value TransferkitInitialise(napi_env env, napi_value exports) {
  napi_value binding = transferkit::AddGraphFunctions(env, tfnodejs::InitTFNodeJSBinding(env, exports));
  return transferkit::AddFreedMemory(env, transferkit::AddRandomKernels(env, transferkit::AddKernels(env, binding)));
}
