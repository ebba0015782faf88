// The arithmetic of Winograd's convolution F(2x2, 3x3) on a few tiles (Lavin and Gray, 2015), for one set of vector instructions.
//
// Included once for each set, after TRANSFERKIT_LANES (floats in a register) and TRANSFERKIT_ROWS (rows of a product kept
// in registers) are defined; with TRANSFERKIT_BFLOAT16 maps and transformed numbers are bfloat16, and sums still floats.
// Nothing else may be included by those files: an inline function of a standard header that is compiled for one set could
// be used by code that runs without it.

// Maps are floats or, in the functions for them, bfloat16; filters, their gradients and sums are floats. What only these
// functions write and read, the transformed filter and the scratch, is theirs.
struct TileFunctions {
  int lanes;  // floats in a register: channels are a multiple of it
  int rows;   // tiles are computed in multiples of this many
  // The transformed filter, [16][panel][input channel][column] with pairs of channels side by side
  // where it is bfloat16, for input channels `first` to `last - 1`. With
  // `transposed` the filter is that of the input's gradient: turned round, with input and output channels exchanged;
  // `inputs` and `outputs` are those of the convolution that is computed.
  void (*transform_filter)(const float *filter, int inputs, int outputs, bool transposed, int first, int last, void *transformed);
  // Output of `count` tiles from number `first` on. Scratch holds 16 * capacity * (inputs + outputs) floats, where the
  // capacity is `count` rounded up to a multiple of `rows`.
  void (*convolve)(const struct TileShape *shape, const void *input, const void *transformed, int first, int count, float *scratch, void *output);
  // Adds to `sums` [16][input channel][output channel] what `count` tiles from number `first` on add to the gradient of
  // the transformed filter. Scratch as above.
  void (*add_gradient)(const struct TileShape *shape, const void *input, const void *output_gradient, int first, int count, float *scratch, float *sums);
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

// Rows of numbers that are multiplied with those of other rows and summed up: `kTogether` rows are side by side, so that
// the processor can multiply as many numbers at once. `PutInRow` writes what belongs to a row at its place in the panel,
// where an even row has been written before the odd one.
#ifdef TRANSFERKIT_BFLOAT16
typedef Bfloat16 Map;
typedef unsigned int Words __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));
typedef unsigned int Word __attribute__((may_alias));
typedef unsigned short Halves __attribute__((vector_size(kLanes * 2), aligned(2), may_alias));

inline Lanes Load(const Map *from) { return reinterpret_cast<Lanes>(__builtin_convertvector(*reinterpret_cast<const Halves *>(from), Words) << 16); }
inline Halves Rounded(Lanes value) { return (Halves)_mm512_cvtneps_pbh((__m512)value); }
inline void Store(Map *to, Lanes value) { *reinterpret_cast<Halves *>(to) = Rounded(value); }

constexpr int kTogether = 2;

// A row without a second one is paired with zeros.
inline void PutInRow(Map *to, long row, Lanes value) {
  Words *const pairs = reinterpret_cast<Words *>(to);
  const Words bits = __builtin_convertvector(Rounded(value), Words);
  *pairs = row % 2 == 0 ? bits : *pairs | bits << 16;
}

typedef Words Factors;
inline Factors LoadFactors(const Map *from) { return *reinterpret_cast<const Words *>(from); }
inline Factors SameFactor(const Map *from) { return Words{} + *reinterpret_cast<const Word *>(from); }
inline Lanes AddProducts(Lanes sum, Factors left, Factors right) { return (Lanes)_mm512_dpbf16_ps((__m512)sum, (__m512bh)left, (__m512bh)right); }
#else
typedef float Map;

constexpr int kTogether = 1;

inline void PutInRow(Map *to, long, Lanes value) { Store(to, value); }

typedef Lanes Factors;
inline Factors LoadFactors(const Map *from) { return Load(from); }
inline float SameFactor(const Map *from) { return *from; }
inline Lanes AddProducts(Lanes sum, Factors left, float right) { return sum + left * right; }
#endif

// Where a column stands in a row of a panel.
inline Map *InRow(Map *panel, long row, long columns, long column) { return panel + (row / kTogether * columns + column) * kTogether; }

// Columns of the panel that begins with this channel.
inline long PanelColumns(long first, long channels) { return channels - first < kColumns ? kLanes : kColumns; }

// Where a channel stands in a row of an array [panel][row][column] of so many rows.
inline Map *InPanel(Map *array, long channel, long channels, long rows, long row) {
  const long first = channel / kColumns * kColumns;
  return InRow(array + first * rows, row, PanelColumns(first, channels), channel % kColumns);
}

