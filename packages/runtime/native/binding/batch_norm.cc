#include "batch_norm.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <vector>

#include "batch_norm_passes.h"
#include "bfloat16.h"
#include "workers.h"

#if defined(__x86_64__)
extern const NormFunctions<float> kNorm_avx512, kNorm_avx2;
extern const NormFunctions<Bfloat16> kNormShort_avx512;
#endif

namespace transferkit {

namespace {

// The fastest functions that this processor runs; none where they are not known to be faster than TensorFlow's own.
template <typename Map>
const NormFunctions<Map> *Functions();

template <>
const NormFunctions<float> *Functions() {
#if defined(__x86_64__)
  static const NormFunctions<float> *const best = __builtin_cpu_supports("avx512f")                                     ? &kNorm_avx512
                                                  : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kNorm_avx2
                                                                                                                        : nullptr;
  return best;
#else
  return nullptr;
#endif
}

// Every processor with instructions for bfloat16 has these registers.
template <>
const NormFunctions<Bfloat16> *Functions() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") ? &kNormShort_avx512 : nullptr;
#else
  return nullptr;
#endif
}

typedef std::vector<float> Floats;

// Floats and periods that a task reads at least. They stay in a core's second-level cache, because the moments read them twice.
constexpr long kFloats = 1 << 14, kPeriods = 32;

// How activations are cut into tasks of whole periods, the same on any number of cores, so that sums are the same, too.
// Rows that do not fill a period are the last task's: they are copied into one that ends with zeros.
struct Cut {
  long rows, channels, period, periods, in_task;

  Cut(long rows, long channels, int lanes) : rows(rows), channels(channels), period(std::lcm<long>(channels, 4 * lanes)) {
    periods = rows * channels / period;
    in_task = std::max(kPeriods, kFloats / period);
  }
  long Whole() const { return (periods + in_task - 1) / in_task; }
  // Floats behind the last whole period.
  long Rest() const { return rows * channels - periods * period; }
  int Tasks() const { return static_cast<int>(Whole() + (Rest() > 0 ? 1 : 0)); }
  bool IsRest(int task) const { return task == Whole(); }
  long First(int task) const { return std::min(task * in_task, periods) * period; }
  long Count(int task) const { return IsRest(task) ? 1 : std::min(in_task, periods - task * in_task); }
  // One number a channel, repeated for all places of a period.
  template <typename F>
  Floats Repeated(F of) const {
    Floats values(period);
    for (long channel = 0; channel < channels; channel++) values[channel] = static_cast<float>(of(channel));
    for (long place = channels; place < period; place++) values[place] = values[place - channels];
    return values;
  }
};

// The activations of a task, in a period of their own where they do not fill one.
template <typename Map>
class Part {
 public:
  Part(const Cut &cut, int task, const Map *activations) : from_(activations) {
    if (activations == nullptr) return;
    from_ += cut.First(task);
    if (!cut.IsRest(task)) return;
    filled_.resize(cut.period);
    std::copy(from_, from_ + cut.Rest(), filled_.begin());
    from_ = filled_.data();
  }
  const Map *data() const { return from_; }

 private:
  const Map *from_;
  std::vector<Map> filled_;
};

// As above, for what a task writes.
template <typename Map>
class WrittenPart {
 public:
  WrittenPart(const Cut &cut, int task, Map *activations) : to_(activations) {
    if (activations == nullptr) return;
    to_ += cut.First(task);
    if (!cut.IsRest(task)) return;
    rest_ = cut.Rest();
    filled_.resize(cut.period);
  }
  ~WrittenPart() { std::copy(filled_.begin(), filled_.begin() + rest_, to_); }
  Map *data() { return filled_.empty() ? to_ : filled_.data(); }

