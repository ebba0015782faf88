// The arithmetic of Winograd's convolution F(2x2, 3x3) on a few tiles (Lavin and Gray, 2015), for one set of vector instructions.
//
// Included once for each set, after TRANSFERKIT_LANES (floats in a register) and TRANSFERKIT_ROWS (rows of a product kept
// in registers) are defined. Nothing else may be included by those files: an inline function of a standard header that is
// compiled for one set could be used by code that runs without it.

struct TileFunctions {
  int lanes;  // floats in a register: channels are a multiple of it
  int rows;   // tiles are computed in multiples of this many
  // The transformed filter, [16][panel][input channel][column], for input channels `first` to `last - 1`. With
  // `transposed` the filter is that of the input's gradient: turned round, with input and output channels exchanged;
  // `inputs` and `outputs` are those of the convolution that is computed.
  void (*transform_filter)(const float *filter, int inputs, int outputs, bool transposed, int first, int last, float *transformed);
  // Output of `count` tiles from number `first` on. Scratch holds 16 * capacity * (inputs + outputs) floats, where the
  // capacity is `count` rounded up to a multiple of `rows`.
  void (*convolve)(const struct TileShape *shape, const float *input, const float *transformed, int first, int count, float *scratch, float *output);
  // Adds to `sums` [16][input channel][output channel] what `count` tiles from number `first` on add to the gradient of
  // the transformed filter. Scratch as above.
  void (*add_gradient)(const struct TileShape *shape, const float *input, const float *output_gradient, int first, int count, float *scratch, float *sums);
  // Gradient of the filter from that of the transformed filter, for input channels `first` to `last - 1`.
  void (*finish_gradient)(const float *sums, int inputs, int outputs, int first, int last, float *gradient);
};

struct TileShape {
  long height, width, inputs, outputs;
  long tile_rows, tile_columns;  // tiles of an image
};

#ifdef TRANSFERKIT_LANES
namespace {

constexpr int kLanes = TRANSFERKIT_LANES;
constexpr int kRows = TRANSFERKIT_ROWS;
// Output channels of a panel, which are computed together; the last one may have half as many.
constexpr int kColumns = 2 * kLanes;
constexpr int kGradientRows = kLanes / 2;

typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float)), may_alias));

inline Lanes Load(const float *from) { return *reinterpret_cast<const Lanes *>(from); }
inline void Store(float *to, Lanes value) { *reinterpret_cast<Lanes *>(to) = value; }

// Columns of the panel that begins with this channel.
inline long PanelColumns(long first, long channels) { return channels - first < kColumns ? kLanes : kColumns; }

// Where a channel stands in an array [panel][row][column] of so many rows: the place for row 0.
inline long PanelPlace(long channel, long channels, long rows, long *columns) {
  const long first = channel / kColumns * kColumns;
  *columns = PanelColumns(first, channels);
  return first * rows + channel % kColumns;
}

// G g Gᵀ of 3x3 filters, stored at 16 places `step` floats apart.
inline void StoreTransformedFilter(const Lanes (&g)[3][3], float *to, long step) {
  Lanes half[4][3];
  for (int j = 0; j < 3; j++) {
    const Lanes outer = (g[0][j] + g[2][j]) * 0.5f, middle = g[1][j] * 0.5f;
    half[0][j] = g[0][j];
    half[1][j] = outer + middle;
    half[2][j] = outer - middle;
    half[3][j] = g[2][j];
  }
  for (int i = 0; i < 4; i++) {
    const Lanes outer = (half[i][0] + half[i][2]) * 0.5f, middle = half[i][1] * 0.5f;
    Store(to + (4 * i + 0) * step, half[i][0]);
    Store(to + (4 * i + 1) * step, outer + middle);
    Store(to + (4 * i + 2) * step, outer - middle);
    Store(to + (4 * i + 3) * step, half[i][2]);
  }
}

