#include "freed_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <vector>

#include "tensorflow/c/tf_tensor.h"

namespace transferkit {

namespace {

// Freed memory in smaller pieces stays where it is.
constexpr int64_t kBlock = 4 << 20;

// Bytes of memory that are no file's.
int64_t OwnBytes() {
  int64_t size = 0, resident = 0, shared = 0;
  std::ifstream("/proc/self/statm") >> size >> resident >> shared;
  return (resident - shared) * sysconf(_SC_PAGESIZE);
}

// TensorFlow's allocator keeps all that it ever took. So blocks are taken from it until whatever is free must be among
// them; their pages are given back, and then the blocks, which cost memory again when they are next written.
napi_value ReleaseFreedMemory(napi_env, napi_callback_info) {
  const uintptr_t page = sysconf(_SC_PAGESIZE);
  std::vector<TF_Tensor *> blocks(OwnBytes() / kBlock);
  for (TF_Tensor *&block : blocks) {
    block = TF_AllocateTensor(TF_UINT8, &kBlock, 1, kBlock);
    if (block == nullptr) break;
    const uintptr_t start = reinterpret_cast<uintptr_t>(TF_TensorData(block));
    const uintptr_t first = (start + page - 1) / page * page, last = (start + kBlock) / page * page;
    madvise(reinterpret_cast<void *>(first), last - first, MADV_DONTNEED);
  }
  for (TF_Tensor *block : blocks) TF_DeleteTensor(block);
  return nullptr;
}

}  // namespace

napi_value AddFreedMemory(napi_env env, napi_value exports) {
  napi_value release;
  if (napi_create_function(env, "releaseFreedMemory", NAPI_AUTO_LENGTH, ReleaseFreedMemory, nullptr, &release) != napi_ok ||
      napi_set_named_property(env, exports, "releaseFreedMemory", release) != napi_ok) {
    return nullptr;
  }
  return exports;
}

}  // namespace transferkit
