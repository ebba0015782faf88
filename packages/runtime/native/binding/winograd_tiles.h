// The arithmetic of Winograd's convolution on a few tiles (Lavin and Gray, 2015), for one set of vector instructions and one size of
// tiles: F(4x4, 3x3) or F(2x2, 3x3).
//
// Included once for each, after TRANSFERKIT_LANES (floats in a register), TRANSFERKIT_ROWS (rows of a product kept in
// registers, a multiple of 3) and TRANSFERKIT_TILE (4 or 2) are defined; with TRANSFERKIT_BFLOAT16 maps and transformed numbers are bfloat16, and sums still floats.
// Nothing else may be included by those files: an inline function of a standard header that is compiled for one set could
// be used by code that runs without it.

// Maps are floats or, in the functions for them, bfloat16; filters, their gradients and sums are floats. What only these
// functions write and read, the transformed filter and the scratch, is theirs.
struct TileFunctions {
  int lanes;   // floats in a register: channels are a multiple of it
  int rows;    // tiles are computed in multiples of this many
  int panel;   // channels that are computed together
  int tile;    // outputs of a tile along each axis
  int places;  // products that they take for a pair of channels
  // The transformed filter, [place][panel][input channel][column] with pairs of channels side by side
  // where it is bfloat16, for input channels `first` to `last - 1`. With
  // `transposed` the filter is that of the input's gradient: turned round, with input and output channels exchanged;
  // `inputs` and `outputs` are those of the convolution that is computed.
  void (*transform_filter)(const float *filter, int inputs, int outputs, bool transposed, int first, int last, void *transformed);
  // Output channels `from` to `to - 1`, which are whole panels, of `count` tiles from number `first` on. Scratch holds
  // places * capacity * (inputs + outputs) floats, where the capacity is `count` rounded up to a multiple of `rows`.
  void (*convolve)(const struct TileShape *shape, const void *input, const void *transformed, int first, int count, int from, int to, float *scratch, void *output);
  // Adds to `sums` [place][input channel][output channel] what `count` tiles from number `first` on add to the gradient of
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
// Fewer tiles are left behind the last whole product of this many: products are of one, two or three thirds.
constexpr int kRows = TRANSFERKIT_ROWS / 3;
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

// Outputs of a tile and the patch of the input that they are computed from, along each axis, and the places of a transformed patch or filter.
constexpr int kTile = TRANSFERKIT_TILE, kPatch = kTile + 2, kPlaces = kPatch * kPatch;

// The transforms of one axis, chosen by the number of its places; a tile is transformed along its columns and then along its rows, or the other
// way round. F(2, 3) evaluates polynomials at 0, 1, -1 and infinity.

// Bᵀ d
inline void TransformPatchAxis(const Lanes (&d)[4], Lanes (&to)[4]) {
  to[0] = d[0] - d[2];
  to[1] = d[1] + d[2];
  to[2] = d[2] - d[1];
  to[3] = d[1] - d[3];
}

// G g
inline void TransformFilterAxis(const Lanes (&g)[3], Lanes (&to)[4]) {
  const Lanes even = (g[0] + g[2]) * 0.5f, odd = g[1] * 0.5f;
  to[0] = g[0];
  to[1] = even + odd;
  to[2] = even - odd;
  to[3] = g[2];
}

// Aᵀ m
inline void TransformOutputAxis(const Lanes (&m)[4], Lanes (&y)[2]) {
  y[0] = m[0] + m[1] + m[2];
  y[1] = m[1] - m[2] - m[3];
}

// A y
inline void TransformOutputGradientAxis(const Lanes (&y)[2], Lanes (&to)[4]) {
  to[0] = y[0];
  to[1] = y[0] + y[1];
  to[2] = y[0] - y[1];
  to[3] = -y[1];
}

// Gᵀ u
inline void TransformFilterGradientAxis(const Lanes (&u)[4], Lanes (&g)[3]) {
  const Lanes even = (u[1] + u[2]) * 0.5f;
  g[0] = u[0] + even;
  g[1] = (u[1] - u[2]) * 0.5f;
  g[2] = even + u[3];
}

// F(4, 3) evaluates them at 0, ±3/4, ±3/2 and infinity. These and their powers are exact, and so close to 1 that errors are a third of those at ±1 and ±2.
constexpr float kNear = 0.75f, kFar = 1.5f, kNear2 = kNear * kNear, kFar2 = kFar * kFar;
// One divided by the product of a point's distances to the others.
constexpr float kAtZero = 1 / (kNear2 * kFar2), kAtNear = 1 / (2 * kNear2 * (kNear2 - kFar2)), kAtFar = 1 / (2 * kFar2 * (kFar2 - kNear2));

inline void TransformPatchAxis(const Lanes (&d)[6], Lanes (&to)[6]) {
  const Lanes near_even = d[4] - kFar2 * d[2], near_odd = d[3] - kFar2 * d[1];
  const Lanes far_even = d[4] - kNear2 * d[2], far_odd = d[3] - kNear2 * d[1];
  to[0] = kNear2 * kFar2 * d[0] + (d[4] - (kNear2 + kFar2) * d[2]);
  to[1] = near_even + kNear * near_odd;
  to[2] = near_even - kNear * near_odd;
  to[3] = far_even + kFar * far_odd;
  to[4] = far_even - kFar * far_odd;
  to[5] = kNear2 * kFar2 * d[1] + (d[5] - (kNear2 + kFar2) * d[3]);
}

inline void TransformFilterAxis(const Lanes (&g)[3], Lanes (&to)[6]) {
  const Lanes near_even = (g[0] + kNear2 * g[2]) * kAtNear, near_odd = g[1] * (kNear * kAtNear);
  const Lanes far_even = (g[0] + kFar2 * g[2]) * kAtFar, far_odd = g[1] * (kFar * kAtFar);
  to[0] = g[0] * kAtZero;
  to[1] = near_even + near_odd;
  to[2] = near_even - near_odd;
  to[3] = far_even + far_odd;
  to[4] = far_even - far_odd;
  to[5] = g[2];
}

inline void TransformOutputAxis(const Lanes (&m)[6], Lanes (&y)[4]) {
  const Lanes near_even = m[1] + m[2], near_odd = m[1] - m[2], far_even = m[3] + m[4], far_odd = m[3] - m[4];
  y[0] = m[0] + near_even + far_even;
  y[1] = kNear * near_odd + kFar * far_odd;
  y[2] = kNear2 * near_even + kFar2 * far_even;
  y[3] = kNear2 * kNear * near_odd + (kFar2 * kFar * far_odd + m[5]);
}

inline void TransformOutputGradientAxis(const Lanes (&y)[4], Lanes (&to)[6]) {
  const Lanes near_even = y[0] + kNear2 * y[2], near_odd = y[1] + kNear2 * y[3];
  const Lanes far_even = y[0] + kFar2 * y[2], far_odd = y[1] + kFar2 * y[3];
  to[0] = y[0];
  to[1] = near_even + kNear * near_odd;
  to[2] = near_even - kNear * near_odd;
  to[3] = far_even + kFar * far_odd;
  to[4] = far_even - kFar * far_odd;
  to[5] = y[3];
}

inline void TransformFilterGradientAxis(const Lanes (&u)[6], Lanes (&g)[3]) {
  const Lanes near_even = (u[1] + u[2]) * kAtNear, near_odd = (u[1] - u[2]) * kAtNear;
  const Lanes far_even = (u[3] + u[4]) * kAtFar, far_odd = (u[3] - u[4]) * kAtFar;
  g[0] = u[0] * kAtZero + near_even + far_even;
  g[1] = kNear * near_odd + kFar * far_odd;
  g[2] = kNear2 * near_even + (kFar2 * far_even + u[5]);
}

// Where a column stands in a row of a panel.
inline Map *InRow(Map *panel, long row, long columns, long column) { return panel + (row / kTogether * columns + column) * kTogether; }

// Columns of the panel that begins with this channel.
inline long PanelColumns(long first, long channels) { return channels - first < kColumns ? kLanes : kColumns; }

// Where a channel stands in a row of an array [panel][row][column] of so many rows.
inline Map *InPanel(Map *array, long channel, long channels, long rows, long row) {
  const long first = channel / kColumns * kColumns;
  return InRow(array + first * rows, row, PanelColumns(first, channels), channel % kColumns);
}

// G g Gᵀ of 3x3 filters, stored in a row at kPlaces places `step` numbers apart.
inline void StoreTransformedFilter(const Lanes (&g)[3][3], Map *to, long step, long row) {
  Lanes half[3][kPatch];
#pragma GCC unroll 3
  for (int j = 0; j < 3; j++) TransformFilterAxis({g[0][j], g[1][j], g[2][j]}, half[j]);
#pragma GCC unroll 8
  for (int i = 0; i < kPatch; i++) {
    Lanes places[kPatch];
    TransformFilterAxis({half[0][i], half[1][i], half[2][i]}, places);
#pragma GCC unroll 8
    for (int j = 0; j < kPatch; j++) PutInRow(to + (kPatch * i + j) * step, row, places[j]);
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

// Bᵀ d B of a patch, stored at kPlaces places `step` numbers apart. Rows and columns of the patch that lie outside of the image are 0, unless the patch is known to be inside.
template <bool kInside, TileOrder kOrder>
inline void TransformPatch(const TileShape &shape, const Map *image, long top, long left, long channel, Map *to, long step, long tile) {
  Lanes half[kPatch][kPatch];
#pragma GCC unroll 8
  for (int j = 0; j < kPatch; j++) {
    Lanes d[kPatch];
#pragma GCC unroll 8
    for (int i = 0; i < kPatch; i++) {
      const long row = top + i, column = left + j;
      const bool inside = kInside || (row >= 0 && row < shape.height && column >= 0 && column < shape.width);
      d[i] = inside ? Load(image + (row * shape.width + column) * shape.inputs + channel) : Lanes{};
    }
    TransformPatchAxis(d, half[j]);
  }
#pragma GCC unroll 8
  for (int i = 0; i < kPatch; i++) {
    Lanes d[kPatch], places[kPatch];
#pragma GCC unroll 8
    for (int j = 0; j < kPatch; j++) d[j] = half[j][i];
    TransformPatchAxis(d, places);
#pragma GCC unroll 8
    for (int j = 0; j < kPatch; j++) PutTile<kOrder>(to + (kPatch * i + j) * step, tile, places[j]);
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

// The transformed patches of tiles, [place][group of kLanes input channels][tile][channel in the group].
template <TileOrder kOrder>
inline void TransformInput(const TileShape &shape, const Map *input, int first, int count, long capacity, Map *to) {
  const long step = capacity * shape.inputs;
  TilePlace tile(shape, first);
  for (int index = 0; index < count; index++, tile.Next(shape)) {
    const long top = kTile * tile.row - 1, left = kTile * tile.column - 1;
    const Map *const image = input + tile.image * shape.height * shape.width * shape.inputs;
    const bool inside = top >= 0 && left >= 0 && top + kPatch <= shape.height && left + kPatch <= shape.width;
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

// Some rows of the product of tiles [group][tile][channel] with a panel [channel][column] of some vectors, kept in registers.
template <int kVectors, int kCount>
inline void MultiplyRows(const Map *tiles, long capacity, long depth, const Map *panel, float *product, long width) {
  Lanes sums[kCount][kVectors] = {};
  for (long channel = 0; channel < depth; channel += kLanes) {
    for (int lane = 0; lane < kLanes; lane += kTogether) {
      Factors factors[kVectors];
      for (int vector = 0; vector < kVectors; vector++) factors[vector] = LoadFactors(panel + vector * kLanes * kTogether);
      panel += kVectors * kLanes * kTogether;
#pragma GCC unroll 16
      for (int row = 0; row < kCount; row++) {
        const auto factor = SameFactor(tiles + capacity * channel + row * kLanes + lane);
        for (int vector = 0; vector < kVectors; vector++) sums[row][vector] = AddProducts(sums[row][vector], factors[vector], factor);
      }
    }
  }
  for (int row = 0; row < kCount; row++) {
    for (int vector = 0; vector < kVectors; vector++) Store(product + row * width + vector * kLanes, sums[row][vector]);
  }
}

// The same for all tiles. Rows behind the last one hold anything; their products are not read.
template <int kVectors>
inline void MultiplyPanel(const Map *tiles, long capacity, long count, long depth, const Map *panel, float *product, long width) {
  for (long row = 0; row < count;) {
    const long thirds = (count - row + kRows - 1) / kRows;
    // Few rows read the panel about as often as they compute with it, so two halves are better than three thirds and one.
    const long taken = thirds >= 3 && thirds != 4 ? 3 : thirds >= 2 ? 2 : 1;
    const auto multiply = taken == 3 ? MultiplyRows<kVectors, 3 * kRows> : taken == 2 ? MultiplyRows<kVectors, 2 * kRows> : MultiplyRows<kVectors, kRows>;
    multiply(tiles + row * kLanes, capacity, depth, panel, product + row * width, width);
    row += taken * kRows;
  }
}

// Aᵀ m A of each tile: `width` channels of its outputs, as far as they lie in the image.
inline void TransformOutput(const TileShape &shape, const float *products, long width, long step, int first, int count, Map *output) {
  const long channels = shape.outputs;
  TilePlace tile(shape, first);
  for (int index = 0; index < count; index++, tile.Next(shape)) {
    const long top = kTile * tile.row, left = kTile * tile.column;
    Map *const corner = output + ((tile.image * shape.height + top) * shape.width + left) * channels;
    for (long channel = 0; channel < width; channel += kLanes) {
      const float *const from = products + index * width + channel;
      Lanes half[kPatch][kTile];
#pragma GCC unroll 8
      for (int i = 0; i < kPatch; i++) {
        Lanes m[kPatch];
#pragma GCC unroll 8
        for (int j = 0; j < kPatch; j++) m[j] = Load(from + (kPatch * i + j) * step);
        TransformOutputAxis(m, half[i]);
      }
#pragma GCC unroll 8
      for (int j = 0; j < kTile; j++) {
        if (left + j >= shape.width) break;
        Lanes m[kPatch], y[kTile];
#pragma GCC unroll 8
        for (int i = 0; i < kPatch; i++) m[i] = half[i][j];
        TransformOutputAxis(m, y);
#pragma GCC unroll 8
        for (int i = 0; i < kTile; i++) {
          if (top + i >= shape.height) break;
          Store(corner + (i * shape.width + j) * channels + channel, y[i]);
        }
      }
    }
  }
}

void Convolve(const TileShape *shape, const void *input, const void *transformed, int first, int count, int from, int to, float *scratch, void *output) {
  const long capacity = (count + kRows - 1) / kRows * kRows;
  const long inputs = shape->inputs, outputs = shape->outputs, width = to - from;
  float *const products = scratch;
  Map *const tiles = reinterpret_cast<Map *>(scratch + kPlaces * capacity * width);
  TransformInput<TileOrder::kChannels>(*shape, static_cast<const Map *>(input), first, count, capacity, tiles);
  for (long place = 0; place < kPlaces; place++) {
    for (long panel = from; panel < to; panel += kColumns) {
      const Map *const factors = static_cast<const Map *>(transformed) + (place * outputs + panel) * inputs;
      const auto multiply = PanelColumns(panel, outputs) == kColumns ? MultiplyPanel<2> : MultiplyPanel<1>;
      multiply(tiles + place * capacity * inputs, capacity, count, inputs, factors, products + place * capacity * width + panel - from, width);
    }
  }
  TransformOutput(*shape, products, width, capacity * width, first, count, static_cast<Map *>(output) + from);
}

// A y Aᵀ of the output gradients of each tile, [place][panel][tile][column].
inline void TransformOutputGradient(const TileShape &shape, const Map *gradient, int first, int count, long capacity, Map *to) {
  const long channels = shape.outputs, step = capacity * channels;
  TilePlace tile(shape, first);
  for (int index = 0; index < count; index++, tile.Next(shape)) {
    const long top = kTile * tile.row, left = kTile * tile.column;
    const Map *const corner = gradient + ((tile.image * shape.height + top) * shape.width + left) * channels;
    for (long channel = 0; channel < channels; channel += kLanes) {
      Lanes half[kTile][kPatch];
#pragma GCC unroll 8
      for (int j = 0; j < kTile; j++) {
        Lanes y[kTile];
#pragma GCC unroll 8
        for (int i = 0; i < kTile; i++) {
          const bool inside = top + i < shape.height && left + j < shape.width;
          y[i] = inside ? Load(corner + (i * shape.width + j) * channels + channel) : Lanes{};
        }
        TransformOutputGradientAxis(y, half[j]);
      }
      Map *const target = InPanel(to, channel, channels, capacity, index);
#pragma GCC unroll 8
      for (int i = 0; i < kPatch; i++) {
        Lanes y[kTile], places[kPatch];
#pragma GCC unroll 8
        for (int j = 0; j < kTile; j++) y[j] = half[j][i];
        TransformOutputGradientAxis(y, places);
#pragma GCC unroll 8
        for (int j = 0; j < kPatch; j++) PutInRow(target + (kPatch * i + j) * step, index, places[j]);
      }
    }
  }
}

// Adds to kGradientRows rows of `sums` the product over `count` tiles of input channels with a panel of some vectors.
template <int kVectors>
inline void AddProduct(const Map *tiles, const Map *panel, long count, float *sums, long width) {
  // The sums are added to in the end; until then they can come from memory.
  for (int row = 0; row < kGradientRows; row++) {
    for (int vector = 0; vector < kVectors; vector++) __builtin_prefetch(sums + row * width + vector * kLanes, 1);
  }
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
  Map *const gradients = tiles + kPlaces * capacity * inputs;
  TransformInput<TileOrder::kRows>(*shape, static_cast<const Map *>(input), first, count, capacity, tiles);
  TransformOutputGradient(*shape, static_cast<const Map *>(output_gradient), first, count, capacity, gradients);
  for (long place = 0; place < kPlaces; place++) {
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
    Lanes half[kPatch][3];
#pragma GCC unroll 8
    for (int i = 0; i < kPatch; i++) {
      Lanes u[kPatch];
#pragma GCC unroll 8
      for (int j = 0; j < kPatch; j++) u[j] = Load(sums + (kPatch * i + j) * step + at);
      TransformFilterGradientAxis(u, half[i]);
    }
#pragma GCC unroll 3
    for (int j = 0; j < 3; j++) {
      Lanes u[kPatch], g[3];
#pragma GCC unroll 8
      for (int i = 0; i < kPatch; i++) u[i] = half[i][j];
      TransformFilterGradientAxis(u, g);
#pragma GCC unroll 3
      for (int i = 0; i < 3; i++) Store(gradient + (3 * i + j) * step + at, g[i]);
    }
  }
}

}  // namespace
#endif
