#include "descent_kernels.h"

#include <cmath>
#include <vector>

#include "descent.h"
#include "kernel_call.h"
#include "operation.h"

namespace transferkit {

namespace {

constexpr char kUnfit[] = "An optimiser of Transferkit was given inputs whose shapes do not fit.";

// The step's result, which may take the place of the gradient where nothing else needs that: to be asked for before the gradient is read.
float *NextParameter(Call &call, const std::vector<int64_t> &shape) { return call.OutputInPlaceOf(1, 0, shape.data(), static_cast<int>(shape.size())); }

long CountOf(const std::vector<int64_t> &shape) {
  long count = 1;
  for (const int64_t size : shape) count *= size;
  return count;
}

struct SgdSettings {
  float weight_decay, momentum, decoupled_weight_decay;
  bool nesterov;
  explicit SgdSettings(Attributes &attributes)
      : weight_decay(attributes.Number("weight_decay")),
        momentum(attributes.Number("momentum")),
        decoupled_weight_decay(attributes.Number("decoupled_weight_decay")),
        nesterov(attributes.Flag("nesterov")) {}
};

void SgdStep(void *settings, TF_OpKernelContext *context) {
  const SgdSettings &with = *static_cast<const SgdSettings *>(settings);
  Call call(context);
  TF_Status *const status = call.status();
  const Input parameter(context, 0, status);
  const std::vector<int64_t> shape = parameter.shape();
  Sgd what = {};
  what.next_parameter = NextParameter(call, shape);
  const Input gradient(context, 1, status), velocity(context, 2, status), rate(context, 3, status);
  const bool moves = with.momentum != 0;
  if (gradient.shape() != shape || (moves && velocity.shape() != shape) || rate.axes() != 0) {
    call.Refuse(kUnfit);
    return;
  }
  what.next_velocity = moves ? call.Output(1, shape.data(), parameter.axes()) : call.Output(1, {0});
  if (!call.IsOk()) return;
  what.count = CountOf(shape);
  what.parameter = parameter.data();
  what.gradient = gradient.data();
  what.velocity = moves ? velocity.data() : nullptr;
  what.rate = *rate.data();
  what.weight_decay = with.weight_decay;
  what.momentum = with.momentum;
  what.decoupled_weight_decay = with.decoupled_weight_decay;
  what.nesterov = with.nesterov;
  RunSgd(what);
}

struct AdamSettings {
  float weight_decay, decoupled_weight_decay, epsilon, first_decay, first_share, first_logarithm, second_decay, second_share, second_logarithm;
  explicit AdamSettings(Attributes &attributes)
      : weight_decay(attributes.Number("weight_decay")),
        decoupled_weight_decay(attributes.Number("decoupled_weight_decay")),
        epsilon(attributes.Number("epsilon")),
        first_decay(attributes.Number("first_decay")),
        first_share(attributes.Number("first_share")),
        first_logarithm(attributes.Number("first_logarithm")),
        second_decay(attributes.Number("second_decay")),
        second_share(attributes.Number("second_share")),
        second_logarithm(attributes.Number("second_logarithm")) {}
};

void AdamStep(void *settings, TF_OpKernelContext *context) {
  const AdamSettings &with = *static_cast<const AdamSettings *>(settings);
  Call call(context);
  TF_Status *const status = call.status();
  const Input parameter(context, 0, status);
  const std::vector<int64_t> shape = parameter.shape();
  Adam what = {};
  what.next_parameter = NextParameter(call, shape);
  const Input gradient(context, 1, status), steps(context, 2, status), first(context, 3, status), second(context, 4, status), rate(context, 5, status);
  if (gradient.shape() != shape || steps.axes() != 0 || first.shape() != shape || second.shape() != shape || rate.axes() != 0) {
    call.Refuse(kUnfit);
    return;
  }
  float *const next_steps = call.Output(1, nullptr, 0);
  what.next_first = call.Output(2, shape.data(), parameter.axes());
  what.next_second = call.Output(3, shape.data(), parameter.axes());
  if (!call.IsOk()) return;
  *next_steps = *steps.data() + 1;
  what.count = CountOf(shape);
  what.parameter = parameter.data();
  what.gradient = gradient.data();
  what.first = first.data();
  what.second = second.data();
  what.rate = *rate.data();
  what.weight_decay = with.weight_decay;
  what.decoupled_weight_decay = with.decoupled_weight_decay;
  what.epsilon = with.epsilon;
  what.first_decay = with.first_decay;
  what.first_share = with.first_share;
  what.second_decay = with.second_decay;
  what.second_share = with.second_share;
  what.first_correction = -std::expm1(*next_steps * with.first_logarithm);
  what.second_correction_root = std::sqrt(-std::expm1(*next_steps * with.second_logarithm));
  RunAdam(what);
}

}  // namespace

bool RegisterDescentKernels() {
  return HasDescent() &&
         RegisterOperation<SgdSettings>({"TransferkitSgd",
                                         {"parameter: float", "gradient: float", "velocity: float", "rate: float"},
                                         {"next_parameter: float", "next_velocity: float"},
                                         {"weight_decay: float", "momentum: float", "decoupled_weight_decay: float", "nesterov: bool"}},
                                        SgdStep) &&
         RegisterOperation<AdamSettings>({"TransferkitAdam",
                                          {"parameter: float", "gradient: float", "steps: float", "first: float", "second: float", "rate: float"},
                                          {"next_parameter: float", "next_steps: float", "next_first: float", "next_second: float"},
                                          {"weight_decay: float", "decoupled_weight_decay: float", "epsilon: float", "first_decay: float", "first_share: float",
                                           "first_logarithm: float", "second_decay: float", "second_share: float", "second_logarithm: float"}},
                                         AdamStep);
}

}  // namespace transferkit
