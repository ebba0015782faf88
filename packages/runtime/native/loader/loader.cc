// The addon that Node loads. It prepares the process before TensorFlow enters it, and then loads the binding, which lies
// beside it under the same name with the ending `.so`.
#include <dlfcn.h>
#include <node_api.h>

#include <string>

#include "memory.h"
#include "standard_error.h"

namespace {

using Initialise = napi_value (*)(napi_env, napi_value);

// Path of the binding: this file's own, with another ending.
std::string BindingPath() {
  static const char anchor = 0;
  Dl_info info;
  if (dladdr(&anchor, &info) == 0) return std::string();
  const std::string own(info.dli_fname);
  return own.substr(0, own.rfind('.')) + ".so";
}

}  // namespace

NAPI_MODULE_INIT() {
  transferkit::TuneAllocator();
  void *library = nullptr;
  {
    transferkit::StandardErrorFilter filter;
    library = dlopen(BindingPath().c_str(), RTLD_LAZY | RTLD_LOCAL);
  }
  void *const initialise = library == nullptr ? nullptr : dlsym(library, "TransferkitInitialise");
  if (initialise == nullptr) {
    napi_throw_error(env, nullptr, dlerror());
    return nullptr;
  }
  return reinterpret_cast<Initialise>(initialise)(env, exports);
}