void TransformFilter(const float *filter, int inputs, int outputs, bool transposed, int first, int last, float *transformed) {
  const long step = static_cast<long>(inputs) * outputs;
  for (int input = first; input < last; input++) {
    for (int output = 0; output < outputs; output += kLanes) {
      Lanes g[3][3];
      for (int tap = 0; tap < 9; tap++) {
        if (transposed) {
          for (int lane = 0; lane < kLanes; lane++) g[tap / 3][tap % 3][lane] = filter[(8 - tap) * step + static_cast<long>(output + lane) * inputs + input];
        } else {
          g[tap / 3][tap % 3] = Load(filter + tap * step + static_cast<long>(input) * outputs + output);
        }
      }
      long columns;
      const long place = PanelPlace(output, outputs, inputs, &columns);
      StoreTransformedFilter(g, transformed + place + input * columns, step);
    }
  }
}

// Bᵀ d B of a patch of 4x4 positions, stored at 16 places `step` floats apart. Rows and columns of the patch that lie outside of the image are 0, unless the patch is known to be inside.
template <bool kInside>
inline void TransformPatch(const TileShape &shape, const float *image, long top, long left, long channel, float *to, long step) {
  Lanes half[4][4];
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++) {
    Lanes d[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      const long row = top + i, column = left + j;
      const bool inside = kInside || (row >= 0 && row < shape.height && column >= 0 && column < shape.width);
      d[i] = inside ? Load(image + (row * shape.width + column) * shape.inputs + channel) : Lanes{};
    }
    half[0][j] = d[0] - d[2];
    half[1][j] = d[1] + d[2];
    half[2][j] = d[2] - d[1];
    half[3][j] = d[1] - d[3];
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    Store(to + (4 * i + 0) * step, half[i][0] - half[i][2]);
    Store(to + (4 * i + 1) * step, half[i][1] + half[i][2]);
    Store(to + (4 * i + 2) * step, half[i][2] - half[i][1]);
    Store(to + (4 * i + 3) * step, half[i][1] - half[i][3]);
  }
}

// A tile that is next to come, counted up, because to divide takes as long as to transform.
struct TilePlace {
  long image, row, column;
  TilePlace(const TileShape &shape, long tile)
      : image(tile / (shape.tile_rows * shape.tile_columns)), row(tile / shape.tile_columns % shape.tile_rows), column(tile % shape.tile_columns) {}
  void Next(const TileShape &shape) {
    if (++column < shape.tile_columns) return;
    column = 0;
    if (++row < shape.tile_rows) return;
    row = 0;
    image++;
  }
};

// The transformed patches of tiles, [16][group of kLanes input channels][tile][channel in the group].
inline void TransformInput(const TileShape &shape, const float *input, int first, int count, long capacity, float *to) {
  const long step = capacity * shape.inputs;
  TilePlace tile(shape, first);
  for (int index = 0; index < count; index++, tile.Next(shape)) {
    const long top = 2 * tile.row - 1, left = 2 * tile.column - 1;
    const float *const image = input + tile.image * shape.height * shape.width * shape.inputs;
    const bool inside = top >= 0 && left >= 0 && top + 4 <= shape.height && left + 4 <= shape.width;
    for (long channel = 0; channel < shape.inputs; channel += kLanes) {
      float *const target = to + capacity * channel + index * kLanes;
      if (inside) {
        TransformPatch<true>(shape, image, top, left, channel, target, step);
      } else {
        TransformPatch<false>(shape, image, top, left, channel, target, step);
      }
    }
  }
}

// kRows rows of the product of tiles [group][tile][channel] with a panel [channel][column] of some vectors, kept in registers.
template <int kVectors>
inline void MultiplyPanel(const float *tiles, long capacity, long depth, const float *panel, float *product, long width) {
  Lanes sums[kRows][kVectors] = {};
  for (long channel = 0; channel < depth; channel += kLanes) {
    for (int lane = 0; lane < kLanes; lane++) {
      Lanes factors[kVectors];
      for (int vector = 0; vector < kVectors; vector++) factors[vector] = Load(panel + vector * kLanes);
      panel += kVectors * kLanes;
#pragma GCC unroll 16
      for (int row = 0; row < kRows; row++) {
        const float factor = tiles[capacity * channel + row * kLanes + lane];
        for (int vector = 0; vector < kVectors; vector++) sums[row][vector] += factors[vector] * factor;
      }
    }
  }
  for (int row = 0; row < kRows; row++) {
    for (int vector = 0; vector < kVectors; vector++) Store(product + row * width + vector * kLanes, sums[row][vector]);
  }
}

