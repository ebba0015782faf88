// The arithmetic of a product of two matrices, for one set of vector instructions.
//
// Included once for each set, after TRANSFERKIT_LANES (floats in a register) and TRANSFERKIT_VECTORS (registers of a row of a
// tile) are defined. Nothing else may be included by those files: an inline function of a standard header that is compiled
// for one set could be used by code that runs without it.

// A matrix as it lies in memory: the distances between neighbours in a column and in a row. One of them is 1.
struct MatrixView {
  const float *data;
  long row_step, column_step;
};

struct MatrixProduct {
  long rows, depth, columns;
  MatrixView left, right;
  float *product;
};

struct MatrixProductFunctions {
  int width;  // columns of a panel
  // Columns from `first` on of the product, as many as a panel has, in rows `first_row` to `last_row - 1`. Scratch holds `kDepth * width` floats.
  void (*panel)(const MatrixProduct *what, long first, long first_row, long last_row, float *scratch);
};

// How much of the depth is summed up in registers before sums go to memory: a panel of it stays in the second-level cache.
constexpr long kDepth = 512;

#ifdef TRANSFERKIT_LANES
namespace {

constexpr int kLanes = TRANSFERKIT_LANES, kVectors = TRANSFERKIT_VECTORS, kRows = 6;

typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float)), may_alias));

// Loads and stores the first `count` lanes.
inline Lanes Load(const float *from, long count) {
  if (count >= kLanes) return *reinterpret_cast<const Lanes *>(from);
  Lanes value = {};
  for (long lane = 0; lane < count; lane++) value[lane] = from[lane];
  return value;
}

inline void Store(float *to, Lanes value, long count) {
  if (count >= kLanes) {
    *reinterpret_cast<Lanes *>(to) = value;
  } else {
    for (long lane = 0; lane < count; lane++) to[lane] = value[lane];
  }
}

// Some columns of a part of the right matrix, as [depth][vector][lane]; what lies beyond the last column is 0.
void Pack(const MatrixView &right, long depth, long columns, int vectors, float *packed) {
  const long width = vectors * kLanes;
  if (right.column_step == 1) {
    for (long at = 0; at < depth; at++, packed += width) {
      for (long lane = 0; lane < width; lane += kLanes) {
        Store(packed + lane, lane < columns ? Load(right.data + at * right.row_step + lane, columns - lane) : Lanes{}, kLanes);
      }
    }
    return;
  }
  // In groups, so that what is written and what is read stays in the first-level cache.
  for (long first = 0; first < depth; first += kLanes) {
    const long end = first + kLanes < depth ? first + kLanes : depth;
    for (long lane = 0; lane < width; lane++) {
      for (long at = first; at < end; at++) packed[at * width + lane] = lane < columns ? right.data[at + lane * right.column_step] : 0.0f;
    }
  }
}

// A tile of the product: rows from `left` on with a packed panel, added to what is there, or in its place.
template <int kTileRows, int kTileVectors>
void Tile(const MatrixView &left, long depth, const float *packed, bool adds, long columns, long step, float *to) {
  Lanes sums[kTileRows][kTileVectors];
#pragma GCC unroll 8
  for (int row = 0; row < kTileRows; row++) {
#pragma GCC unroll 8
    for (int vector = 0; vector < kTileVectors; vector++) sums[row][vector] = adds ? Load(to + row * step + vector * kLanes, columns - vector * kLanes) : Lanes{};
  }
  const float *factors = left.data;
  for (long at = 0; at < depth; at++, packed += kTileVectors * kLanes, factors += left.column_step) {
    Lanes values[kTileVectors];
#pragma GCC unroll 8
    for (int vector = 0; vector < kTileVectors; vector++) values[vector] = Load(packed + vector * kLanes, kLanes);
#pragma GCC unroll 8
    for (int row = 0; row < kTileRows; row++) {
      const Lanes factor = Lanes{} + factors[row * left.row_step];
#pragma GCC unroll 8
      for (int vector = 0; vector < kTileVectors; vector++) sums[row][vector] += factor * values[vector];
    }
  }
#pragma GCC unroll 8
  for (int row = 0; row < kTileRows; row++) {
#pragma GCC unroll 8
    for (int vector = 0; vector < kTileVectors; vector++) Store(to + row * step + vector * kLanes, sums[row][vector], columns - vector * kLanes);
  }
}

typedef void TileFunction(const MatrixView &left, long depth, const float *packed, bool adds, long columns, long step, float *to);

template <int kTileVectors>
TileFunction *TileOf(long rows) {
  switch (rows) {
    case 1: return Tile<1, kTileVectors>;
    case 2: return Tile<2, kTileVectors>;
    case 3: return Tile<3, kTileVectors>;
    case 4: return Tile<4, kTileVectors>;
    case 5: return Tile<5, kTileVectors>;
    default: return Tile<kRows, kTileVectors>;
  }
}

TileFunction *TileOf(long rows, int vectors) {
  switch (vectors) {
    case 1: return TileOf<1>(rows);
    case 2: return TileOf<2>(rows);
    case 3: return TileOf<3>(rows);
    default: return TileOf<kVectors>(rows);
  }
}

void Panel(const MatrixProduct *what, long first, long first_row, long last_row, float *scratch) {
  const auto &[rows, depth, all_columns, left, right, product] = *what;
  const long columns = all_columns - first < kVectors * kLanes ? all_columns - first : kVectors * kLanes;
  const int vectors = static_cast<int>((columns + kLanes - 1) / kLanes);
  for (long begin = 0; begin < depth; begin += kDepth) {
    const long part = depth - begin < kDepth ? depth - begin : kDepth;
    Pack({right.data + begin * right.row_step + first * right.column_step, right.row_step, right.column_step}, part, columns, vectors, scratch);
    for (long row = first_row; row < last_row; row += kRows) {
      const MatrixView from = {left.data + row * left.row_step + begin * left.column_step, left.row_step, left.column_step};
      TileOf(last_row - row, vectors)(from, part, scratch, begin > 0, columns, all_columns, product + row * all_columns + first);
    }
  }
}

}  // namespace
#endif  // TRANSFERKIT_LANES