 private:
  Map *to_;
  long rest_ = 0;
  std::vector<Map> filled_;
};

float FloatOf(float value) { return value; }
float FloatOf(Bfloat16 value) {
  const std::uint32_t bits = static_cast<std::uint32_t>(value) << 16;
  float result;
  std::memcpy(&result, &bits, sizeof(result));
  return result;
}

template <typename Map>
struct MomentTasks final : Tasks {
  const Cut *cut;
  const Map *input;
  float *means, *squares;  // one period a task
  void Run(int task) override {
    if (cut->IsRest(task)) {
      // One row a place: the mean is the row itself.
      const Map *const rest = input + cut->First(task);
      std::transform(rest, rest + cut->Rest(), means + task * cut->period, [](Map value) { return FloatOf(value); });
      return;
    }
    Functions<Map>()->moments(input + cut->First(task), cut->Count(task), cut->period, means + task * cut->period, squares + task * cut->period);
  }
};

template <typename Map>
struct OutputTasks final : Tasks {
  const Cut *cut;
  NormForward<Map> what;
  void Run(int task) override {
    const Part<Map> input(*cut, task, what.input), residual(*cut, task, what.residual);
    WrittenPart<Map> output(*cut, task, what.output);
    NormForward<Map> own = what;
    own.input = input.data();
    own.residual = residual.data();
    own.output = output.data();
    Functions<Map>()->normalise(&own, cut->Count(task), cut->period);
  }
};

template <typename Map>
struct BackwardTasks final : Tasks {
  const Cut *cut;
  NormBackward<Map> what;
  float *sums, *products;  // one period a task; null in the second pass
  void Run(int task) override {
    const bool is_first = sums != nullptr;
    // The second pass reads what the first one has masked.
    const bool reads_masked = !is_first && what.mask == NormMask::kOutput;
    const Part<Map> gradient(*cut, task, reads_masked ? what.masked : what.gradient), addend(*cut, task, is_first ? what.addend : nullptr), input(*cut, task, what.input),
        output(*cut, task, is_first ? what.output : nullptr);
    WrittenPart<Map> masked(*cut, task, is_first ? what.masked : nullptr), input_gradient(*cut, task, is_first ? nullptr : what.input_gradient);
    NormBackward<Map> own = what;
    own.gradient = gradient.data();
    own.addend = addend.data();
    own.input = input.data();
    own.output = output.data();
    own.masked = masked.data();
    own.input_gradient = input_gradient.data();
    if (reads_masked) own.mask = NormMask::kNone;
    if (is_first) {
      Functions<Map>()->gradient_sums(&own, cut->Count(task), cut->period, sums + task * cut->period, products + task * cut->period);
    } else {
      Functions<Map>()->input_gradient(&own, cut->Count(task), cut->period);
    }
  }
};

// Calls `f(task, place, channel)` for all places that hold activations.
template <typename F>
void ForPlaces(const Cut &cut, F f) {
  for (int task = 0; task < cut.Tasks(); task++) {
    const long places = cut.IsRest(task) ? cut.Rest() : cut.period;
    for (long first = 0; first < places; first += cut.channels) {
      for (long channel = 0; channel < cut.channels; channel++) f(task, task * cut.period + first + channel, channel);
    }
  }
}

// Mean and biased variance of each channel from those of the tasks (Chan, Golub and LeVeque, 1979).
template <typename Map>
void BatchMoments(const Cut &cut, const Map *input, float *mean, float *variance) {
  Floats means(cut.Tasks() * cut.period), squares(means.size());
  MomentTasks<Map> tasks;
  tasks.cut = &cut;
  tasks.input = input;
  tasks.means = means.data();
  tasks.squares = squares.data();
  RunOnAllCores(cut.Tasks(), &tasks);
  std::vector<double> total(cut.channels), distances(cut.channels);
  ForPlaces(cut, [&](int task, long at, long channel) { total[channel] += static_cast<double>(means[at]) * cut.Count(task); });
  for (double &value : total) value /= cut.rows;
  ForPlaces(cut, [&](int task, long at, long channel) {
    const double distance = means[at] - total[channel];
    distances[channel] += squares[at] + distance * distance * cut.Count(task);
  });
  for (long channel = 0; channel < cut.channels; channel++) {
    mean[channel] = static_cast<float>(total[channel]);
    variance[channel] = static_cast<float>(distances[channel] / cut.rows);
  }
}

double InverseDeviation(float variance, float epsilon) { return 1 / std::sqrt(static_cast<double>(variance) + epsilon); }

}  // namespace

bool HasBatchNorm() { return Functions<float>() != nullptr; }

bool HasShortBatchNorm() { return Functions<Bfloat16>() != nullptr; }