// Aᵀ m A of each tile: 2x2 outputs.
inline void TransformOutput(const TileShape &shape, const float *products, long step, int first, int count, float *output) {
  const long channels = shape.outputs;
  TilePlace tile(shape, first);
  for (int index = 0; index < count; index++, tile.Next(shape)) {
    const long top = 2 * tile.row, left = 2 * tile.column;
    const bool has_right = left + 1 < shape.width, has_bottom = top + 1 < shape.height;
    float *const corner = output + ((tile.image * shape.height + top) * shape.width + left) * channels;
    for (long channel = 0; channel < channels; channel += kLanes) {
      const float *const from = products + index * channels + channel;
      Lanes half[2][4];
#pragma GCC unroll 4
      for (int j = 0; j < 4; j++) {
        const Lanes m0 = Load(from + j * step), m1 = Load(from + (4 + j) * step), m2 = Load(from + (8 + j) * step), m3 = Load(from + (12 + j) * step);
        half[0][j] = m0 + m1 + m2;
        half[1][j] = m1 - m2 - m3;
      }
#pragma GCC unroll 2
      for (int i = 0; i < 2; i++) {
        if (i > 0 && !has_bottom) break;
        float *const target = corner + i * shape.width * channels + channel;
        Store(target, half[i][0] + half[i][1] + half[i][2]);
        if (has_right) Store(target + channels, half[i][1] - half[i][2] - half[i][3]);
      }
    }
  }
}

void Convolve(const TileShape *shape, const float *input, const float *transformed, int first, int count, float *scratch, float *output) {
  const long capacity = (count + kRows - 1) / kRows * kRows;
  const long inputs = shape->inputs, outputs = shape->outputs;
  float *const tiles = scratch;
  float *const products = scratch + 16 * capacity * inputs;
  TransformInput(*shape, input, first, count, capacity, tiles);
  for (long place = 0; place < 16; place++) {
    for (long panel = 0; panel < outputs; panel += kColumns) {
      const float *const factors = transformed + (place * outputs + panel) * inputs;
      const auto multiply = PanelColumns(panel, outputs) == kColumns ? MultiplyPanel<2> : MultiplyPanel<1>;
      // Rows behind the last tile hold anything; their products are not read.
      for (long row = 0; row < count; row += kRows) {
        multiply(tiles + place * capacity * inputs + row * kLanes, capacity, inputs, factors, products + (place * capacity + row) * outputs + panel, outputs);
      }
    }
  }
  TransformOutput(*shape, products, capacity * outputs, first, count, output);
}

// A y Aᵀ of the 2x2 output gradients of each tile, [16][panel][tile][column].
inline void TransformOutputGradient(const TileShape &shape, const float *gradient, int first, int count, long capacity, float *to) {
  const long channels = shape.outputs, step = capacity * channels;
  TilePlace tile(shape, first);
  for (int index = 0; index < count; index++, tile.Next(shape)) {
    const long image = tile.image, top = 2 * tile.row, left = 2 * tile.column;
    for (long channel = 0; channel < channels; channel += kLanes) {
      Lanes y[2][2], half[4][2];
#pragma GCC unroll 2
      for (int i = 0; i < 2; i++) {
#pragma GCC unroll 2
        for (int j = 0; j < 2; j++) {
          const bool inside = top + i < shape.height && left + j < shape.width;
          y[i][j] = inside ? Load(gradient + ((image * shape.height + top + i) * shape.width + left + j) * channels + channel) : Lanes{};
        }
      }
#pragma GCC unroll 2
      for (int j = 0; j < 2; j++) {
        half[0][j] = y[0][j];
        half[1][j] = y[0][j] + y[1][j];
        half[2][j] = y[0][j] - y[1][j];
        half[3][j] = -y[1][j];
      }
      long columns;
      const long place = PanelPlace(channel, channels, capacity, &columns);
      float *const target = to + place + index * columns;
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) {
        Store(target + (4 * i + 0) * step, half[i][0]);
        Store(target + (4 * i + 1) * step, half[i][0] + half[i][1]);
        Store(target + (4 * i + 2) * step, half[i][0] - half[i][1]);
        Store(target + (4 * i + 3) * step, -half[i][1]);
      }
    }
  }
}

