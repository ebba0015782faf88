#if defined(__x86_64__)
#pragma GCC target("avx2,fma")
#define TRANSFERKIT_LANES 8
#include "batch_norm_passes.h"

extern const NormFunctions<float> kNorm_avx2;
const NormFunctions<float> kNorm_avx2 = kFunctions<float>;
#endif
