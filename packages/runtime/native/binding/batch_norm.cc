#include "batch_norm.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "batch_norm_passes.h"
#include "workers.h"

#if defined(__x86_64__)
extern const NormFunctions kNorm_avx512, kNorm_avx2;
#endif

namespace transferkit {

namespace {

// The fastest functions that this processor runs; none where they are not known to be faster than TensorFlow's own.
const NormFunctions *Functions() {
#if defined(__x86_64__)
  static const NormFunctions *const best = __builtin_cpu_supports("avx512f")                                     ? &kNorm_avx512
                                           : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kNorm_avx2
                                                                                                                 : nullptr;
  return best;
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

  Cut(long rows, long channels) : rows(rows), channels(channels), period(std::lcm<long>(channels, 4 * Functions()->lanes)) {
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
class Part {
 public:
  Part(const Cut &cut, int task, const float *activations) : from_(activations) {
    if (activations == nullptr) return;
    from_ += cut.First(task);
    if (!cut.IsRest(task)) return;
    filled_.resize(cut.period);
    std::copy(from_, from_ + cut.Rest(), filled_.begin());
    from_ = filled_.data();
  }
  const float *data() const { return from_; }

 private:
  const float *from_;
  Floats filled_;
};

// As above, for what a task writes.
class WrittenPart {
 public:
  WrittenPart(const Cut &cut, int task, float *activations) : to_(activations) {
    if (activations == nullptr) return;
    to_ += cut.First(task);
    if (!cut.IsRest(task)) return;
    rest_ = cut.Rest();
    filled_.resize(cut.period);
  }
  ~WrittenPart() { std::copy(filled_.begin(), filled_.begin() + rest_, to_); }
  float *data() { return filled_.empty() ? to_ : filled_.data(); }

 private:
  float *to_;
  long rest_ = 0;
  Floats filled_;
};

struct MomentTasks final : Tasks {
  const Cut *cut;
  const float *input;
  float *means, *squares;  // one period a task
  void Run(int task) override {
    if (cut->IsRest(task)) {
      // One row a place: the mean is the row itself.
      std::copy(input + cut->First(task), input + cut->First(task) + cut->Rest(), means + task * cut->period);
      return;
    }
    Functions()->moments(input + cut->First(task), cut->Count(task), cut->period, means + task * cut->period, squares + task * cut->period);
  }
};

struct OutputTasks final : Tasks {
  const Cut *cut;
  NormForward what;
  void Run(int task) override {
    const Part input(*cut, task, what.input), residual(*cut, task, what.residual);
    WrittenPart output(*cut, task, what.output);
    NormForward own = what;
    own.input = input.data();
    own.residual = residual.data();
    own.output = output.data();
    Functions()->normalise(&own, cut->Count(task), cut->period);
  }
};

struct BackwardTasks final : Tasks {
  const Cut *cut;
  NormBackward what;
  float *sums, *products;  // one period a task; null in the second pass
  void Run(int task) override {
    const bool is_first = sums != nullptr;
    // The second pass reads what the first one has masked.
    const bool reads_masked = !is_first && what.mask == NormMask::kOutput;
    const Part gradient(*cut, task, reads_masked ? what.masked : what.gradient), addend(*cut, task, is_first ? what.addend : nullptr), input(*cut, task, what.input),
        output(*cut, task, is_first ? what.output : nullptr);
    WrittenPart masked(*cut, task, is_first ? what.masked : nullptr), input_gradient(*cut, task, is_first ? nullptr : what.input_gradient);
    NormBackward own = what;
    own.gradient = gradient.data();
    own.addend = addend.data();
    own.input = input.data();
    own.output = output.data();
    own.masked = masked.data();
    own.input_gradient = input_gradient.data();
    if (reads_masked) own.mask = NormMask::kNone;
    if (is_first) {
      Functions()->gradient_sums(&own, cut->Count(task), cut->period, sums + task * cut->period, products + task * cut->period);
    } else {
      Functions()->input_gradient(&own, cut->Count(task), cut->period);
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
void BatchMoments(const Cut &cut, const float *input, float *mean, float *variance) {
  Floats means(cut.Tasks() * cut.period), squares(means.size());
  MomentTasks tasks;
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

bool HasBatchNorm() { return Functions() != nullptr; }

void NormaliseBatch(const BatchNorm &norm, const float *residual, float *output, float *mean, float *variance) {
  const Cut cut(norm.rows, norm.channels);
  BatchMoments(cut, norm.input, mean, variance);
  const Floats means = cut.Repeated([&](long channel) { return mean[channel]; });
  const Floats factors = cut.Repeated([&](long channel) { return norm.scale[channel] * InverseDeviation(variance[channel], norm.epsilon); });
  const Floats offsets = cut.Repeated([&](long channel) { return norm.offset[channel]; });
  OutputTasks tasks;
  tasks.cut = &cut;
  tasks.what = {norm.input, means.data(), factors.data(), offsets.data(), residual, norm.rectified, output};
  RunOnAllCores(cut.Tasks(), &tasks);
}

void BatchGradient(const BatchNorm &norm, const OutputGradient &of, const BatchNormGradients &gradients) {
  const Cut cut(norm.rows, norm.channels);
  const auto inverse = [&](long channel) { return InverseDeviation(of.variance[channel], norm.epsilon); };
  const Floats means = cut.Repeated([&](long channel) { return of.mean[channel]; });
  const Floats factors = cut.Repeated([&](long channel) { return norm.scale[channel] * inverse(channel); });
  const bool recomputes = norm.rectified && of.output == nullptr;
  const Floats offsets = cut.Repeated([&](long channel) { return recomputes ? norm.offset[channel] : 0.0f; });
  Floats sums(cut.Tasks() * cut.period), products(sums.size());
  BackwardTasks tasks;
  tasks.cut = &cut;
  NormBackward &what = tasks.what = {};
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

}  // namespace transferkit
