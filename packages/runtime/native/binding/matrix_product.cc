#include "matrix_product.h"

#include <algorithm>
#include <memory>

#include "kernel_call.h"
#include "operation.h"
#include "workers.h"

#if defined(__x86_64__)
extern const MatrixProductFunctions kMatrixProduct_avx512, kMatrixProduct_avx2;
#endif

namespace transferkit {

namespace {

// The fastest functions that this processor runs; none where they are not known to be faster than TensorFlow's own.
const MatrixProductFunctions *Functions() {
#if defined(__x86_64__)
  static const MatrixProductFunctions *const best = __builtin_cpu_supports("avx512f")                                     ? &kMatrixProduct_avx512
                                                    : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kMatrixProduct_avx2
                                                                                                                          : nullptr;
  return best;
#else
  return nullptr;
#endif
}

// Rows of a task: so few that they stay in the second-level cache, so many that packing a panel for them costs little.
constexpr long kTaskRows = 480;

struct PanelTasks final : Tasks {
  const MatrixProduct *what;
  long panels, rows;
  void Run(int task) override {
    const std::unique_ptr<float[]> scratch(new float[kDepth * Functions()->width]);
    // All panels of some rows, then the next rows.
    const long first_row = task / panels * rows;
    Functions()->panel(what, task % panels * Functions()->width, first_row, std::min(what->rows, first_row + rows), scratch.get());
  }
};

struct Settings {
  bool transpose_left, transpose_right;
  explicit Settings(Attributes &attributes) : transpose_left(attributes.Flag("transpose_left")), transpose_right(attributes.Flag("transpose_right")) {}
};

// A matrix, seen transposed or as it is.
MatrixView ViewOf(const Input &input, bool transposed) { return transposed ? MatrixView{input.data(), 1, input.size(1)} : MatrixView{input.data(), input.size(1), 1}; }

void MatMul(void *settings, TF_OpKernelContext *context) {
  const auto [transpose_left, transpose_right] = *static_cast<const Settings *>(settings);
  Call call(context);
  const Input left(context, 0, call.status()), right(context, 1, call.status());
  if (left.axes() != 2 || right.axes() != 2 || left.size(transpose_left ? 0 : 1) != right.size(transpose_right ? 1 : 0)) {
    call.Refuse("TransferkitMatMul: the matrices do not fit.");
    return;
  }
  MatrixProduct what = {left.size(transpose_left ? 1 : 0), left.size(transpose_left ? 0 : 1), right.size(transpose_right ? 0 : 1)};
  what.left = ViewOf(left, transpose_left);
  what.right = ViewOf(right, transpose_right);
  what.product = call.Output(0, {what.rows, what.columns});
  if (call.IsOk() && what.product != nullptr) RunMatrixProduct(what);
}

}  // namespace

bool HasMatrixProduct() { return Functions() != nullptr; }

void RunMatrixProduct(const MatrixProduct &what) {
  const long width = Functions()->width;
  if (what.depth == 0) std::fill_n(what.product, what.rows * what.columns, 0.0f);
  PanelTasks tasks;
  tasks.what = &what;
  tasks.panels = (what.columns + width - 1) / width;
  // A narrow product has few panels: each is packed several times then, so that no core is idle.
  const long parts = std::max(1L, Cores() / tasks.panels);
  tasks.rows = std::max(1L, std::min(kTaskRows, (what.rows + parts - 1) / parts));
  RunOnAllCores(static_cast<int>(tasks.panels * ((what.rows + tasks.rows - 1) / tasks.rows)), &tasks);
}

bool RegisterMatrixProductKernel() {
  return HasMatrixProduct() &&
         RegisterOperation<Settings>({"TransferkitMatMul", {"left: float", "right: float"}, {"product: float"}, {"transpose_left: bool", "transpose_right: bool"}}, MatMul);
}

}  // namespace transferkit
