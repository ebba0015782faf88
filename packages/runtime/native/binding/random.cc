#include "random.h"

#include <algorithm>
#include <cstring>

#include "workers.h"

namespace transferkit {

namespace {

// Blocks of the generator that are computed side by side; each gives two numbers.
constexpr int kLanes = 16;

typedef uint32_t Words __attribute__((vector_size(4 * kLanes)));
typedef int32_t Numbers __attribute__((vector_size(4 * kLanes)));

// Numbers of a task: enough that handing it out costs nothing, a multiple of those of a group of blocks.
constexpr int64_t kNumbers = 1 << 15;

constexpr int kRotations[8] = {13, 15, 26, 6, 17, 29, 16, 24};
constexpr uint32_t kParity = 0x1bd11bda;

struct MaskTasks final : Tasks {
  uint32_t schedule[3];
  int32_t threshold;
  int32_t kept;  // the bits of the factor
  int64_t count;
  float *mask;

  void Run(int task) override {
    const int64_t end = std::min(count, (task + 1) * kNumbers);
    for (int64_t first = task * kNumbers; first < end; first += 2 * kLanes) {
      int32_t numbers[2 * kLanes];
      Group(static_cast<uint32_t>(first / 2), numbers);
      std::memcpy(mask + first, numbers, sizeof(float) * std::min<int64_t>(2 * kLanes, end - first));
    }
  }

  // The factors from the blocks behind a counter.
  void Group(uint32_t counter, int32_t *numbers) const {
    Words x = {}, y = {};
    for (int lane = 0; lane < kLanes; lane++) y[lane] = counter + lane;
    x += schedule[0];
    y += schedule[1];
#pragma GCC unroll 5
    for (int group = 0; group < 5; group++) {
#pragma GCC unroll 4
      for (int round = 0; round < 4; round++) {
        const int rotation = kRotations[group % 2 * 4 + round];
        x += y;
        y = ((y << rotation) | (y >> (32 - rotation))) ^ x;
      }
      x += schedule[(group + 1) % 3];
      y += schedule[(group + 2) % 3] + group + 1;
    }
    // A comparison gives -1 where it holds.
    const Numbers first = ~(reinterpret_cast<Numbers>(x >> 8) < threshold) & kept;
    const Numbers second = ~(reinterpret_cast<Numbers>(y >> 8) < threshold) & kept;
    for (int lane = 0; lane < kLanes; lane++) {
      numbers[2 * lane] = first[lane];
      numbers[2 * lane + 1] = second[lane];
    }
  }
};

}  // namespace

void DropoutMask(uint32_t high, uint32_t low, uint32_t threshold, float kept, int64_t count, float *mask) {
  MaskTasks tasks;
  tasks.schedule[0] = high;
  tasks.schedule[1] = low;
  tasks.schedule[2] = high ^ low ^ kParity;
  tasks.threshold = static_cast<int32_t>(threshold);
  std::memcpy(&tasks.kept, &kept, sizeof(kept));
  tasks.count = count;
  tasks.mask = mask;
  RunOnAllCores(static_cast<int>((count + kNumbers - 1) / kNumbers), &tasks);
}

}  // namespace transferkit
