#include "winograd.h"

#include <algorithm>
#include <memory>
#include <new>
#include <type_traits>

#include "bfloat16.h"
#include "winograd_tiles.h"
#include "workers.h"

#if defined(__x86_64__)
#include <cpuid.h>

extern const TileFunctions kWinogradTiles_avx512, kWinogradTiles_avx2;
#if __GNUC__ >= 10
extern const TileFunctions kWinogradTiles_bfloat16;
#endif
#endif

namespace transferkit {

namespace {

// The fastest functions that this processor runs; none where they are not known to be faster than TensorFlow's own.
const TileFunctions *Functions() {
#if defined(__x86_64__)
  static const TileFunctions *const best = __builtin_cpu_supports("avx512f")                                     ? &kWinogradTiles_avx512
                                           : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kWinogradTiles_avx2
                                                                                                                 : nullptr;
  return best;
#else
  return nullptr;
#endif
}

// Those for maps in bfloat16. None where the processor multiplies whole tiles of them at once (AMX): there TensorFlow's own are faster.
const TileFunctions *ShortFunctions() {
#if defined(__x86_64__) && __GNUC__ >= 10
  static const TileFunctions *const best = [] {
    unsigned int a = 0, b = 0, c = 0, d = 0;
    const bool has_tiles = __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & 1u << 22) != 0;
    const bool has_products = __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & 1u << 5) != 0;
    const bool fits = has_products && !has_tiles && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    return fits ? &kWinogradTiles_bfloat16 : nullptr;
  }();
  return best;
#else
  return nullptr;
#endif
}

// Those for maps of a type.
template <typename Map>
const TileFunctions *FunctionsFor() {
  return std::is_same_v<Map, Bfloat16> ? ShortFunctions() : Functions();
}

// Bytes of scratch of a task. It has to stay in a core's second-level cache, beside the transformed filter where that is
// small; the larger the filter, the more tiles must share the cost of reading it.
constexpr long kSmallestScratch = 256 << 10, kLargestScratch = 768 << 10;

// A multiple of the floats in a register of every processor. With fewer channels, transforming the images costs more than is saved.
constexpr int kFewestChannels = 16;

// The filter's channels in a task of its transformation.
constexpr int kChannels = 8;

// The gradient of the transformed filter is summed up separately by this many threads at most, each in memory of its own.
constexpr int kMostSums = 8;

// And by no thread for fewer tiles than these: to clear and to add up its sums would cost more than it saves.
constexpr int kFewestTiles = 32;

// Memory that begins with a line of the cache: registers that lie in two lines take twice as long.
constexpr std::align_val_t kLine{64};

struct FreeFloats {
  void operator()(float *floats) const { operator delete[](floats, kLine); }
};

typedef std::unique_ptr<float[], FreeFloats> Floats;

Floats NewFloats(long count) { return Floats(static_cast<float *>(operator new[](count * sizeof(float), kLine))); }

struct FilterTasks final : Tasks {
  const TileFunctions *functions;
  const float *filter;
  int inputs, outputs;
  bool transposed;
  float *transformed;
  void Run(int task) override {
    functions->transform_filter(filter, inputs, outputs, transposed, task * kChannels, std::min((task + 1) * kChannels, inputs), transformed);
  }
};

struct GradientTasks final : Tasks {
  const TileFunctions *functions;
  TileShape shape;
  const void *images, *output_gradient;
  int tiles, tiles_in_block, tasks;
  float *sums;  // one block of places * inputs * outputs a task
  void Run(int task) override {
    const long elements = functions->places * shape.inputs * shape.outputs;
    float *const own = sums + task * elements;
    std::fill(own, own + elements, 0.0f);
    const Floats scratch = NewFloats(functions->places * tiles_in_block * (shape.inputs + shape.outputs));
    const int last = static_cast<int>(static_cast<long>(tiles) * (task + 1) / tasks);
    for (int first = static_cast<int>(static_cast<long>(tiles) * task / tasks); first < last; first += tiles_in_block) {
      functions->add_gradient(&shape, images, output_gradient, first, std::min(tiles_in_block, last - first), scratch.get(), own);
    }
  }
};

struct FinishTasks final : Tasks {
  const TileFunctions *functions;
  float *sums;
  int count, inputs, outputs;
  float *gradient;
  void Run(int task) override {
    const int first = task * kChannels, last = std::min(first + kChannels, inputs);
    for (int place = 0; place < functions->places; place++) {
      float *const total = sums + static_cast<long>(place) * inputs * outputs;
      for (int other = 1; other < count; other++) {
        const float *const more = total + static_cast<long>(other) * functions->places * inputs * outputs;
        for (long at = static_cast<long>(first) * outputs; at < static_cast<long>(last) * outputs; at++) total[at] += more[at];
      }
    }
    functions->finish_gradient(sums, inputs, outputs, first, last, gradient);
  }
};

