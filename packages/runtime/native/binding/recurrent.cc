#include "recurrent.h"

#include <algorithm>
#include <memory>

#include "workers.h"

#if defined(__x86_64__)
extern const RecurrentFunctions kRecurrent_avx512, kRecurrent_avx2;
#endif

namespace transferkit {

namespace {

// The fastest functions that this processor runs; none where they are not known to be faster than TensorFlow's own.
const RecurrentFunctions *Functions() {
#if defined(__x86_64__)
  static const RecurrentFunctions *const best = __builtin_cpu_supports("avx512f")                                     ? &kRecurrent_avx512
                                                : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kRecurrent_avx2
                                                                                                                      : nullptr;
  return best;
#else
  return nullptr;
#endif
}

int GatesOf(RecurrentCell cell) { return cell == RecurrentCell::kLstm ? 4 : 3; }

// Panels of so many vectors that hold all units.
long Panels(long hidden, int vectors) { return (hidden + vectors * Functions()->lanes - 1) / (vectors * Functions()->lanes); }

struct PackTasks final : Tasks {
  const float *weights;
  long hidden;
  int gates;
  bool transposed;
  float *packed;
  void Run(int task) override { (transposed ? Functions()->pack_transposed : Functions()->pack)(weights, hidden, gates, task, task + 1, packed); }
};

std::unique_ptr<float[]> Packed(const float *weights, long hidden, int gates, bool transposed) {
  const long panels = Panels(hidden, transposed ? gates : 1);
  const long rows = transposed ? gates * hidden : hidden;
  std::unique_ptr<float[]> packed(new float[panels * rows * gates * Functions()->lanes]);
  PackTasks tasks;
  tasks.weights = weights;
  tasks.hidden = hidden;
  tasks.gates = gates;
  tasks.transposed = transposed;
  tasks.packed = packed.get();
  RunOnAllCores(static_cast<int>(panels), &tasks);
  return packed;
}

// Examples do not depend on each other, so each core runs all steps of its own: nobody waits within the sequence.
struct ExampleTasks : Tasks {
  long batch;
  long PerTask() const { return std::max<long>(Functions()->rows, (batch + Cores() - 1) / Cores()); }
  int Count() const { return static_cast<int>((batch + PerTask() - 1) / PerTask()); }
  void Run(int task) override { RunExamples(task * PerTask(), std::min(batch, (task + 1) * PerTask())); }
  virtual void RunExamples(long first, long last) = 0;

 protected:
  ~ExampleTasks() = default;
};

struct ForwardTasks final : ExampleTasks {
  RecurrentCell cell;
  RecurrentForward what;
  void RunExamples(long first, long last) override { (cell == RecurrentCell::kLstm ? Functions()->lstm : Functions()->gru)(&what, first, last); }
};

struct BackwardTasks final : ExampleTasks {
  RecurrentCell cell;
  RecurrentBackward what;
  void RunExamples(long first, long last) override {
    const int gates = GatesOf(cell);
    const long width = Panels(what.sizes.hidden, gates) * gates * Functions()->lanes;
    const std::unique_ptr<float[]> scratch(new float[2 * (last - first) * width]);
    (cell == RecurrentCell::kLstm ? Functions()->lstm_gradient : Functions()->gru_gradient)(&what, first, last, scratch.get());
  }
};

}  // namespace

bool HasRecurrent() { return Functions() != nullptr; }

const RecurrentFunctions &Recurrent() { return *Functions(); }

void RunRecurrent(RecurrentCell cell, const float *weights, RecurrentForward what) {
  const std::unique_ptr<float[]> packed = Packed(weights, what.sizes.hidden, GatesOf(cell), false);
  what.packed = packed.get();
  ForwardTasks tasks;
  tasks.batch = what.sizes.batch;
  tasks.cell = cell;
  tasks.what = what;
  RunOnAllCores(tasks.Count(), &tasks);
}

void RunRecurrentGradient(RecurrentCell cell, const float *weights, RecurrentBackward what) {
  const std::unique_ptr<float[]> packed = Packed(weights, what.sizes.hidden, GatesOf(cell), true);
  what.packed = packed.get();
  BackwardTasks tasks;
  tasks.batch = what.sizes.batch;
  tasks.cell = cell;
  tasks.what = what;
  RunOnAllCores(tasks.Count(), &tasks);
}

}  // namespace transferkit
