#include "recurrent_kernels.h"

#include <initializer_list>

#include "kernel_call.h"
#include "operation.h"
#include "recurrent.h"

namespace transferkit {

namespace {

struct Settings {
  bool reverse, keep_gates;
  explicit Settings(Attributes &attributes) : reverse(attributes.Flag("reverse")), keep_gates(attributes.Flag("keep_gates")) {}
};

constexpr char kUnfit[] = "A recurrent operation of Transferkit was given inputs whose shapes do not fit.";

// Memory of an input that may be left out, which is an empty list then.
const float *Optional(const Input &input) { return input.axes() == 1 ? nullptr : input.data(); }

// Sizes of a sequence by those of its mask and of a state.
RecurrentSizes SizesOf(const Input &mask, const Input &state, const void *settings) {
  const bool fits = mask.axes() == 2 && state.axes() == 2;
  return {fits ? mask.size(0) : -1, fits ? mask.size(1) : -1, fits ? state.size(1) : -1, static_cast<const Settings *>(settings)->reverse};
}

void Lstm(void *settings, TF_OpKernelContext *context) {
  Call call(context);
  TF_Status *const status = call.status();
  const Input projected(context, 0, status), weights(context, 1, status), mask(context, 2, status), hidden(context, 3, status), cell(context, 4, status);
  const RecurrentSizes sizes = SizesOf(mask, hidden, settings);
  const auto [batch, steps, units, reverse] = sizes;
  if (batch < 0 || !projected.Is({batch, steps, 4 * units}) || !weights.Is({units, 4 * units}) || !hidden.Is({batch, units}) || !cell.Is({batch, units})) {
    call.Refuse(kUnfit);
    return;
  }
  RecurrentForward what = {};
  what.sizes = sizes;
  what.projected = projected.data();
  what.mask = mask.data();
  what.initial_hidden = hidden.data();
  what.initial_cell = cell.data();
  what.hidden = call.Output(0, {batch, steps, units});
  what.cell = call.Output(1, {batch, steps, units});
  what.gates = call.Output(2, {batch, steps, static_cast<const Settings *>(settings)->keep_gates ? 4 * units : 0});
  if (call.IsOk()) RunRecurrent(RecurrentCell::kLstm, weights.data(), what);
}

void Gru(void *settings, TF_OpKernelContext *context) {
  Call call(context);
  TF_Status *const status = call.status();
  const Input projected(context, 0, status), weights(context, 1, status), bias(context, 2, status), mask(context, 3, status), hidden(context, 4, status);
  const RecurrentSizes sizes = SizesOf(mask, hidden, settings);
  const auto [batch, steps, units, reverse] = sizes;
  if (batch < 0 || !projected.Is({batch, steps, 3 * units}) || !weights.Is({units, 3 * units}) || !bias.Is({3 * units}) || !hidden.Is({batch, units})) {
    call.Refuse(kUnfit);
    return;
  }
  RecurrentForward what = {};
  what.sizes = sizes;
  what.projected = projected.data();
  what.bias = bias.data();
  what.mask = mask.data();
  what.initial_hidden = hidden.data();
  what.hidden = call.Output(0, {batch, steps, units});
  what.gates = call.Output(1, {batch, steps, static_cast<const Settings *>(settings)->keep_gates ? 4 * units : 0});
  if (call.IsOk()) RunRecurrent(RecurrentCell::kGru, weights.data(), what);
}

void LstmGradient(void *settings, TF_OpKernelContext *context) {
  Call call(context);
  TF_Status *const status = call.status();
  const Input gradient(context, 0, status), cell_gradient(context, 1, status), weights(context, 2, status), mask(context, 3, status);
  const Input initial_hidden(context, 4, status), initial_cell(context, 5, status), hidden(context, 6, status), cell(context, 7, status), gates(context, 8, status);
  const RecurrentSizes sizes = SizesOf(mask, initial_hidden, settings);
  const auto [batch, steps, units, reverse] = sizes;
  if (batch < 0 || !gradient.Is({batch, steps, units}) || !(cell_gradient.Is({0}) || cell_gradient.Is({batch, steps, units})) || !weights.Is({units, 4 * units}) ||
      !initial_hidden.Is({batch, units}) || !initial_cell.Is({batch, units}) || !hidden.Is({batch, steps, units}) || !cell.Is({batch, steps, units}) ||
      !gates.Is({batch, steps, 4 * units})) {
    call.Refuse(kUnfit);
    return;
  }
  RecurrentBackward what = {};
  what.sizes = sizes;
  what.hidden_gradient = gradient.data();
  what.cell_gradient = Optional(cell_gradient);
  what.mask = mask.data();
  what.initial_hidden = initial_hidden.data();
  what.initial_cell = initial_cell.data();
  what.hidden = hidden.data();
  what.cell = cell.data();
  what.gates = gates.data();
  what.projected_gradient = call.Output(0, {batch, steps, 4 * units});
  what.initial_hidden_gradient = call.Output(1, {batch, units});
  what.initial_cell_gradient = call.Output(2, {batch, units});
  what.previous = call.Output(3, {batch, steps, units});
  if (call.IsOk()) RunRecurrentGradient(RecurrentCell::kLstm, weights.data(), what);
}

void GruGradient(void *settings, TF_OpKernelContext *context) {
  Call call(context);
  TF_Status *const status = call.status();
  const Input gradient(context, 0, status), weights(context, 1, status), mask(context, 2, status), initial(context, 3, status), hidden(context, 4, status);
  const Input gates(context, 5, status);
  const RecurrentSizes sizes = SizesOf(mask, initial, settings);
  const auto [batch, steps, units, reverse] = sizes;
  if (batch < 0 || !gradient.Is({batch, steps, units}) || !weights.Is({units, 3 * units}) || !initial.Is({batch, units}) || !hidden.Is({batch, steps, units}) ||
      !gates.Is({batch, steps, 4 * units})) {
    call.Refuse(kUnfit);
    return;
  }
  RecurrentBackward what = {};
  what.sizes = sizes;
  what.hidden_gradient = gradient.data();
  what.mask = mask.data();
  what.initial_hidden = initial.data();
  what.hidden = hidden.data();
  what.gates = gates.data();
  what.projected_gradient = call.Output(0, {batch, steps, 3 * units});
  what.recurrent_gradient = call.Output(1, {batch, steps, 3 * units});
  what.initial_hidden_gradient = call.Output(2, {batch, units});
  what.previous = call.Output(3, {batch, steps, units});
  if (call.IsOk()) RunRecurrentGradient(RecurrentCell::kGru, weights.data(), what);
}

// What both operations on an LSTM that is mixed with a source are given, from input `index` on.
struct TransferInputs {
  TransferInputs(TF_OpKernelContext *context, int index, TF_Status *status)
      : weights(context, index, status), gate_weights(context, index + 1, status), source(context, index + 2, status), candidate(context, index + 3, status),
        mask(context, index + 4, status), hidden(context, index + 5, status), cell(context, index + 6, status) {}
  // With two branches, the candidate is that of the second one and not given.
  int branches() const { return candidate.axes() == 1 ? 2 : 1; }
  bool Fits(const RecurrentSizes &sizes) const {
    const auto [batch, steps, units, reverse] = sizes;
    return batch >= 0 && weights.Is({units, branches() * 4 * units}) && gate_weights.Is({units, 2 * units}) && source.Is({batch, steps, units}) &&
           (candidate.Is({0}) || candidate.Is({batch, steps, units})) && hidden.Is({batch, units}) && cell.Is({batch, branches() * units});
  }
  TransferGiven Given(const RecurrentSizes &sizes) const { return {sizes, branches(), source.data(), Optional(candidate), mask.data(), hidden.data(), cell.data()}; }
  const Input weights, gate_weights, source, candidate, mask, hidden, cell;
};

void Transfer(void *settings, TF_OpKernelContext *context) {
  Call call(context);
  const Input projected(context, 0, call.status()), gate_projected(context, 1, call.status());
  const TransferInputs inputs(context, 2, call.status());
  const RecurrentSizes sizes = SizesOf(inputs.mask, inputs.hidden, settings);
  const auto [batch, steps, units, reverse] = sizes;
  const int branches = inputs.branches();
  if (!inputs.Fits(sizes) || !projected.Is({batch, steps, branches * 4 * units}) || !gate_projected.Is({batch, steps, 2 * units})) {
    call.Refuse(kUnfit);
    return;
  }
  TransferForward what = {inputs.Given(sizes)};
  what.projected = projected.data();
  what.gate_projected = gate_projected.data();
  what.hidden = call.Output(0, {batch, steps, units});
  what.cell = call.Output(1, {batch, steps, branches * units});
  what.openings = call.Output(2, {batch, steps, 2 * units});
  what.gates = call.Output(3, {batch, steps, static_cast<const Settings *>(settings)->keep_gates ? branches * 4 * units : 0});
  if (call.IsOk()) RunTransfer(inputs.weights.data(), inputs.gate_weights.data(), what);
}

void TransferGradient(void *settings, TF_OpKernelContext *context) {
  Call call(context);
  TF_Status *const status = call.status();
  const Input gradient(context, 0, status);
  const TransferInputs inputs(context, 1, status);
  const Input hidden(context, 8, status), cell(context, 9, status), openings(context, 10, status), gates(context, 11, status);
  const RecurrentSizes sizes = SizesOf(inputs.mask, inputs.hidden, settings);
  const auto [batch, steps, units, reverse] = sizes;
  const int branches = inputs.branches();
  if (!inputs.Fits(sizes) || !gradient.Is({batch, steps, units}) || !hidden.Is({batch, steps, units}) || !cell.Is({batch, steps, branches * units}) ||
      !openings.Is({batch, steps, 2 * units}) || !gates.Is({batch, steps, branches * 4 * units})) {
    call.Refuse(kUnfit);
    return;
  }
  TransferBackward what = {inputs.Given(sizes)};
  what.hidden_gradient = gradient.data();
  what.hidden = hidden.data();
  what.cell = cell.data();
  what.openings = openings.data();
  what.gates = gates.data();
  what.projected_gradient = call.Output(0, {batch, steps, branches * 4 * units});
  what.gate_gradient = call.Output(1, {batch, steps, 2 * units});
  what.source_gradient = call.Output(2, {batch, steps, units});
  what.candidate_gradient = call.Output(3, {batch, steps, branches == 1 ? units : 0});
  what.initial_hidden_gradient = call.Output(4, {batch, units});
  what.initial_cell_gradient = call.Output(5, {batch, branches * units});
  what.previous = call.Output(6, {batch, steps, units});
  what.target = call.Output(7, {batch, steps, units});
  if (call.IsOk()) RunTransferGradient(inputs.weights.data(), inputs.gate_weights.data(), what);
}

void LstmStep(void *, TF_OpKernelContext *context) {
  Call call(context);
  const Input gates(context, 0, call.status()), cell(context, 1, call.status());
  const int64_t rows = cell.axes() == 2 ? cell.size(0) : -1, units = rows < 0 ? -1 : cell.size(1);
  if (rows < 0 || !gates.Is({rows, 4 * units})) {
    call.Refuse(kUnfit);
    return;
  }
  float *const hidden = call.Output(0, {rows, units}), *const next = call.Output(1, {rows, units});
  if (call.IsOk()) Recurrent().lstm_step(gates.data(), cell.data(), rows, units, hidden, next);
}

void LstmStepGradient(void *, TF_OpKernelContext *context) {
  Call call(context);
  TF_Status *const status = call.status();
  const Input hidden_gradient(context, 0, status), cell_gradient(context, 1, status), gates(context, 2, status), cell(context, 3, status);
  const int64_t rows = cell.axes() == 2 ? cell.size(0) : -1, units = rows < 0 ? -1 : cell.size(1);
  const auto fits = [&](const Input &gradient) { return gradient.Is({0}) || gradient.Is({rows, units}); };
  if (rows < 0 || !gates.Is({rows, 4 * units}) || !fits(hidden_gradient) || !fits(cell_gradient)) {
    call.Refuse(kUnfit);
    return;
  }
  float *const gates_gradient = call.Output(0, {rows, 4 * units}), *const previous = call.Output(1, {rows, units});
  if (call.IsOk()) Recurrent().lstm_step_gradient(Optional(hidden_gradient), Optional(cell_gradient), gates.data(), cell.data(), rows, units, gates_gradient, previous);
}

void GruStep(void *, TF_OpKernelContext *context) {
  Call call(context);
  TF_Status *const status = call.status();
  const Input projected(context, 0, status), recurrent(context, 1, status), hidden(context, 2, status);
  const int64_t rows = hidden.axes() == 2 ? hidden.size(0) : -1, units = rows < 0 ? -1 : hidden.size(1);
  if (rows < 0 || !projected.Is({rows, 3 * units}) || !recurrent.Is({rows, 3 * units})) {
    call.Refuse(kUnfit);
    return;
  }
  float *const next = call.Output(0, {rows, units});
  if (call.IsOk()) Recurrent().gru_step(projected.data(), recurrent.data(), hidden.data(), rows, units, next);
}

void GruStepGradient(void *, TF_OpKernelContext *context) {
  Call call(context);
  TF_Status *const status = call.status();
  const Input gradient(context, 0, status), projected(context, 1, status), recurrent(context, 2, status), hidden(context, 3, status);
  const int64_t rows = hidden.axes() == 2 ? hidden.size(0) : -1, units = rows < 0 ? -1 : hidden.size(1);
  if (rows < 0 || !gradient.Is({rows, units}) || !projected.Is({rows, 3 * units}) || !recurrent.Is({rows, 3 * units})) {
    call.Refuse(kUnfit);
    return;
  }
  float *const projected_gradient = call.Output(0, {rows, 3 * units}), *const recurrent_gradient = call.Output(1, {rows, 3 * units});
  float *const hidden_gradient = call.Output(2, {rows, units});
  if (call.IsOk()) {
    Recurrent().gru_step_gradient(gradient.data(), projected.data(), recurrent.data(), hidden.data(), rows, units, projected_gradient, recurrent_gradient, hidden_gradient);
  }
}

// Registers an operation on floats, and its kernel.
bool Register(const char *name, std::initializer_list<const char *> inputs, std::initializer_list<const char *> outputs, Compute *compute) {
  return RegisterOperation<Settings>({name, inputs, outputs, {"reverse: bool = false", "keep_gates: bool = false"}}, compute);
}

bool RegisterAll() {
  return Register("TransferkitLstm", {"projected: float", "weights: float", "mask: float", "initial_hidden: float", "initial_cell: float"},
                  {"hidden: float", "cell: float", "gates: float"}, Lstm) &&
         Register("TransferkitGru", {"projected: float", "weights: float", "bias: float", "mask: float", "initial_hidden: float"}, {"hidden: float", "gates: float"}, Gru) &&
         Register("TransferkitLstmGradient",
                  {"hidden_gradient: float", "cell_gradient: float", "weights: float", "mask: float", "initial_hidden: float", "initial_cell: float", "hidden: float",
                   "cell: float", "gates: float"},
                  {"projected_gradient: float", "initial_hidden_gradient: float", "initial_cell_gradient: float", "previous: float"}, LstmGradient) &&
         Register("TransferkitGruGradient",
                  {"hidden_gradient: float", "weights: float", "mask: float", "initial_hidden: float", "hidden: float", "gates: float"},
                  {"projected_gradient: float", "recurrent_gradient: float", "initial_hidden_gradient: float", "previous: float"}, GruGradient) &&
         Register("TransferkitTransferLstm",
                  {"projected: float", "gate_projected: float", "weights: float", "gate_weights: float", "source: float", "candidate: float", "mask: float",
                   "initial_hidden: float", "initial_cell: float"},
                  {"hidden: float", "cell: float", "openings: float", "gates: float"}, Transfer) &&
         Register("TransferkitTransferLstmGradient",
                  {"gradient: float", "weights: float", "gate_weights: float", "source: float", "candidate: float", "mask: float", "initial_hidden: float",
                   "initial_cell: float", "hidden: float", "cell: float", "openings: float", "gates: float"},
                  {"projected_gradient: float", "gate_gradient: float", "source_gradient: float", "candidate_gradient: float", "initial_hidden_gradient: float",
                   "initial_cell_gradient: float", "previous: float", "target: float"},
                  TransferGradient) &&
         Register("TransferkitLstmStep", {"gates: float", "cell: float"}, {"hidden: float", "next: float"}, LstmStep) &&
         Register("TransferkitLstmStepGradient", {"hidden_gradient: float", "cell_gradient: float", "gates: float", "cell: float"},
                  {"gates_gradient: float", "previous_gradient: float"}, LstmStepGradient) &&
         Register("TransferkitGruStep", {"projected: float", "recurrent: float", "hidden: float"}, {"next: float"}, GruStep) &&
         Register("TransferkitGruStepGradient", {"gradient: float", "projected: float", "recurrent: float", "hidden: float"},
                  {"projected_gradient: float", "recurrent_gradient: float", "hidden_gradient: float"}, GruStepGradient);
}

}  // namespace

bool RegisterRecurrentKernels() { return HasRecurrent() && RegisterAll(); }

}  // namespace transferkit
