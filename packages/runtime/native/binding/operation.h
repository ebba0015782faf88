#ifndef TRANSFERKIT_OPERATION_H_
#define TRANSFERKIT_OPERATION_H_

// How our operations and their kernels are made known to TensorFlow through its C interface.
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"

namespace transferkit {

// The attributes that a kernel is made with: where one cannot be read, the operation fails.
class Attributes {
 public:
  explicit Attributes(TF_OpKernelConstruction *construction) : construction_(construction) {}
  ~Attributes() {
    if (!IsOk()) TF_OpKernelConstruction_Failure(construction_, status_);
    TF_DeleteStatus(status_);
  }

  bool Flag(const char *name) {
    TF_Bool value = 0;
    if (IsOk()) TF_OpKernelConstruction_GetAttrBool(construction_, name, &value, status_);
    return value != 0;
  }
  float Number(const char *name) {
    float value = 0;
    if (IsOk()) TF_OpKernelConstruction_GetAttrFloat(construction_, name, &value, status_);
    return value;
  }
  int64_t Integer(const char *name) {
    int64_t value = 0;
    if (IsOk()) TF_OpKernelConstruction_GetAttrInt64(construction_, name, &value, status_);
    return value;
  }
  std::vector<int64_t> Integers(const char *name) {
    int32_t count = 0, bytes = 0;
    if (IsOk()) TF_OpKernelConstruction_GetAttrSize(construction_, name, &count, &bytes, status_);
    std::vector<int64_t> values(IsOk() ? count : 0);
    if (IsOk()) TF_OpKernelConstruction_GetAttrInt64List(construction_, name, values.data(), count, status_);
    return values;
  }

 private:
  bool IsOk() const { return TF_GetCode(status_) == TF_OK; }

  TF_OpKernelConstruction *const construction_;
  TF_Status *const status_ = TF_NewStatus();
};

// Settings of an operation without attributes.
struct NoSettings {
  explicit NoSettings(Attributes &) {}
};

// An operation: inputs, outputs and attributes as TensorFlow writes them, such as `gradient: float`.
struct Operation {
  const char *name;
  std::initializer_list<const char *> inputs, outputs, attributes;
};

// What a kernel computes, given the settings that were made of its attributes.
typedef void Compute(void *settings, TF_OpKernelContext *context);

// An attribute of operations whose maps may be bfloat16.
constexpr char kMapType[] = "T: {float, bfloat16} = DT_FLOAT";

// The type of a kernel whose operation has no such attribute.
constexpr TF_DataType kAnyType = static_cast<TF_DataType>(0);

// A kernel for maps of a type.
struct TypedCompute {
  TF_DataType type;
  Compute *compute;
};

// Makes an operation with the attribute `T` and its kernels for the CPU known; false where TensorFlow refuses it. Settings are made of the attributes.
template <typename Settings>
bool RegisterOperation(const Operation &operation, std::initializer_list<TypedCompute> kernels) {
  TF_OpDefinitionBuilder *const definition = TF_NewOpDefinitionBuilder(operation.name);
  for (const char *input : operation.inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char *output : operation.outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  for (const char *attribute : operation.attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, [](TF_ShapeInferenceContext *context, TF_Status *status) {
    TF_ShapeInferenceContextSetUnknownShape(context, status);
  });
  const auto create = [](TF_OpKernelConstruction *construction) -> void * {
    Attributes attributes(construction);
    return new Settings(attributes);
  };
  const auto remove = [](void *settings) { delete static_cast<Settings *>(settings); };
  TF_Status *const status = TF_NewStatus();
  TF_RegisterOpDefinition(definition, status);
  for (const TypedCompute &kernel : kernels) {
    if (TF_GetCode(status) != TF_OK) break;
    TF_KernelBuilder *const builder = TF_NewKernelBuilder(operation.name, "CPU", create, kernel.compute, remove);
    if (kernel.type != kAnyType) TF_KernelBuilder_TypeConstraint(builder, "T", kernel.type, status);
    if (TF_GetCode(status) == TF_OK) TF_RegisterKernelBuilder(operation.name, builder, status);
  }
  const bool done = TF_GetCode(status) == TF_OK;
  TF_DeleteStatus(status);
  return done;
}

// As above, with a kernel for floats and, where there is a fast one, with one for bfloat16.
template <typename Settings>
bool RegisterMapOperation(const Operation &operation, Compute *compute, bool has_short, Compute *short_compute) {
  return has_short ? RegisterOperation<Settings>(operation, {{TF_FLOAT, compute}, {TF_BFLOAT16, short_compute}}) : RegisterOperation<Settings>(operation, {{TF_FLOAT, compute}});
}

// As above, for an operation without the attribute.
template <typename Settings>
bool RegisterOperation(const Operation &operation, Compute *compute) {
  return RegisterOperation<Settings>(operation, {{kAnyType, compute}});
}

}  // namespace transferkit

#endif  // TRANSFERKIT_OPERATION_H_
