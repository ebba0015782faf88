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

extern const TileFunctions kWinogradTiles_avx512, kWinogradTiles_avx2, kSmallWinogradTiles_avx512, kSmallWinogradTiles_avx2;
#if __GNUC__ >= 10
extern const TileFunctions kWinogradTiles_bfloat16;
#endif
#endif

namespace transferkit {

namespace {

// The fastest functions that this processor runs; none where they are not known to be faster than TensorFlow's own.
const TileFunctions *Functions(bool small_tiles) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return small_tiles ? &kSmallWinogradTiles_avx512 : &kWinogradTiles_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return small_tiles ? &kSmallWinogradTiles_avx2 : &kWinogradTiles_avx2;
#endif
  return nullptr;
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

// Those for maps of a type. Tiles of maps in bfloat16 are always small.
template <typename Map>
const TileFunctions *FunctionsFor(bool small_tiles) {
  return std::is_same_v<Map, Bfloat16> ? ShortFunctions() : Functions(small_tiles);
}

// Bytes of scratch of a task. It has to stay in a core's second-level cache, beside the transformed filter where that is
// small; the larger the filter, the more tiles must share the cost of reading it.
constexpr long kSmallestScratch = 256 << 10, kLargestScratch = 768 << 10;

// A multiple of the floats in a register of every processor. With fewer channels, transforming the images costs more than is saved.
constexpr int kFewestChannels = 16;

// Up to so many tasks for each core, all get as many tiles.
constexpr int kFewRounds = 8;

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
  int parts;  // of the output channels
  void *result;
  void Run(int task) override {
    const int first = task / parts * tiles_in_task, part = task % parts;
    const int panels = static_cast<int>((shape.outputs + functions->panel - 1) / functions->panel);
    const auto channels_before = [&](int index) { return std::min(panels * index / parts * functions->panel, static_cast<int>(shape.outputs)); };
    const int from = channels_before(part), to = channels_before(part + 1);
    const Floats scratch = NewFloats(functions->places * tiles_in_task * (shape.inputs + to - from));
    functions->convolve(&shape, images, transformed, first, std::min(tiles_in_task, tiles - first), from, to, scratch.get(), result);
  }
};

TileShape ShapeOf(const ConvolutionSizes &sizes, const TileFunctions *functions) {
  const int tile = functions->tile;
  return {sizes.height, sizes.width, sizes.inputs, sizes.outputs, (sizes.height + tile - 1) / tile, (sizes.width + tile - 1) / tile};
}

int TilesOf(const ConvolutionSizes &sizes, const TileShape &shape) { return static_cast<int>(sizes.batch * shape.tile_rows * shape.tile_columns); }

long FilterBytes(const ConvolutionSizes &sizes, const TileFunctions *functions) { return functions->places * sizes.inputs * sizes.outputs * sizeof(float); }

// The same or the next number of tiles that are computed together.
int InRows(int tiles, const TileFunctions *functions) { return (tiles + functions->rows - 1) / functions->rows * functions->rows; }

// Rows of the largest product.
int MostRows(const TileFunctions *functions) { return 3 * functions->rows; }

// Tiles that fit into so many bytes of scratch, in whole products of some rows.
int TilesIn(long bytes, const ConvolutionSizes &sizes, const TileFunctions *functions, int rows) {
  return std::max(MostRows(functions), static_cast<int>(bytes / (functions->places * (sizes.inputs + sizes.outputs) * sizeof(float))) / rows * rows);
}

}  // namespace

int WinogradChannels() { return Functions(false) == nullptr ? 0 : kFewestChannels; }

bool HasShortWinograd() { return ShortFunctions() != nullptr && Functions(false) != nullptr; }

long TransformedPlaces(bool small_tiles) { return Functions(small_tiles)->places; }

template <typename Map>
void TransformWinogradFilter(long inputs, long outputs, bool small_tiles, const float *filter, bool transposed, float *transformed) {
  FilterTasks tasks;
  tasks.functions = FunctionsFor<Map>(small_tiles);
  tasks.filter = filter;
  tasks.inputs = static_cast<int>(inputs);
  tasks.outputs = static_cast<int>(outputs);
  tasks.transposed = transposed;
  tasks.transformed = transformed;
  RunOnAllCores((tasks.inputs + kChannels - 1) / kChannels, &tasks);
}

