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

// What the attributes say of a step.
struct SgdSettings {
  Sgd step = {};
  explicit SgdSettings(Attributes &attributes) {
    step.weight_decay = attributes.Number("weight_decay");
    step.momentum = attributes.Number("momentum");
    step.decoupled_weight_decay = attributes.Number("decoupled_weight_decay");
    step.nesterov = attributes.Flag("nesterov");
  }
};

void SgdStep(void *settings, TF_OpKernelContext *context) {
  Call call(context);
  TF_Status *const status = call.status();
  const Input parameter(context, 0, status);
  const std::vector<int64_t> shape = parameter.shape();
  Sgd what = static_cast<const SgdSettings *>(settings)->step;
  what.next_parameter = NextParameter(call, shape);
  const Input gradient(context, 1, status), velocity(context, 2, status), rate(context, 3, status);
  const bool moves = what.momentum != 0;
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
  RunSgd(what);
}

struct AdamSettings {
  Adam step = {};
  float first_logarithm, second_logarithm;
  explicit AdamSettings(Attributes &attributes) : first_logarithm(attributes.Number("first_logarithm")), second_logarithm(attributes.Number("second_logarithm")) {
    step.weight_decay = attributes.Number("weight_decay");
    step.decoupled_weight_decay = attributes.Number("decoupled_weight_decay");
    step.epsilon = attributes.Number("epsilon");
    step.first_decay = attributes.Number("first_decay");
    step.first_share = attributes.Number("first_share");
    step.second_decay = attributes.Number("second_decay");
    step.second_share = attributes.Number("second_share");
  }
};

void AdamStep(void *settings, TF_OpKernelContext *context) {
  const AdamSettings &with = *static_cast<const AdamSettings *>(settings);
  Call call(context);
  TF_Status *const status = call.status();
  const Input parameter(context, 0, status);
  const std::vector<int64_t> shape = parameter.shape();
  Adam what = with.step;
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
