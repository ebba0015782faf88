#ifndef TRANSFERKIT_KERNEL_CALL_H_
#define TRANSFERKIT_KERNEL_CALL_H_

// What our kernels read and write through TensorFlow's C interface.
#include <vector>

#include "bfloat16.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

namespace transferkit {

// TensorFlow's name of an element type.
template <typename Element>
inline constexpr TF_DataType kTypeOf = TF_FLOAT;
template <>
inline constexpr TF_DataType kTypeOf<Bfloat16> = TF_BFLOAT16;

// An input of a kernel, given back when it goes.
class Input {
 public:
  Input(TF_OpKernelContext *context, int index, TF_Status *status) { TF_GetInput(context, index, &tensor_, status); }
  ~Input() { TF_DeleteTensor(tensor_); }
  template <typename Element = float>
  const Element *data() const {
    return static_cast<const Element *>(TF_TensorData(tensor_));
  }
  long size(int axis) const { return TF_Dim(tensor_, axis); }
  int axes() const { return TF_NumDims(tensor_); }
  std::vector<int64_t> shape() const {
    std::vector<int64_t> sizes(axes());
    for (int axis = 0; axis < axes(); axis++) sizes[axis] = size(axis);
    return sizes;
  }
  // Whether it has these sizes.
  template <int kAxes>
  bool Is(const int64_t (&shape)[kAxes]) const {
    bool equal = axes() == kAxes;
    for (int axis = 0; equal && axis < kAxes; axis++) equal = size(axis) == shape[axis];
    return equal;
  }

 private:
  TF_Tensor *tensor_ = nullptr;
};

// A call of a kernel: its status becomes that of the operation.
class Call {
 public:
  explicit Call(TF_OpKernelContext *context) : context_(context) {}
  ~Call() {
    if (!IsOk()) TF_OpKernelContext_Failure(context_, status_);
    TF_DeleteStatus(status_);
  }
  TF_Status *status() { return status_; }
  void Refuse(const char *problem) { TF_SetStatus(status_, TF_INVALID_ARGUMENT, problem); }

  bool IsOk() const { return TF_GetCode(status_) == TF_OK; }

  // Memory for an output. TensorFlow owns it; null where there are no elements to write, or where it gave none, which is the status then.
  template <typename Element = float, int kAxes>
  Element *Output(int index, const int64_t (&shape)[kAxes]) {
    return Output<Element>(index, shape, kAxes);
  }
  template <typename Element = float>
  Element *Output(int index, const int64_t *shape, int axes) {
    const size_t bytes = Bytes<Element>(shape, axes);
    return Data<Element>(TF_AllocateOutput(context_, index, kTypeOf<Element>, shape, axes, bytes, status_), bytes);
  }
  // The same, in the place of an input of that shape that nothing else needs. No `Input` may hold it yet.
  float *OutputInPlaceOf(int input, int index, const int64_t *shape, int axes) {
    return Data<float>(TF_ForwardInputOrAllocateOutput(context_, &input, 1, index, shape, axes, nullptr, status_), Bytes<float>(shape, axes));
  }

 private:
  template <typename Element>
  static size_t Bytes(const int64_t *shape, int axes) {
    size_t bytes = sizeof(Element);
    for (int axis = 0; axis < axes; axis++) bytes *= shape[axis];
    return bytes;
  }

  template <typename Element>
  Element *Data(TF_Tensor *output, size_t bytes) {
    if (!IsOk()) return nullptr;
    // That of an empty tensor may be anything.
    Element *const data = bytes == 0 ? nullptr : static_cast<Element *>(TF_TensorData(output));
    // The operation still holds the memory.
    TF_DeleteTensor(output);
    return data;
  }

  TF_OpKernelContext *const context_;
  TF_Status *const status_ = TF_NewStatus();
};

}  // namespace transferkit

#endif  // TRANSFERKIT_KERNEL_CALL_H_
