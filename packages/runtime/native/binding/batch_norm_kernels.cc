#include "batch_norm_kernels.h"

#include <vector>

#include "batch_norm.h"
#include "kernel_call.h"
#include "operation.h"

namespace transferkit {

namespace {

struct Settings {
  float epsilon;
  bool rectified;
  explicit Settings(Attributes &attributes) : epsilon(attributes.Number("epsilon")), rectified(attributes.Flag("rectified")) {}
};

constexpr char kUnfit[] = "A batch normalisation of Transferkit was given inputs whose shapes do not fit.";

// What is left out is an empty list.
bool IsLeftOut(const Input &input) { return input.Is({0}); }

template <typename Map>
const Map *Optional(const Input &input) {
  return IsLeftOut(input) ? nullptr : input.data<Map>();
}

// Sizes of activations; no channels where there are no rows or no axes.
template <typename Map>
BatchNorm<Map> NormOf(const Input &input, const void *settings) {
  const auto [epsilon, rectified] = *static_cast<const Settings *>(settings);
  BatchNorm<Map> norm = {1, input.axes() == 0 ? 0 : input.size(input.axes() - 1), epsilon, rectified};
  for (int axis = 0; axis < input.axes() - 1; axis++) norm.rows *= input.size(axis);
  if (norm.rows == 0) norm.channels = 0;
  norm.input = input.data<Map>();
  return norm;
}

template <typename Map>
void Inference(void *settings, TF_OpKernelContext *context) {
  Call call(context);
  TF_Status *const status = call.status();
  const Input input(context, 0, status), scale(context, 1, status), offset(context, 2, status), mean(context, 3, status), variance(context, 4, status), residual(context, 5, status);
  const std::vector<int64_t> shape = input.shape();
  BatchNorm<Map> norm = NormOf<Map>(input, settings);
  const int64_t channels = norm.channels;
  if (channels == 0 || !scale.Is({channels}) || !offset.Is({channels}) || !mean.Is({channels}) || !variance.Is({channels}) || !(IsLeftOut(residual) || residual.shape() == shape)) {
    call.Refuse(kUnfit);
    return;
  }
  norm.scale = scale.data();
  norm.offset = offset.data();
  Map *const output = call.Output<Map>(0, shape.data(), input.axes());
  if (call.IsOk()) Normalise(norm, mean.data(), variance.data(), Optional<Map>(residual), output);
}

template <typename Map>
void Forward(void *settings, TF_OpKernelContext *context) {
  Call call(context);
  TF_Status *const status = call.status();
  const Input input(context, 0, status), scale(context, 1, status), offset(context, 2, status), residual(context, 3, status);
  const std::vector<int64_t> shape = input.shape();
  BatchNorm<Map> norm = NormOf<Map>(input, settings);
  if (norm.channels == 0 || !scale.Is({norm.channels}) || !offset.Is({norm.channels}) || !(IsLeftOut(residual) || residual.shape() == shape)) {
    call.Refuse(kUnfit);
    return;
  }
  norm.scale = scale.data();
  norm.offset = offset.data();
  Map *const output = call.Output<Map>(0, shape.data(), input.axes());
  float *const mean = call.Output(1, {norm.channels}), *const variance = call.Output(2, {norm.channels});
  if (call.IsOk()) NormaliseBatch(norm, Optional<Map>(residual), output, mean, variance);
}

template <typename Map>
void Gradient(void *settings, TF_OpKernelContext *context) {
  Call call(context);
  TF_Status *const status = call.status();
  const Input gradient(context, 0, status), addend(context, 1, status), input(context, 2, status), output(context, 3, status);
  const Input scale(context, 4, status), offset(context, 5, status), mean(context, 6, status), variance(context, 7, status);
  const std::vector<int64_t> shape = input.shape();
  BatchNorm<Map> norm = NormOf<Map>(input, settings);
  const int64_t channels = norm.channels;
  const bool has_output = !IsLeftOut(output), recomputes = norm.rectified && !has_output;
  const auto fits = [&](const Input &given) { return given.shape() == shape; };
  if (channels == 0 || !fits(gradient) || !(IsLeftOut(addend) || (has_output && fits(addend))) || !(!has_output || (norm.rectified && fits(output))) ||
      !scale.Is({channels}) || !offset.Is({recomputes ? channels : 0}) || !mean.Is({channels}) || !variance.Is({channels})) {
    call.Refuse(kUnfit);
    return;
  }
  norm.scale = scale.data();
  norm.offset = offset.data();
  const OutputGradient<Map> of = {gradient.data<Map>(), Optional<Map>(addend), Optional<Map>(output), mean.data(), variance.data()};
  BatchNormGradients<Map> gradients = {};
  gradients.input = call.Output<Map>(0, shape.data(), input.axes());
  gradients.scale = call.Output(1, {channels});
  gradients.offset = call.Output(2, {channels});
  gradients.masked = has_output ? call.Output<Map>(3, shape.data(), input.axes()) : call.Output<Map>(3, {0});
  if (call.IsOk()) BatchGradient(norm, of, gradients);
}

}  // namespace

bool RegisterBatchNormKernels() {
  return HasBatchNorm() &&
         RegisterMapOperation<Settings>({"TransferkitBatchNorm",
                                         {"input: T", "scale: float", "offset: float", "residual: T"},
                                         {"output: T", "mean: float", "variance: float"},
                                         {kMapType, "epsilon: float", "rectified: bool"}},
                                        Forward<float>, HasShortBatchNorm(), Forward<Bfloat16>) &&
         RegisterMapOperation<Settings>({"TransferkitBatchNormInference",
                                         {"input: T", "scale: float", "offset: float", "mean: float", "variance: float", "residual: T"},
                                         {"output: T"},
                                         {kMapType, "epsilon: float", "rectified: bool"}},
                                        Inference<float>, HasShortBatchNorm(), Inference<Bfloat16>) &&
         RegisterMapOperation<Settings>({"TransferkitBatchNormGradient",
                                         {"gradient: T", "addend: T", "input: T", "output: T", "scale: float", "offset: float", "mean: float", "variance: float"},
                                         {"input_gradient: T", "scale_gradient: float", "offset_gradient: float", "masked_gradient: T"},
                                         {kMapType, "epsilon: float", "rectified: bool"}},
                                        Gradient<float>, HasShortBatchNorm(), Gradient<Bfloat16>);
}

}  // namespace transferkit
