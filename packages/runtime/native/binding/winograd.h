#ifndef TRANSFERKIT_WINOGRAD_H_
#define TRANSFERKIT_WINOGRAD_H_

namespace transferkit {

// Sizes of a 3x3 convolution of step 1 with one zero on every side, which keeps the size of images.
struct ConvolutionSizes {
  long batch, height, width;
  long inputs, outputs;  // channels
};

// The number that input and output channels have to be multiples of on this processor; 0 where the functions below must
// not be called.
int WinogradChannels();

// The convolution of images [batch, height, width, inputs] with a filter [3, 3, inputs, outputs]. With `transposed` it is
// the gradient of such a convolution with respect to its input: the images are the gradient of the output, and the
// filter is [3, 3, outputs, inputs].
void WinogradConvolution(const ConvolutionSizes &sizes, const float *images, const float *filter, bool transposed, float *result);

// The gradient of such a convolution with respect to its filter, [3, 3, inputs, outputs].
void WinogradFilterGradient(const ConvolutionSizes &sizes, const float *images, const float *output_gradient, float *result);

}  // namespace transferkit

#endif  // TRANSFERKIT_WINOGRAD_H_
