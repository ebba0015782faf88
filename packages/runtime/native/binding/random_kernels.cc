#include "random_kernels.h"

#include <vector>

#include "random.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

namespace transferkit {

namespace {

constexpr char kDropoutMask[] = "TransferkitDropoutMask";

struct MaskSettings {
  std::vector<int64_t> shape;
  int64_t threshold = 0;
  float kept = 0;
};

void *CreateMask(TF_OpKernelConstruction *construction) {
  TF_Status *const status = TF_NewStatus();
  MaskSettings *const settings = new MaskSettings;
  int32_t axes = 0, bytes = 0;
  TF_OpKernelConstruction_GetAttrSize(construction, "shape", &axes, &bytes, status);
  if (TF_GetCode(status) == TF_OK) {
    settings->shape.resize(axes);
    TF_OpKernelConstruction_GetAttrInt64List(construction, "shape", settings->shape.data(), axes, status);
  }
  if (TF_GetCode(status) == TF_OK) TF_OpKernelConstruction_GetAttrInt64(construction, "threshold", &settings->threshold, status);
  if (TF_GetCode(status) == TF_OK) TF_OpKernelConstruction_GetAttrFloat(construction, "kept", &settings->kept, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return settings;
}

void DeleteMask(void *settings) { delete static_cast<MaskSettings *>(settings); }

void ComputeMask(const MaskSettings &settings, TF_OpKernelContext *context, TF_Status *status) {
  TF_Tensor *key = nullptr;
  TF_GetInput(context, 0, &key, status);
  if (TF_GetCode(status) != TF_OK) return;
  const bool fits = TF_TensorElementCount(key) == 2;
  const uint32_t *const words = static_cast<const uint32_t *>(TF_TensorData(key));
  const uint32_t high = fits ? words[0] : 0, low = fits ? words[1] : 0;
  TF_DeleteTensor(key);
  if (!fits) return TF_SetStatus(status, TF_INVALID_ARGUMENT, "TransferkitDropoutMask: a key has two words.");
  int64_t count = 1;
  for (const int64_t size : settings.shape) count *= size;
  TF_Tensor *const mask =
      TF_AllocateOutput(context, 0, TF_FLOAT, settings.shape.data(), static_cast<int>(settings.shape.size()), sizeof(float) * count, status);
  if (TF_GetCode(status) != TF_OK) return;
  DropoutMask(high, low, static_cast<uint32_t>(settings.threshold), settings.kept, count, static_cast<float *>(TF_TensorData(mask)));
  TF_DeleteTensor(mask);
}

void Mask(void *settings, TF_OpKernelContext *context) {
  TF_Status *const status = TF_NewStatus();
  ComputeMask(*static_cast<MaskSettings *>(settings), context, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelContext_Failure(context, status);
  TF_DeleteStatus(status);
}

void InferMaskShape(TF_ShapeInferenceContext *context, TF_Status *status) { TF_ShapeInferenceContextSetUnknownShape(context, status); }

bool RegisterMask() {
  TF_Status *const status = TF_NewStatus();
  TF_OpDefinitionBuilder *const definition = TF_NewOpDefinitionBuilder(kDropoutMask);
  TF_OpDefinitionBuilderAddInput(definition, "key: int32");
  TF_OpDefinitionBuilderAddOutput(definition, "mask: float");
  TF_OpDefinitionBuilderAddAttr(definition, "shape: list(int)");
  TF_OpDefinitionBuilderAddAttr(definition, "threshold: int");
  TF_OpDefinitionBuilderAddAttr(definition, "kept: float");
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, InferMaskShape);
  TF_RegisterOpDefinition(definition, status);
  if (TF_GetCode(status) == TF_OK) TF_RegisterKernelBuilder(kDropoutMask, TF_NewKernelBuilder(kDropoutMask, "CPU", CreateMask, Mask, DeleteMask), status);
  const bool done = TF_GetCode(status) == TF_OK;
  TF_DeleteStatus(status);
  return done;
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
