#include "kernels.h"

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"
#include "winograd.h"

namespace transferkit {

namespace {

// An input of a kernel, given back when it goes.
class Input {
 public:
  Input(TF_OpKernelContext *context, int index, TF_Status *status) { TF_GetInput(context, index, &tensor_, status); }
  ~Input() { TF_DeleteTensor(tensor_); }
  const float *data() const { return static_cast<const float *>(TF_TensorData(tensor_)); }
  long size(int axis) const { return TF_Dim(tensor_, axis); }
  int axes() const { return TF_NumDims(tensor_); }

 private:
  TF_Tensor *tensor_ = nullptr;
};

// A call of a kernel: its status becomes that of the operation.
class Call {
 public:
  explicit Call(TF_OpKernelContext *context) : context_(context) {}
  ~Call() {
    if (TF_GetCode(status_) != TF_OK) TF_OpKernelContext_Failure(context_, status_);
    TF_DeleteStatus(status_);
  }
  TF_Status *status() { return status_; }
  void Refuse(const char *problem) { TF_SetStatus(status_, TF_INVALID_ARGUMENT, problem); }

  // Computes the output into memory that TensorFlow gives.
  template <typename Compute>
  void Output(const int64_t (&shape)[4], Compute compute) {
    TF_Tensor *const output = TF_AllocateOutput(context_, 0, TF_FLOAT, shape, 4, sizeof(float) * shape[0] * shape[1] * shape[2] * shape[3], status_);
    if (TF_GetCode(status_) != TF_OK) return;
    compute(static_cast<float *>(TF_TensorData(output)));
    TF_DeleteTensor(output);
  }

 private:
  TF_OpKernelContext *const context_;
  TF_Status *const status_ = TF_NewStatus();
};

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
  call.Output({sizes.batch, sizes.height, sizes.width, sizes.outputs}, [&](float *result) { WinogradConvolution(sizes, images.data(), filter.data(), transposed, result); });
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
  call.Output({3, 3, sizes.inputs, sizes.outputs}, [&](float *result) { WinogradFilterGradient(sizes, images.data(), gradient.data(), result); });
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
  static const bool registered = channels > 0 && RegisterAll();
  if (!registered) return exports;
  napi_value number;
  if (napi_create_int32(env, channels, &number) != napi_ok || napi_set_named_property(env, exports, "winogradChannels", number) != napi_ok) return nullptr;
  return exports;
}

}  // namespace transferkit