// G g Gᵀ of 3x3 filters, stored in a row at 16 places `step` numbers apart.
inline void StoreTransformedFilter(const Lanes (&g)[3][3], Map *to, long step, long row) {
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
    PutInRow(to + (4 * i + 0) * step, row, half[i][0]);
    PutInRow(to + (4 * i + 1) * step, row, outer + middle);
    PutInRow(to + (4 * i + 2) * step, row, outer - middle);
    PutInRow(to + (4 * i + 3) * step, row, half[i][2]);
  }
}

void TransformFilter(const float *filter, int inputs, int outputs, bool transposed, int first, int last, void *transformed) {
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
      StoreTransformedFilter(g, InPanel(static_cast<Map *>(transformed), output, outputs, inputs, input), step, input);
    }
  }
}

// How the transformed patch of a tile is stored: its channels beside each other, or as a row that is multiplied with others.
enum class TileOrder { kChannels, kRows };

template <TileOrder kOrder>
inline void PutTile(Map *to, long tile, Lanes value) {
  kOrder == TileOrder::kRows ? PutInRow(to, tile, value) : Store(to, value);
}

// Bᵀ d B of a patch of 4x4 positions, stored at 16 places `step` numbers apart. Rows and columns of the patch that lie outside of the image are 0, unless the patch is known to be inside.
template <bool kInside, TileOrder kOrder>
inline void TransformPatch(const TileShape &shape, const Map *image, long top, long left, long channel, Map *to, long step, long tile) {
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
    PutTile<kOrder>(to + (4 * i + 0) * step, tile, half[i][0] - half[i][2]);
    PutTile<kOrder>(to + (4 * i + 1) * step, tile, half[i][1] + half[i][2]);
    PutTile<kOrder>(to + (4 * i + 2) * step, tile, half[i][2] - half[i][1]);
    PutTile<kOrder>(to + (4 * i + 3) * step, tile, half[i][1] - half[i][3]);
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
template <TileOrder kOrder>
inline void TransformInput(const TileShape &shape, const Map *input, int first, int count, long capacity, Map *to) {
  const long step = capacity * shape.inputs;
  TilePlace tile(shape, first);
  for (int index = 0; index < count; index++, tile.Next(shape)) {
    const long top = 2 * tile.row - 1, left = 2 * tile.column - 1;
    const Map *const image = input + tile.image * shape.height * shape.width * shape.inputs;
    const bool inside = top >= 0 && left >= 0 && top + 4 <= shape.height && left + 4 <= shape.width;
    for (long channel = 0; channel < shape.inputs; channel += kLanes) {
      Map *const group = to + capacity * channel;
      Map *const target = kOrder == TileOrder::kRows ? InRow(group, index, kLanes, 0) : group + index * kLanes;
      if (inside) {
        TransformPatch<true, kOrder>(shape, image, top, left, channel, target, step, index);
      } else {
        TransformPatch<false, kOrder>(shape, image, top, left, channel, target, step, index);
      }
    }
  }
}

// kRows rows of the product of tiles [group][tile][channel] with a panel [channel][column] of some vectors, kept in registers.
template <int kVectors>
inline void MultiplyPanel(const Map *tiles, long capacity, long depth, const Map *panel, float *product, long width) {
  Lanes sums[kRows][kVectors] = {};
  for (long channel = 0; channel < depth; channel += kLanes) {
    for (int lane = 0; lane < kLanes; lane += kTogether) {
      Factors factors[kVectors];
      for (int vector = 0; vector < kVectors; vector++) factors[vector] = LoadFactors(panel + vector * kLanes * kTogether);
      panel += kVectors * kLanes * kTogether;
#pragma GCC unroll 16
      for (int row = 0; row < kRows; row++) {
        const auto factor = SameFactor(tiles + capacity * channel + row * kLanes + lane);
        for (int vector = 0; vector < kVectors; vector++) sums[row][vector] = AddProducts(sums[row][vector], factors[vector], factor);
      }
    }
  }
  for (int row = 0; row < kRows; row++) {
    for (int vector = 0; vector < kVectors; vector++) Store(product + row * width + vector * kLanes, sums[row][vector]);
  }
}

// Aᵀ m A of each tile: 2x2 outputs.
inline void TransformOutput(const TileShape &shape, const float *products, long step, int first, int count, Map *output) {
  const long channels = shape.outputs;
  TilePlace tile(shape, first);
  for (int index = 0; index < count; index++, tile.Next(shape)) {
    const long top = 2 * tile.row, left = 2 * tile.column;
    const bool has_right = left + 1 < shape.width, has_bottom = top + 1 < shape.height;
    Map *const corner = output + ((tile.image * shape.height + top) * shape.width + left) * channels;
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
        Map *const target = corner + i * shape.width * channels + channel;
        Store(target, half[i][0] + half[i][1] + half[i][2]);
        if (has_right) Store(target + channels, half[i][1] - half[i][2] - half[i][3]);
      }
    }
  }
}

