#ifndef TRANSFERKIT_GRAPH_FUNCTION_H_
#define TRANSFERKIT_GRAPH_FUNCTION_H_

// `defineFunction(graphDefinition, name, inputs, outputs)` and `removeFunction(name)`: a defined function is run like
// any operation, by its name.
//
// Included by binding.cc and nowhere else, because upstream keeps its backend and the accessor of it private to one
// translation unit.
#include <cstdlib>
#include <string>
#include <vector>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"

namespace transferkit {

namespace {

// The backend's context is a private member; naming it in an explicit instantiation is the way that the language allows.
template <TFE_Context *tfnodejs::TFJSBackend::*Member>
struct ContextMember {
  friend TFE_Context *ContextOf(const tfnodejs::TFJSBackend &backend) { return backend.*Member; }
};
template struct ContextMember<&tfnodejs::TFJSBackend::tfe_context_>;
TFE_Context *ContextOf(const tfnodejs::TFJSBackend &backend);

struct Status {
  TF_Status *const value = TF_NewStatus();
  ~Status() { TF_DeleteStatus(value); }
  bool IsOk() const { return TF_GetCode(value) == TF_OK; }
};

struct Graph {
  TF_Graph *const value = TF_NewGraph();
  ~Graph() { TF_DeleteGraph(value); }
};

napi_value Throw(napi_env env, const std::string &message) {
  napi_throw_error(env, nullptr, message.c_str());
  return nullptr;
}

bool ReadString(napi_env env, napi_value value, std::string *text) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return false;
  text->resize(length + 1);
  if (napi_get_value_string_utf8(env, value, &(*text)[0], length + 1, &length) != napi_ok) return false;
  text->resize(length);
  return true;
}

// Reads a list of node outputs, each written as `node:index`.
bool ReadOutputs(napi_env env, TF_Graph *graph, napi_value list, std::vector<TF_Output> *outputs) {
  uint32_t count = 0;
  if (napi_get_array_length(env, list, &count) != napi_ok) return false;
  for (uint32_t index = 0; index < count; index++) {
    napi_value element;
    std::string text;
    if (napi_get_element(env, list, index, &element) != napi_ok || !ReadString(env, element, &text)) return false;
    const size_t colon = text.rfind(':');
    if (colon == std::string::npos) return false;
    TF_Operation *const operation = TF_GraphOperationByName(graph, text.substr(0, colon).c_str());
    if (operation == nullptr) return false;
    outputs->push_back({operation, std::atoi(text.c_str() + colon + 1)});
  }
  return true;
}

napi_value DefineFunction(napi_env env, napi_callback_info info) {
  size_t count = 4;
  napi_value arguments[4];
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok || count != 4) {
    return Throw(env, "defineFunction takes a graph, a name, inputs and outputs.");
  }
  void *bytes = nullptr;
  size_t length = 0;
  std::string name;
  if (napi_get_typedarray_info(env, arguments[0], nullptr, &length, &bytes, nullptr, nullptr) != napi_ok ||
      !ReadString(env, arguments[1], &name)) {
    return Throw(env, "defineFunction takes the graph as bytes and the name as a string.");
  }
  tfnodejs::TFJSBackend *const backend = tfnodejs::GetTFJSBackend(env);
  if (backend == nullptr) return nullptr;

  Status status;
  Graph graph;
  TF_Buffer *const definition = TF_NewBufferFromString(bytes, length);
  TF_ImportGraphDefOptions *const options = TF_NewImportGraphDefOptions();
  TF_GraphImportGraphDef(graph.value, definition, options, status.value);
  TF_DeleteImportGraphDefOptions(options);
  TF_DeleteBuffer(definition);
  if (!status.IsOk()) return Throw(env, TF_Message(status.value));

  std::vector<TF_Output> inputs, outputs;
  if (!ReadOutputs(env, graph.value, arguments[2], &inputs) || !ReadOutputs(env, graph.value, arguments[3], &outputs)) {
    return Throw(env, "defineFunction takes inputs and outputs as lists of 'node:index' with nodes of the graph.");
  }
  TF_Function *const function =
      TF_GraphToFunction(graph.value, name.c_str(), 0, -1, nullptr, static_cast<int>(inputs.size()), inputs.data(),
                         static_cast<int>(outputs.size()), outputs.data(), nullptr, nullptr, nullptr, status.value);
  if (!status.IsOk()) return Throw(env, TF_Message(status.value));
  TFE_ContextAddFunction(ContextOf(*backend), function, status.value);
  TF_DeleteFunction(function);
  if (!status.IsOk()) return Throw(env, TF_Message(status.value));
  return nullptr;
}

napi_value RemoveFunction(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value arguments[1];
  std::string name;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok || count != 1 ||
      !ReadString(env, arguments[0], &name)) {
    return Throw(env, "removeFunction takes the name of a function.");
  }
  tfnodejs::TFJSBackend *const backend = tfnodejs::GetTFJSBackend(env);
  if (backend == nullptr) return nullptr;
  Status status;
  TFE_ContextRemoveFunction(ContextOf(*backend), name.c_str(), status.value);
  if (!status.IsOk()) return Throw(env, TF_Message(status.value));
  return nullptr;
}

}  // namespace

napi_value AddGraphFunctions(napi_env env, napi_value exports) {
  const napi_property_descriptor properties[] = {
      {"defineFunction", nullptr, DefineFunction, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"removeFunction", nullptr, RemoveFunction, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  if (napi_define_properties(env, exports, 2, properties) != napi_ok) return Throw(env, "The exports could not be extended.");
  return exports;
}

}  // namespace transferkit

#endif  // TRANSFERKIT_GRAPH_FUNCTION_H_
