#include "memory.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

namespace transferkit {

namespace {

constexpr size_t kHugePage = size_t{2} << 20;

// Grows the heap once by half of the machine's memory, asks for huge pages there and gives the range back to the
// allocator. Only addresses are taken: a page costs memory when it is first written.
void ReserveHugePages() {
  const size_t reserve = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) *
                         static_cast<size_t>(sysconf(_SC_PAGESIZE)) / 2;
  void *const block = malloc(reserve);
  if (block == nullptr) return;  // a limit on address space: small pages do, too
  const uintptr_t start = reinterpret_cast<uintptr_t>(block);
  const uintptr_t first = (start + kHugePage - 1) & ~(kHugePage - 1);
  const uintptr_t last = (start + reserve) & ~(kHugePage - 1);
  if (last > first) {
    madvise(reinterpret_cast<void *>(first), last - first, MADV_HUGEPAGE);
  }
  free(block);
}

}  // namespace

void TuneAllocator() {
  const char *const choice = getenv("TRANSFERKIT_ALLOCATOR");
  if (choice != nullptr && strcmp(choice, "system") == 0) return;

  // A training step frees and takes the same hundreds of megabytes each time. By default glibc maps every block above
  // 32 MiB afresh and trims the heap, so that the kernel zeroes those pages again in each step.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
  ReserveHugePages();
}

}  // namespace transferkit
