#ifndef TRANSFERKIT_RANDOM_H_
#define TRANSFERKIT_RANDOM_H_

#include <cstdint>

namespace transferkit {

// Factors of dropout, the same that the host makes from the same key: the stream of Threefry-2x32 with 20 rounds (Salmon et al. 2011), of whose words the
// upper 24 bits are compared. A factor is 0 below the threshold and `kept` elsewhere.
void DropoutMask(uint32_t high, uint32_t low, uint32_t threshold, float kept, int64_t count, float *mask);

}  // namespace transferkit

#endif  // TRANSFERKIT_RANDOM_H_
