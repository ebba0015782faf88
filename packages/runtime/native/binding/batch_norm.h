#ifndef TRANSFERKIT_BATCH_NORM_H_
#define TRANSFERKIT_BATCH_NORM_H_

namespace transferkit {

// Whether this processor has a fast form of the functions below; without it they must not be called.
bool HasBatchNorm();

// Whether they may be called for activations in bfloat16.
bool HasShortBatchNorm();

// A `Map` is what activations and their gradients are made of, floats or bfloat16; all else is floats.

// Activations [row, channel] and, for each channel, what goes with them.
template <typename Map>
struct BatchNorm {
  long rows, channels;
  float epsilon;
  bool rectified;
  const Map *input;
  const float *scale, *offset;  // the offset of a gradient is read only where it is rectified and has no output
};

// The output with given statistics: `relu((input - mean) / sqrt(variance + epsilon) * scale + offset + residual)`,
// where the residual may be null, and the rectifier is left out unless asked for.
template <typename Map>
void Normalise(const BatchNorm<Map> &norm, const float *mean, const float *variance, const Map *residual, Map *output);

// The same, and the statistics, which are those of the batch. Reads the input twice.
template <typename Map>
void NormaliseBatch(const BatchNorm<Map> &norm, const Map *residual, Map *output, float *mean, float *variance);

// What gradients are computed from: that of the output is the sum of `gradient` and, unless null, `addend`. With a
// residual before the rectifier, `output` is what the above gave, and else null.
template <typename Map>
struct OutputGradient {
  const Map *gradient, *addend, *output;
  const float *mean, *variance;
};

// `masked`, the gradient of the residual, is written where there is an output.
template <typename Map>
struct BatchNormGradients {
  Map *input;
  float *scale, *offset;
  Map *masked;
};

template <typename Map>
void BatchGradient(const BatchNorm<Map> &norm, const OutputGradient<Map> &of, const BatchNormGradients<Map> &gradients);

}  // namespace transferkit

#endif  // TRANSFERKIT_BATCH_NORM_H_
