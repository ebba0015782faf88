#ifndef TRANSFERKIT_MEMORY_H_
#define TRANSFERKIT_MEMORY_H_

namespace transferkit {

// Sets glibc's allocator up for training: freed blocks stay in the process, on huge pages where the kernel has them.
// Does nothing when the environment says TRANSFERKIT_ALLOCATOR=system.
void TuneAllocator();

}  // namespace transferkit

#endif  // TRANSFERKIT_MEMORY_H_
