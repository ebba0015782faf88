#if defined(__x86_64__)
#pragma GCC target("avx2,fma")
#define TRANSFERKIT_LANES 8
#define TRANSFERKIT_VECTORS 2
#include "matrix_product_tiles.h"

extern const MatrixProductFunctions kMatrixProduct_avx2;
const MatrixProductFunctions kMatrixProduct_avx2 = {kVectors * kLanes, Panel};
#endif
