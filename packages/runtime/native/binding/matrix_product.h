#ifndef TRANSFERKIT_MATRIX_PRODUCT_H_
#define TRANSFERKIT_MATRIX_PRODUCT_H_

#include "matrix_product_tiles.h"

namespace transferkit {

// Whether this processor has a fast form of the function below; without it it must not be called.
bool HasMatrixProduct();

// `product` [rows, columns] = left [rows, depth] × right [depth, columns].
void RunMatrixProduct(const MatrixProduct &what);

// Registers the operation `TransferkitMatMul` with TensorFlow; false where this processor has no fast form of it.
bool RegisterMatrixProductKernel();

}  // namespace transferkit

#endif  // TRANSFERKIT_MATRIX_PRODUCT_H_
