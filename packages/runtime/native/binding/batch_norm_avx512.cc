#if defined(__x86_64__)
#pragma GCC target("avx512f")
// All of it is inlined, so that nothing of it is used elsewhere.
#include <immintrin.h>
#define TRANSFERKIT_LANES 16
#define TRANSFERKIT_BFLOAT16
#include "bfloat16.h"
#include "batch_norm_passes.h"

extern const NormFunctions<float> kNorm_avx512;
extern const NormFunctions<Bfloat16> kNormShort_avx512;
const NormFunctions<float> kNorm_avx512 = kFunctions<float>;
const NormFunctions<Bfloat16> kNormShort_avx512 = kFunctions<Bfloat16>;
#endif
