#include "recurrent_kernels.h"

#include <initializer_list>

#include "kernel_call.h"
#include "recurrent.h"
#include "tensorflow/c/ops.h"

namespace transferkit {

namespace {

// Attributes of an operation.
struct Settings {
  bool reverse, keep_gates;
};

void *Create(TF_OpKernelConstruction *construction) {
  TF_Status *const status = TF_NewStatus();
  TF_Bool reverse = 0, keep_gates = 0;
  TF_OpKernelConstruction_GetAttrBool(construction, "reverse", &reverse, status);
  if (TF_GetCode(status) == TF_OK) TF_OpKernelConstruction_GetAttrBool(construction, "keep_gates", &keep_gates, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return new Settings{reverse != 0, keep_gates != 0};
}

void Delete(void *settings) { delete static_cast<Settings *>(settings); }

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

void InferShape(TF_ShapeInferenceContext *context, TF_Status *status) { TF_ShapeInferenceContextSetUnknownShape(context, status); }

typedef void Compute(void *settings, TF_OpKernelContext *context);

// Registers an operation on floats, and its kernel.
bool Register(const char *name, std::initializer_list<const char *> inputs, std::initializer_list<const char *> outputs, Compute *compute) {
  TF_Status *const status = TF_NewStatus();
  TF_OpDefinitionBuilder *const definition = TF_NewOpDefinitionBuilder(name);
  for (const char *input : inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char *output : outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  TF_OpDefinitionBuilderAddAttr(definition, "reverse: bool = false");
  TF_OpDefinitionBuilderAddAttr(definition, "keep_gates: bool = false");
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, InferShape);
  TF_RegisterOpDefinition(definition, status);
  if (TF_GetCode(status) == TF_OK) TF_RegisterKernelBuilder(name, TF_NewKernelBuilder(name, "CPU", Create, compute, Delete), status);
  const bool done = TF_GetCode(status) == TF_OK;
  TF_DeleteStatus(status);
  return done;
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
