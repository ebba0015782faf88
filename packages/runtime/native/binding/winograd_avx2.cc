#if defined(__x86_64__)
#pragma GCC target("avx2,fma")
#define TRANSFERKIT_LANES 8
#define TRANSFERKIT_ROWS 6
#define TRANSFERKIT_TILE 4
#include "winograd_tiles.h"

extern const TileFunctions kWinogradTiles_avx2;
const TileFunctions kWinogradTiles_avx2 = {kLanes, kRows, kColumns, kTile, kPlaces, TransformFilter, Convolve, AddGradient, FinishGradient};
#endif
