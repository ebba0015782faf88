#include "kernels.h"

#include "kernel_call.h"
#include "recurrent_kernels.h"
#include "tensorflow/c/ops.h"
#include "winograd.h"

namespace transferkit {

namespace {

bool FillRegisters(long channels) { return channels % WinogradChannels() == 0; }

void *CreateConvolution(TF_OpKernelConstruction *construction) {
  TF_Status *const status = TF_NewStatus();
  TF_Bool transposed = 0;
  TF_OpKernelConstruction_GetAttrBool(construction, "transposed", &transposed, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return new bool(transposed != 0);
}

void DeleteConvolution(void *transposed) { delete static_cast<bool *>(transposed); }

void Convolution(void *state, TF_OpKernelContext *context) {
  const bool transposed = *static_cast<bool *>(state);
  Call call(context);
  const Input images(context, 0, call.status()), filter(context, 1, call.status());
  const int inputs = transposed ? 3 : 2, outputs = transposed ? 2 : 3;
  if (images.axes() != 4 || filter.axes() != 4 || filter.size(0) != 3 || filter.size(1) != 3 || images.size(3) != filter.size(inputs) ||
      !FillRegisters(filter.size(2)) || !FillRegisters(filter.size(3))) {
    call.Refuse("TransferkitConvolution: images and filter do not fit.");
    return;
  }
  const ConvolutionSizes sizes = {images.size(0), images.size(1), images.size(2), images.size(3), filter.size(outputs)};
  float *const result = call.Output(0, {sizes.batch, sizes.height, sizes.width, sizes.outputs});
  if (call.IsOk()) WinogradConvolution(sizes, images.data(), filter.data(), transposed, result);
}

void *CreateNothing(TF_OpKernelConstruction *) { return nullptr; }

void DeleteNothing(void *) {}

void FilterGradient(void *, TF_OpKernelContext *context) {
  Call call(context);
  const Input images(context, 0, call.status()), gradient(context, 1, call.status());
  bool fits = images.axes() == 4 && gradient.axes() == 4;
  for (int axis = 0; fits && axis < 3; axis++) fits = images.size(axis) == gradient.size(axis);
  if (!fits || !FillRegisters(images.size(3)) || !FillRegisters(gradient.size(3))) {
    call.Refuse("TransferkitConvolutionFilterGradient: images and gradient do not fit.");
    return;
  }
  const ConvolutionSizes sizes = {images.size(0), images.size(1), images.size(2), images.size(3), gradient.size(3)};
  float *const result = call.Output(0, {3, 3, sizes.inputs, sizes.outputs});
  if (call.IsOk()) WinogradFilterGradient(sizes, images.data(), gradient.data(), result);
}

void InferShape(TF_ShapeInferenceContext *context, TF_Status *status) { TF_ShapeInferenceContextSetUnknownShape(context, status); }

// Registers an operation of two inputs and one output, and its kernel.
bool Register(const char *name, const char *attribute, TF_KernelBuilder *kernel) {
  TF_Status *const status = TF_NewStatus();
  TF_OpDefinitionBuilder *const definition = TF_NewOpDefinitionBuilder(name);
  TF_OpDefinitionBuilderAddInput(definition, "images: float");
  TF_OpDefinitionBuilderAddInput(definition, "factor: float");
  TF_OpDefinitionBuilderAddOutput(definition, "result: float");
  if (attribute != nullptr) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, InferShape);
  TF_RegisterOpDefinition(definition, status);
  if (TF_GetCode(status) == TF_OK) TF_RegisterKernelBuilder(name, kernel, status);
  const bool done = TF_GetCode(status) == TF_OK;
  TF_DeleteStatus(status);
  return done;
}

bool RegisterAll() {
  constexpr char convolution[] = "TransferkitConvolution", gradient[] = "TransferkitConvolutionFilterGradient";
  return Register(convolution, "transposed: bool = false", TF_NewKernelBuilder(convolution, "CPU", CreateConvolution, Convolution, DeleteConvolution)) &&
         Register(gradient, nullptr, TF_NewKernelBuilder(gradient, "CPU", CreateNothing, FilterGradient, DeleteNothing));
}

}  // namespace

napi_value AddKernels(napi_env env, napi_value exports) {
  const int channels = WinogradChannels();
  // TensorFlow's registry belongs to the process, and this is called once for every thread that loads the binding.
  static const bool registered = channels > 0 && RegisterAll(), recurrent = RegisterRecurrentKernels();
  napi_value value;
  if (registered && (napi_create_int32(env, channels, &value) != napi_ok || napi_set_named_property(env, exports, "winogradChannels", value) != napi_ok)) return nullptr;
  if (napi_get_boolean(env, recurrent, &value) != napi_ok || napi_set_named_property(env, exports, "hasRecurrent", value) != napi_ok) return nullptr;
  return exports;
}

}  // namespace transferkit
