#ifndef TRANSFERKIT_DESCENT_KERNELS_H_
#define TRANSFERKIT_DESCENT_KERNELS_H_

namespace transferkit {

// Registers `TransferkitSgd` and `TransferkitAdam`, a step of an optimiser on one parameter, with TensorFlow; false where this processor has no exact form of them.
bool RegisterDescentKernels();

}  // namespace transferkit

#endif  // TRANSFERKIT_DESCENT_KERNELS_H_