template <typename Map>
void WinogradProducts(const ConvolutionSizes &sizes, bool small_tiles, const Map *images, const float *transformed, Map *result) {
  const TileFunctions *const functions = FunctionsFor<Map>(small_tiles);
  TileTasks tasks;
  tasks.functions = functions;
  tasks.shape = ShapeOf(sizes, functions);
  tasks.images = images;
  tasks.transformed = transformed;
  tasks.tiles = TilesOf(sizes, tasks.shape);
  tasks.result = result;
  const long scratch = std::clamp(FilterBytes(sizes, functions), kSmallestScratch, kLargestScratch);
  const int cores = Cores(), fitting = TilesIn(scratch, sizes, functions, functions->rows), rounds = (tasks.tiles + fitting * cores - 1) / (fitting * cores);
  const int panels = static_cast<int>((sizes.outputs + functions->panel - 1) / functions->panel);
  // Few tiles are transformed by every core for its own output channels, so that each reads only its part of the filter. Somewhat more are cut so that every
  // core has as many of them, and many into the largest products.
  const bool are_few = tasks.tiles <= fitting;
  tasks.parts = are_few ? std::min(cores, panels) : 1;
  tasks.tiles_in_task = are_few                 ? InRows(std::max(1, tasks.tiles), functions)
                        : rounds <= kFewRounds ? InRows((tasks.tiles + rounds * cores - 1) / (rounds * cores), functions)
                                               : TilesIn(scratch, sizes, functions, MostRows(functions));
  RunOnAllCores((tasks.tiles + tasks.tiles_in_task - 1) / tasks.tiles_in_task * tasks.parts, &tasks);
}

template <typename Map>
void WinogradConvolution(const ConvolutionSizes &sizes, bool small_tiles, const Map *images, const float *filter, bool transposed, Map *result) {
  const Floats transformed = NewFloats(FilterBytes(sizes, FunctionsFor<Map>(small_tiles)) / sizeof(float));
  TransformWinogradFilter<Map>(sizes.inputs, sizes.outputs, small_tiles, filter, transposed, transformed.get());
  WinogradProducts(sizes, small_tiles, images, transformed.get(), result);
}

template <typename Map>
void WinogradFilterGradient(const ConvolutionSizes &sizes, const Map *images, const Map *output_gradient, float *result) {
  const TileFunctions *const functions = FunctionsFor<Map>(false);
  GradientTasks tiles;
  tiles.functions = functions;
  tiles.shape = ShapeOf(sizes, functions);
  tiles.images = images;
  tiles.output_gradient = output_gradient;
  tiles.tiles = TilesOf(sizes, tiles.shape);
  tiles.tasks = std::min({Cores(), kMostSums, std::max(1, tiles.tiles / kFewestTiles)});
  // The sums are read and written once a block, so blocks are larger than they are, and all tiles of a task where there are few.
  tiles.tiles_in_block = std::min(TilesIn(2 * std::max(FilterBytes(sizes, functions), kSmallestScratch), sizes, functions, MostRows(functions)),
                                  InRows((tiles.tiles + tiles.tasks - 1) / tiles.tasks, functions));
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

template void TransformWinogradFilter<float>(long, long, bool, const float *, bool, float *);
template void WinogradProducts(const ConvolutionSizes &, bool, const float *, const float *, float *);
template void WinogradConvolution(const ConvolutionSizes &, bool, const float *, const float *, bool, float *);
template void WinogradConvolution(const ConvolutionSizes &, bool, const Bfloat16 *, const float *, bool, Bfloat16 *);
template void WinogradFilterGradient(const ConvolutionSizes &, const float *, const float *, float *);
template void WinogradFilterGradient(const ConvolutionSizes &, const Bfloat16 *, const Bfloat16 *, float *);

}  // namespace transferkit
