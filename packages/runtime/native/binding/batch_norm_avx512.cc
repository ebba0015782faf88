#if defined(__x86_64__)
#pragma GCC target("avx512f")
#define TRANSFERKIT_LANES 16
#include "batch_norm_passes.h"

extern const NormFunctions kNorm_avx512;
const NormFunctions kNorm_avx512 = {kLanes, Moments, Normalise, GradientSums, InputGradient};
#endif
