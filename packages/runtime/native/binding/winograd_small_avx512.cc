#if defined(__x86_64__)
#pragma GCC target("avx512f")
#define TRANSFERKIT_LANES 16
#define TRANSFERKIT_ROWS 12
#define TRANSFERKIT_TILE 2
#include "winograd_tiles.h"

extern const TileFunctions kSmallWinogradTiles_avx512;
const TileFunctions kSmallWinogradTiles_avx512 = {kLanes, kRows, kColumns, kTile, kPlaces, TransformFilter, Convolve, AddGradient, FinishGradient};
#endif
