#include "random_kernels.h"

#include <vector>

#include "kernel_call.h"
#include "operation.h"
#include "random.h"

namespace transferkit {

namespace {

struct MaskSettings {
  std::vector<int64_t> shape;
  int64_t threshold;
  float kept;
  explicit MaskSettings(Attributes &attributes) : shape(attributes.Integers("shape")), threshold(attributes.Integer("threshold")), kept(attributes.Number("kept")) {}
};

void Mask(void *settings, TF_OpKernelContext *context) {
  const auto &[shape, threshold, kept] = *static_cast<const MaskSettings *>(settings);
  Call call(context);
  const Input key(context, 0, call.status());
  if (!key.Is({2})) {
    call.Refuse("TransferkitDropoutMask: a key has two words.");
    return;
  }
  float *const mask = call.Output(0, shape.data(), static_cast<int>(shape.size()));
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  const uint32_t *const words = key.data<uint32_t>();
  if (call.IsOk()) DropoutMask(words[0], words[1], static_cast<uint32_t>(threshold), kept, count, mask);
}

bool RegisterMask() {
  return RegisterOperation<MaskSettings>({"TransferkitDropoutMask", {"key: int32"}, {"mask: float"}, {"shape: list(int)", "threshold: int", "kept: float"}}, Mask);
}

}  // namespace

napi_value AddRandomKernels(napi_env env, napi_value exports) {
  // TensorFlow's registry belongs to the process, and this is called once for every thread that loads the binding.
  static const bool registered = RegisterMask();
  napi_value value;
  if (napi_get_boolean(env, registered, &value) != napi_ok || napi_set_named_property(env, exports, "hasDropoutMask", value) != napi_ok) return nullptr;
  return exports;
}

}  // namespace transferkit
