#if defined(__x86_64__)
#pragma GCC target("avx512f")
#define TRANSFERKIT_LANES 16
#define TRANSFERKIT_VECTORS 4
#include "matrix_product_tiles.h"

extern const MatrixProductFunctions kMatrixProduct_avx512;
const MatrixProductFunctions kMatrixProduct_avx512 = {kVectors * kLanes, Panel};
#endif
