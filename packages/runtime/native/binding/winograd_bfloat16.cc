// Empty where the compiler does not know the instructions; then there are no such functions.
#if defined(__x86_64__) && __GNUC__ >= 10
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512bf16")
// All of it is inlined, so that nothing of it is used elsewhere.
#include <immintrin.h>
#define TRANSFERKIT_LANES 16
#define TRANSFERKIT_ROWS 12
// Larger tiles would make the rounding of the transformed numbers larger.
#define TRANSFERKIT_TILE 2
#define TRANSFERKIT_BFLOAT16
#include "bfloat16.h"
#include "winograd_tiles.h"

extern const TileFunctions kWinogradTiles_bfloat16;
const TileFunctions kWinogradTiles_bfloat16 = {kLanes, kRows, kColumns, kTile, kPlaces, TransformFilter, Convolve, AddGradient, FinishGradient};
#endif
