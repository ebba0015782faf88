#ifndef TRANSFERKIT_BATCH_NORM_H_
#define TRANSFERKIT_BATCH_NORM_H_

namespace transferkit {

// Whether this processor has a fast form of the functions below; without it they must not be called.
bool HasBatchNorm();

// Activations [row, channel] and, for each channel, what goes with them.
struct BatchNorm {
  long rows, channels;
  float epsilon;
  bool rectified;
  const float *input, *scale, *offset;  // the offset of a gradient is read only where it is rectified and has no output
};

// The output and the statistics of the batch: `relu((input - mean) / sqrt(variance + epsilon) * scale + offset + residual)`,
// where the residual may be null, and the rectifier is left out unless asked for. Reads the input twice.
void NormaliseBatch(const BatchNorm &norm, const float *residual, float *output, float *mean, float *variance);

// What gradients are computed from: that of the output is the sum of `gradient` and, unless null, `addend`. With a
// residual before the rectifier, `output` is what the above gave, and else null.
struct OutputGradient {
  const float *gradient, *addend, *output, *mean, *variance;
};

// `masked`, the gradient of the residual, is written where there is an output.
struct BatchNormGradients {
  float *input, *scale, *offset, *masked;
};

void BatchGradient(const BatchNorm &norm, const OutputGradient &of, const BatchNormGradients &gradients);

}  // namespace transferkit

#endif  // TRANSFERKIT_BATCH_NORM_H_