// Adds to kGradientRows rows of `sums` the product over `count` tiles of input channels with a panel of some vectors.
template <int kVectors>
inline void AddProduct(const float *tiles, const float *panel, long count, float *sums, long width) {
  Lanes product[kGradientRows][kVectors] = {};
  for (long tile = 0; tile < count; tile++) {
    Lanes factors[kVectors];
    for (int vector = 0; vector < kVectors; vector++) factors[vector] = Load(panel + (tile * kVectors + vector) * kLanes);
#pragma GCC unroll 16
    for (int row = 0; row < kGradientRows; row++) {
      const float factor = tiles[tile * kLanes + row];
      for (int vector = 0; vector < kVectors; vector++) product[row][vector] += factors[vector] * factor;
    }
  }
  for (int row = 0; row < kGradientRows; row++) {
    for (int vector = 0; vector < kVectors; vector++) {
      float *const target = sums + row * width + vector * kLanes;
      Store(target, Load(target) + product[row][vector]);
    }
  }
}

void AddGradient(const TileShape *shape, const float *input, const float *output_gradient, int first, int count, float *scratch, float *sums) {
  const long capacity = count;
  const long inputs = shape->inputs, outputs = shape->outputs;
  float *const tiles = scratch;
  float *const gradients = scratch + 16 * capacity * inputs;
  TransformInput(*shape, input, first, count, capacity, tiles);
  TransformOutputGradient(*shape, output_gradient, first, count, capacity, gradients);
  for (long place = 0; place < 16; place++) {
    for (long panel = 0; panel < outputs; panel += kColumns) {
      const float *const factors = gradients + (place * outputs + panel) * capacity;
      const auto add = PanelColumns(panel, outputs) == kColumns ? AddProduct<2> : AddProduct<1>;
      for (long input_channel = 0; input_channel < inputs; input_channel += kGradientRows) {
        const float *const rows = tiles + (place * inputs + input_channel / kLanes * kLanes) * capacity + input_channel % kLanes;
        add(rows, factors, count, sums + (place * inputs + input_channel) * outputs + panel, outputs);
      }
    }
  }
}

void FinishGradient(const float *sums, int inputs, int outputs, int first, int last, float *gradient) {
  const long step = static_cast<long>(inputs) * outputs;
  for (long at = static_cast<long>(first) * outputs; at < static_cast<long>(last) * outputs; at += kLanes) {
    Lanes half[3][4];
    for (int j = 0; j < 4; j++) {
      const Lanes u0 = Load(sums + j * step + at), u1 = Load(sums + (4 + j) * step + at), u2 = Load(sums + (8 + j) * step + at), u3 = Load(sums + (12 + j) * step + at);
      const Lanes even = (u1 + u2) * 0.5f;
      half[0][j] = u0 + even;
      half[1][j] = (u1 - u2) * 0.5f;
      half[2][j] = even + u3;
    }
    for (int i = 0; i < 3; i++) {
      const Lanes even = (half[i][1] + half[i][2]) * 0.5f;
      Store(gradient + (3 * i + 0) * step + at, half[i][0] + even);
      Store(gradient + (3 * i + 1) * step + at, (half[i][1] - half[i][2]) * 0.5f);
      Store(gradient + (3 * i + 2) * step + at, even + half[i][3]);
    }
  }
}

}  // namespace
#endif
