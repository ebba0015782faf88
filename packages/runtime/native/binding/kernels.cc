#include "kernels.h"

#include "batch_norm_kernels.h"
#include "descent_kernels.h"
#include "kernel_call.h"
#include "operation.h"
#include "recurrent_kernels.h"
#include "winograd.h"

namespace transferkit {

namespace {

bool FillRegisters(long channels) { return channels % WinogradChannels() == 0; }

struct ConvolutionSettings {
  bool transposed, small_tiles;
  explicit ConvolutionSettings(Attributes &attributes) : transposed(attributes.Flag("transposed")), small_tiles(attributes.Flag("small_tiles")) {}
};

struct ProductSettings {
  bool small_tiles;
  explicit ProductSettings(Attributes &attributes) : small_tiles(attributes.Flag("small_tiles")) {}
};

template <typename Map>
void Convolution(void *settings, TF_OpKernelContext *context) {
  const auto [transposed, small_tiles] = *static_cast<const ConvolutionSettings *>(settings);
  Call call(context);
  const Input images(context, 0, call.status()), filter(context, 1, call.status());
  const int inputs = transposed ? 3 : 2, outputs = transposed ? 2 : 3;
  if (images.axes() != 4 || filter.axes() != 4 || filter.size(0) != 3 || filter.size(1) != 3 || images.size(3) != filter.size(inputs) ||
      !FillRegisters(filter.size(2)) || !FillRegisters(filter.size(3))) {
    call.Refuse("TransferkitConvolution: images and filter do not fit.");
    return;
  }
  const ConvolutionSizes sizes = {images.size(0), images.size(1), images.size(2), images.size(3), filter.size(outputs)};
  Map *const result = call.Output<Map>(0, {sizes.batch, sizes.height, sizes.width, sizes.outputs});
  if (call.IsOk()) WinogradConvolution(sizes, small_tiles, images.data<Map>(), filter.data(), transposed, result);
}

void FilterTransform(void *settings, TF_OpKernelContext *context) {
  const auto [transposed, small_tiles] = *static_cast<const ConvolutionSettings *>(settings);
  Call call(context);
  const Input filter(context, 0, call.status());
  if (filter.axes() != 4 || filter.size(0) != 3 || filter.size(1) != 3 || !FillRegisters(filter.size(2)) || !FillRegisters(filter.size(3))) {
    call.Refuse("TransferkitFilterTransform: the filter does not fit.");
    return;
  }
  const long inputs = filter.size(transposed ? 3 : 2), outputs = filter.size(transposed ? 2 : 3);
  float *const result = call.Output(0, {TransformedPlaces(small_tiles), inputs, outputs});
  if (call.IsOk()) TransformWinogradFilter<float>(inputs, outputs, small_tiles, filter.data(), transposed, result);
}

void TransformedConvolution(void *settings, TF_OpKernelContext *context) {
  const bool small_tiles = static_cast<const ProductSettings *>(settings)->small_tiles;
  Call call(context);
  const Input images(context, 0, call.status()), filter(context, 1, call.status());
  if (images.axes() != 4 || filter.axes() != 3 || filter.size(0) != TransformedPlaces(small_tiles) || images.size(3) != filter.size(1) || !FillRegisters(filter.size(1)) ||
      !FillRegisters(filter.size(2))) {
    call.Refuse("TransferkitTransformedConvolution: images and filter do not fit.");
    return;
  }
  const ConvolutionSizes sizes = {images.size(0), images.size(1), images.size(2), images.size(3), filter.size(2)};
  float *const result = call.Output(0, {sizes.batch, sizes.height, sizes.width, sizes.outputs});
  if (call.IsOk()) WinogradProducts(sizes, small_tiles, images.data(), filter.data(), result);
}

template <typename Map>
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
  if (call.IsOk()) WinogradFilterGradient(sizes, images.data<Map>(), gradient.data<Map>(), result);
}

bool RegisterAll() {
  return RegisterMapOperation<ConvolutionSettings>({"TransferkitConvolution", {"images: T", "filter: float"}, {"result: T"}, {kMapType, "transposed: bool = false", "small_tiles: bool = false"}},
                                                   Convolution<float>, HasShortWinograd(), Convolution<Bfloat16>) &&
         RegisterOperation<ConvolutionSettings>({"TransferkitFilterTransform", {"filter: float"}, {"transformed: float"}, {"transposed: bool = false", "small_tiles: bool = false"}}, FilterTransform) &&
         RegisterOperation<ProductSettings>({"TransferkitTransformedConvolution", {"images: float", "transformed: float"}, {"result: float"}, {"small_tiles: bool = false"}}, TransformedConvolution) &&
         RegisterMapOperation<NoSettings>({"TransferkitConvolutionFilterGradient", {"images: T", "gradient: T"}, {"result: float"}, {kMapType}},
                                          FilterGradient<float>, HasShortWinograd(), FilterGradient<Bfloat16>);
}

}  // namespace

napi_value AddKernels(napi_env env, napi_value exports) {
  const int channels = WinogradChannels();
  // TensorFlow's registry belongs to the process, and this is called once for every thread that loads the binding.
  static const bool registered = channels > 0 && RegisterAll(), recurrent = RegisterRecurrentKernels(), batch_norm = RegisterBatchNormKernels();
  static const bool descent = RegisterDescentKernels();
  napi_value value;
  if (registered && (napi_create_int32(env, channels, &value) != napi_ok || napi_set_named_property(env, exports, "winogradChannels", value) != napi_ok)) return nullptr;
  if (napi_get_boolean(env, registered && HasShortWinograd(), &value) != napi_ok || napi_set_named_property(env, exports, "hasBfloat16Winograd", value) != napi_ok) return nullptr;
  if (napi_get_boolean(env, recurrent, &value) != napi_ok || napi_set_named_property(env, exports, "hasRecurrent", value) != napi_ok) return nullptr;
  if (napi_get_boolean(env, batch_norm, &value) != napi_ok || napi_set_named_property(env, exports, "hasBatchNorm", value) != napi_ok) return nullptr;
  if (napi_get_boolean(env, descent, &value) != napi_ok || napi_set_named_property(env, exports, "hasDescent", value) != napi_ok) return nullptr;
  return exports;
}

}  // namespace transferkit