struct TileTasks final : Tasks {
  const TileFunctions *functions;
  TileShape shape;
  const void *images;
  const float *transformed;
  int tiles, tiles_in_task;
  void *result;
  void Run(int task) override {
    const int first = task * tiles_in_task;
    const Floats scratch = NewFloats(functions->places * tiles_in_task * (shape.inputs + shape.outputs));
    functions->convolve(&shape, images, transformed, first, std::min(tiles_in_task, tiles - first), scratch.get(), result);
  }
};

TileShape ShapeOf(const ConvolutionSizes &sizes, const TileFunctions *functions) {
  const int rows = functions->tile_rows, columns = functions->tile_columns;
  return {sizes.height, sizes.width, sizes.inputs, sizes.outputs, (sizes.height + rows - 1) / rows, (sizes.width + columns - 1) / columns};
}

int TilesOf(const ConvolutionSizes &sizes, const TileShape &shape) { return static_cast<int>(sizes.batch * shape.tile_rows * shape.tile_columns); }

long FilterBytes(const ConvolutionSizes &sizes, const TileFunctions *functions) { return functions->places * sizes.inputs * sizes.outputs * sizeof(float); }

// Tiles that fit into so many bytes of scratch.
int TilesIn(long bytes, const ConvolutionSizes &sizes, const TileFunctions *functions) {
  const int rows = functions->rows;
  return std::max(rows, static_cast<int>(bytes / (functions->places * (sizes.inputs + sizes.outputs) * sizeof(float))) / rows * rows);
}

}  // namespace

int WinogradChannels() { return Functions() == nullptr ? 0 : kFewestChannels; }

bool HasShortWinograd() { return ShortFunctions() != nullptr && Functions() != nullptr; }

template <typename Map>
void WinogradConvolution(const ConvolutionSizes &sizes, const Map *images, const float *filter, bool transposed, Map *result) {
  const TileFunctions *const functions = FunctionsFor<Map>();
  const long filter_bytes = FilterBytes(sizes, functions);
  const Floats transformed = NewFloats(filter_bytes / sizeof(float));
  FilterTasks filters;
  filters.functions = functions;
  filters.filter = filter;
  filters.inputs = static_cast<int>(sizes.inputs);
  filters.outputs = static_cast<int>(sizes.outputs);
  filters.transposed = transposed;
  filters.transformed = transformed.get();
  RunOnAllCores((filters.inputs + kChannels - 1) / kChannels, &filters);

  TileTasks tiles;
  tiles.functions = functions;
  tiles.shape = ShapeOf(sizes, functions);
  tiles.images = images;
  tiles.transformed = transformed.get();
  tiles.tiles = TilesOf(sizes, tiles.shape);
  tiles.tiles_in_task = TilesIn(std::clamp(filter_bytes, kSmallestScratch, kLargestScratch), sizes, functions);
  tiles.result = result;
  RunOnAllCores((tiles.tiles + tiles.tiles_in_task - 1) / tiles.tiles_in_task, &tiles);
}

template <typename Map>
void WinogradFilterGradient(const ConvolutionSizes &sizes, const Map *images, const Map *output_gradient, float *result) {
  const TileFunctions *const functions = FunctionsFor<Map>();
  GradientTasks tiles;
  tiles.functions = functions;
  tiles.shape = ShapeOf(sizes, functions);
  tiles.images = images;
  tiles.output_gradient = output_gradient;
  tiles.tiles = TilesOf(sizes, tiles.shape);
  // The sums are read and written once a block, so blocks are larger than they are.
  tiles.tiles_in_block = TilesIn(2 * std::max(FilterBytes(sizes, functions), kSmallestScratch), sizes, functions);
  tiles.tasks = std::min({Cores(), kMostSums, std::max(1, tiles.tiles / kFewestTiles)});
  const Floats sums = NewFloats(functions->places * sizes.inputs * sizes.outputs * tiles.tasks);
  tiles.sums = sums.get();
  RunOnAllCores(tiles.tasks, &tiles);

  FinishTasks finish;
  finish.functions = functions;
  finish.sums = sums.get();
  finish.count = tiles.tasks;
  finish.inputs = static_cast<int>(sizes.inputs);
  finish.outputs = static_cast<int>(sizes.outputs);
  finish.gradient = result;
  RunOnAllCores((finish.inputs + kChannels - 1) / kChannels, &finish);
}

template void WinogradConvolution(const ConvolutionSizes &, const float *, const float *, bool, float *);
template void WinogradConvolution(const ConvolutionSizes &, const Bfloat16 *, const float *, bool, Bfloat16 *);
template void WinogradFilterGradient(const ConvolutionSizes &, const float *, const float *, float *);
template void WinogradFilterGradient(const ConvolutionSizes &, const Bfloat16 *, const Bfloat16 *, float *);

}  // namespace transferkit
