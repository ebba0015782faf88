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
  void (*pack)(const float *weights, long hidden, long columns, int vectors, long first, long last, float *packed);
  const float *weights;
  long hidden, columns;
  int vectors;
  float *packed;
  void Run(int task) override { pack(weights, hidden, columns, vectors, task, task + 1, packed); }
};

typedef std::unique_ptr<float[]> Floats;

// The first `vectors` gates of weights [hidden, columns], for the products of the steps; or transposed all of them, in panels of
// so many vectors, for those of the gradient.
Floats Packed(const float *weights, long hidden, long columns, int vectors, bool transposed) {
  const long panels = Panels(hidden, transposed ? vectors : 1), rows = transposed ? columns : hidden;
  Floats packed(new float[panels * rows * vectors * Functions()->lanes]);
  PackTasks tasks;
  tasks.pack = transposed ? Functions()->pack_transposed : Functions()->pack;
  tasks.weights = weights;
  tasks.hidden = hidden;
  tasks.columns = columns;
  tasks.vectors = vectors;
  tasks.packed = packed.get();
  RunOnAllCores(static_cast<int>(panels), &tasks);
  return packed;
}

// Examples do not depend on each other, so each core runs all steps of its own: nobody waits within the sequence.
template <typename Body>
struct ExampleTasks final : Tasks {
  long batch, per_task;
  const Body *run;
  void Run(int task) override { (*run)(task * per_task, std::min(batch, (task + 1) * per_task)); }
};

// Calls `run(first, last)` for shares of the examples.
template <typename Body>
void ShareExamples(long batch, const Body &run) {
  ExampleTasks<Body> tasks;
  tasks.batch = batch;
  tasks.per_task = std::max<long>(Functions()->rows, (batch + Cores() - 1) / Cores());
  tasks.run = &run;
  RunOnAllCores(static_cast<int>((batch + tasks.per_task - 1) / tasks.per_task), &tasks);
}

// The same, with memory of so many rows of the hidden state an example, rounded up to whole panels of so many vectors.
template <typename Body>
void ShareExamples(const RecurrentSizes &sizes, int rows, int vectors, const Body &run) {
  const long width = rows * Panels(sizes.hidden, vectors) * vectors * Functions()->lanes;
  ShareExamples(sizes.batch, [&](long first, long last) {
    const Floats scratch(new float[(last - first) * width]);
    run(first, last, scratch.get());
  });
}

}  // namespace

bool HasRecurrent() { return Functions() != nullptr; }

const RecurrentFunctions &Recurrent() { return *Functions(); }

void RunRecurrent(RecurrentCell cell, const float *weights, RecurrentForward what) {
  const int gates = GatesOf(cell);
  const Floats packed = Packed(weights, what.sizes.hidden, gates * what.sizes.hidden, gates, false);
  what.packed = packed.get();
  const auto run = cell == RecurrentCell::kLstm ? Functions()->lstm : Functions()->gru;
  ShareExamples(what.sizes.batch, [&](long first, long last) { run(&what, first, last); });
}

void RunRecurrentGradient(RecurrentCell cell, const float *weights, RecurrentBackward what) {
  const int gates = GatesOf(cell);
  const Floats packed = Packed(weights, what.sizes.hidden, gates * what.sizes.hidden, gates, true);
  what.packed = packed.get();
  const auto run = cell == RecurrentCell::kLstm ? Functions()->lstm_gradient : Functions()->gru_gradient;
  ShareExamples(what.sizes, 2, gates, [&](long first, long last, float *scratch) { run(&what, first, last, scratch); });
}

void RunTransfer(const float *weights, const float *gate_weights, TransferForward what) {
  const long hidden = what.sizes.hidden;
  Floats packed[2];
  for (int branch = 0; branch < what.branches; branch++) {
    packed[branch] = Packed(weights + branch * 4 * hidden, hidden, what.branches * 4 * hidden, 4, false);
    what.packed[branch] = packed[branch].get();
  }
  const Floats packed_gates = Packed(gate_weights, hidden, 2 * hidden, 2, false);
  what.packed_gates = packed_gates.get();
  ShareExamples(what.sizes, what.branches, 1, [&](long first, long last, float *scratch) { Functions()->transfer_lstm(&what, first, last, scratch); });
}

void RunTransferGradient(const float *weights, const float *gate_weights, TransferBackward what) {
  const long hidden = what.sizes.hidden;
  const Floats packed = Packed(weights, hidden, what.branches * 4 * hidden, 4, true), packed_gates = Packed(gate_weights, hidden, 2 * hidden, 4, true);
  what.packed = packed.get();
  what.packed_gates = packed_gates.get();
  ShareExamples(what.sizes, 3 + what.branches, 4, [&](long first, long last, float *scratch) { Functions()->transfer_lstm_gradient(&what, first, last, scratch); });
}

}  // namespace transferkit