void Convolve(const TileShape *shape, const void *input, const void *transformed, int first, int count, float *scratch, void *output) {
  const long capacity = (count + kRows - 1) / kRows * kRows;
  const long inputs = shape->inputs, outputs = shape->outputs;
  float *const products = scratch;
  Map *const tiles = reinterpret_cast<Map *>(scratch + 16 * capacity * outputs);
  TransformInput<TileOrder::kChannels>(*shape, static_cast<const Map *>(input), first, count, capacity, tiles);
  for (long place = 0; place < 16; place++) {
    for (long panel = 0; panel < outputs; panel += kColumns) {
      const Map *const factors = static_cast<const Map *>(transformed) + (place * outputs + panel) * inputs;
      const auto multiply = PanelColumns(panel, outputs) == kColumns ? MultiplyPanel<2> : MultiplyPanel<1>;
      // Rows behind the last tile hold anything; their products are not read.
      for (long row = 0; row < count; row += kRows) {
        multiply(tiles + place * capacity * inputs + row * kLanes, capacity, inputs, factors, products + (place * capacity + row) * outputs + panel, outputs);
      }
    }
  }
  TransformOutput(*shape, products, capacity * outputs, first, count, static_cast<Map *>(output));
}

// A y Aᵀ of the 2x2 output gradients of each tile, [16][panel][tile][column].
inline void TransformOutputGradient(const TileShape &shape, const Map *gradient, int first, int count, long capacity, Map *to) {
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
      Map *const target = InPanel(to, channel, channels, capacity, index);
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) {
        PutInRow(target + (4 * i + 0) * step, index, half[i][0]);
        PutInRow(target + (4 * i + 1) * step, index, half[i][0] + half[i][1]);
        PutInRow(target + (4 * i + 2) * step, index, half[i][0] - half[i][1]);
        PutInRow(target + (4 * i + 3) * step, index, -half[i][1]);
      }
    }
  }
}

// Adds to kGradientRows rows of `sums` the product over `count` tiles of input channels with a panel of some vectors.
template <int kVectors>
inline void AddProduct(const Map *tiles, const Map *panel, long count, float *sums, long width) {
  Lanes product[kGradientRows][kVectors] = {};
  for (long tile = 0; tile < count; tile += kTogether) {
    Factors factors[kVectors];
    for (int vector = 0; vector < kVectors; vector++) factors[vector] = LoadFactors(panel + (tile * kVectors + vector * kTogether) * kLanes);
#pragma GCC unroll 16
    for (int row = 0; row < kGradientRows; row++) {
      const auto factor = SameFactor(tiles + tile * kLanes + row * kTogether);
      for (int vector = 0; vector < kVectors; vector++) product[row][vector] = AddProducts(product[row][vector], factors[vector], factor);
    }
  }
  for (int row = 0; row < kGradientRows; row++) {
    for (int vector = 0; vector < kVectors; vector++) {
      float *const target = sums + row * width + vector * kLanes;
      Store(target, Load(target) + product[row][vector]);
    }
  }
}

void AddGradient(const TileShape *shape, const void *input, const void *output_gradient, int first, int count, float *scratch, float *sums) {
  const long capacity = (count + kTogether - 1) / kTogether * kTogether;
  const long inputs = shape->inputs, outputs = shape->outputs;
  Map *const tiles = reinterpret_cast<Map *>(scratch);
  Map *const gradients = tiles + 16 * capacity * inputs;
  TransformInput<TileOrder::kRows>(*shape, static_cast<const Map *>(input), first, count, capacity, tiles);
  TransformOutputGradient(*shape, static_cast<const Map *>(output_gradient), first, count, capacity, gradients);
  for (long place = 0; place < 16; place++) {
    for (long panel = 0; panel < outputs; panel += kColumns) {
      const Map *const factors = gradients + (place * outputs + panel) * capacity;
      const auto add = PanelColumns(panel, outputs) == kColumns ? AddProduct<2> : AddProduct<1>;
      for (long input_channel = 0; input_channel < inputs; input_channel += kGradientRows) {
        const Map *const rows = tiles + (place * inputs + input_channel / kLanes * kLanes) * capacity + input_channel % kLanes * kTogether;
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