template <typename Map>
void Normalise(const BatchNorm<Map> &norm, const float *mean, const float *variance, const Map *residual, Map *output) {
  const Cut cut(norm.rows, norm.channels, Functions<Map>()->lanes);
  const Floats means = cut.Repeated([&](long channel) { return mean[channel]; });
  const Floats factors = cut.Repeated([&](long channel) { return norm.scale[channel] * InverseDeviation(variance[channel], norm.epsilon); });
  const Floats offsets = cut.Repeated([&](long channel) { return norm.offset[channel]; });
  OutputTasks<Map> tasks;
  tasks.cut = &cut;
  tasks.what = {norm.input, means.data(), factors.data(), offsets.data(), residual, norm.rectified, output};
  RunOnAllCores(cut.Tasks(), &tasks);
}

template <typename Map>
void NormaliseBatch(const BatchNorm<Map> &norm, const Map *residual, Map *output, float *mean, float *variance) {
  BatchMoments(Cut(norm.rows, norm.channels, Functions<Map>()->lanes), norm.input, mean, variance);
  Normalise(norm, mean, variance, residual, output);
}

template <typename Map>
void BatchGradient(const BatchNorm<Map> &norm, const OutputGradient<Map> &of, const BatchNormGradients<Map> &gradients) {
  const Cut cut(norm.rows, norm.channels, Functions<Map>()->lanes);
  const auto inverse = [&](long channel) { return InverseDeviation(of.variance[channel], norm.epsilon); };
  const Floats means = cut.Repeated([&](long channel) { return of.mean[channel]; });
  const Floats factors = cut.Repeated([&](long channel) { return norm.scale[channel] * inverse(channel); });
  const bool recomputes = norm.rectified && of.output == nullptr;
  const Floats offsets = cut.Repeated([&](long channel) { return recomputes ? norm.offset[channel] : 0.0f; });
  Floats sums(cut.Tasks() * cut.period), products(sums.size());
  BackwardTasks<Map> tasks;
  tasks.cut = &cut;
  NormBackward<Map> &what = tasks.what = {};
  what.mask = !norm.rectified ? NormMask::kNone : recomputes ? NormMask::kRecomputed : NormMask::kOutput;
  what.gradient = of.gradient;
  what.addend = of.addend;
  what.input = norm.input;
  what.output = of.output;
  what.mean = means.data();
  what.factor = factors.data();
  what.offset = offsets.data();
  what.masked = gradients.masked;
  tasks.sums = sums.data();
  tasks.products = products.data();
  RunOnAllCores(cut.Tasks(), &tasks);

  std::vector<double> sum(cut.channels), product(cut.channels);
  ForPlaces(cut, [&](int, long at, long channel) {
    sum[channel] += sums[at];
    product[channel] += products[at];
  });
  for (long channel = 0; channel < cut.channels; channel++) {
    gradients.offset[channel] = static_cast<float>(sum[channel]);
    gradients.scale[channel] = static_cast<float>(product[channel] * inverse(channel));
  }
  const Floats centres = cut.Repeated([&](long channel) { return sum[channel] / cut.rows; });
  const Floats slopes = cut.Repeated([&](long channel) { return product[channel] / cut.rows * inverse(channel) * inverse(channel); });
  what.centre = centres.data();
  what.slope = slopes.data();
  what.input_gradient = gradients.input;
  tasks.sums = nullptr;
  RunOnAllCores(cut.Tasks(), &tasks);
}

template void Normalise(const BatchNorm<float> &, const float *, const float *, const float *, float *);
template void Normalise(const BatchNorm<Bfloat16> &, const float *, const float *, const Bfloat16 *, Bfloat16 *);
template void NormaliseBatch(const BatchNorm<float> &, const float *, float *, float *, float *);
template void NormaliseBatch(const BatchNorm<Bfloat16> &, const Bfloat16 *, Bfloat16 *, float *, float *);
template void BatchGradient(const BatchNorm<float> &, const OutputGradient<float> &, const BatchNormGradients<float> &);
template void BatchGradient(const BatchNorm<Bfloat16> &, const OutputGradient<Bfloat16> &, const BatchNormGradients<Bfloat16> &);

}  // namespace transferkit
