#include "descent.h"

#include "workers.h"

// Compiled for the instructions that every x64 processor has: memory is what these passes wait for, and there is none among them that joins a product and a
// sum in one rounding.
#if defined(__x86_64__)
#include <xmmintrin.h>

#include <algorithm>

namespace transferkit {

namespace {

constexpr int kLanes = 4;

typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float)), may_alias));

inline Lanes SquareRoot(Lanes x) { return _mm_sqrt_ps(x); }
inline float SquareRoot(float x) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))); }

// Numbers of a task: those of most parameters are one task, which costs nothing to hand out.
constexpr long kNumbers = 1 << 16;

// Calls `body.At(at, zero)` for all places, where the zero says of which type the values are that begin there.
template <typename Body>
struct PassTasks final : Tasks {
  explicit PassTasks(const Body &given) : body(given) {}

  const Body body;

  void Run(int task) override {
    long at = task * kNumbers;
    const long end = std::min(body.what.count, at + kNumbers);
    for (; at + kLanes <= end; at += kLanes) body.At(at, Lanes{});
    for (; at < end; at++) body.At(at, 0.0f);
  }
};

template <typename Value>
inline Value Load(const float *from, long at, Value) {
  return *reinterpret_cast<const Value *>(from + at);
}

template <typename Value>
inline void Store(float *to, long at, Value value) {
  *reinterpret_cast<Value *>(to + at) = value;
}

struct SgdBody {
  const Sgd &what;

  template <typename Value>
  void At(long at, Value zero) const {
    const Value parameter = Load(what.parameter, at, zero);
    Value update = Load(what.gradient, at, zero);
    if (what.weight_decay != 0) update = update + parameter * what.weight_decay;
    if (what.velocity != nullptr) {
      const Value velocity = Load(what.velocity, at, zero) * what.momentum + update;
      update = what.nesterov ? update + velocity * what.momentum : velocity;
      Store(what.next_velocity, at, velocity);
    }
    if (what.decoupled_weight_decay != 0) update = update + parameter * what.decoupled_weight_decay;
    Store(what.next_parameter, at, parameter - update * what.rate);
  }
};

struct AdamBody {
  const Adam &what;

  template <typename Value>
  void At(long at, Value zero) const {
    const Value parameter = Load(what.parameter, at, zero);
    Value gradient = Load(what.gradient, at, zero);
    if (what.weight_decay != 0) gradient = gradient + parameter * what.weight_decay;
    const Value first = Load(what.first, at, zero) * what.first_decay + gradient * what.first_share;
    const Value second = Load(what.second, at, zero) * what.second_decay + gradient * gradient * what.second_share;
    Value update = first / what.first_correction / (SquareRoot(second) / what.second_correction_root + what.epsilon);
    if (what.decoupled_weight_decay != 0) update = update + parameter * what.decoupled_weight_decay;
    Store(what.next_first, at, first);
    Store(what.next_second, at, second);
    Store(what.next_parameter, at, parameter - update * what.rate);
  }
};

template <typename Body>
void RunPass(Body body) {
  PassTasks<Body> tasks(body);
  RunOnAllCores(static_cast<int>((body.what.count + kNumbers - 1) / kNumbers), &tasks);
}

}  // namespace

bool HasDescent() { return true; }

void RunSgd(const Sgd &what) { RunPass(SgdBody{what}); }

void RunAdam(const Adam &what) { RunPass(AdamBody{what}); }

}  // namespace transferkit

#else

namespace transferkit {

bool HasDescent() { return false; }

void RunSgd(const Sgd &) {}

void RunAdam(const Adam &) {}

}  // namespace transferkit

#endif
