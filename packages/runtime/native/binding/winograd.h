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

// Whether they may be called for maps in bfloat16.
bool HasShortWinograd();

// Maps, which are images, results and their gradients, are floats or bfloat16. Filters and their gradients are floats.

// The convolution of images [batch, height, width, inputs] with a filter [3, 3, inputs, outputs]. With `transposed` it is
// the gradient of such a convolution with respect to its input: the images are the gradient of the output, and the
// filter is [3, 3, outputs, inputs]. Small tiles, of 2x2 outputs and not of 4x4, take more products and a transformed filter
// that is less than half as large, which is what few tiles wait for.
template <typename Map>
void WinogradConvolution(const ConvolutionSizes &sizes, bool small_tiles, const Map *images, const float *filter, bool transposed, Map *result);

// The two steps of it. A transformed filter is [places][inputs][outputs] in an order of its own; it is meant for maps of the
// same type and tiles of the same size, and may be kept for as long as the process runs.
long TransformedPlaces(bool small_tiles);

template <typename Map>
void TransformWinogradFilter(long inputs, long outputs, bool small_tiles, const float *filter, bool transposed, float *transformed);

template <typename Map>
void WinogradProducts(const ConvolutionSizes &sizes, bool small_tiles, const Map *images, const float *transformed, Map *result);

// The gradient of such a convolution with respect to its filter, [3, 3, inputs, outputs].
template <typename Map>
void WinogradFilterGradient(const ConvolutionSizes &sizes, const Map *images, const Map *output_gradient, float *result);

}  // namespace transferkit

#endif  // TRANSFERKIT_WINOGRAD_H_
