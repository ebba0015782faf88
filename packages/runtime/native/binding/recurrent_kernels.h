#ifndef TRANSFERKIT_RECURRENT_KERNELS_H_
#define TRANSFERKIT_RECURRENT_KERNELS_H_

namespace transferkit {

// Registers the operations on whole sequences, `TransferkitLstm` and `TransferkitGru`, those on one step, `TransferkitLstmStep`
// and `TransferkitGruStep`, and the gradients of all four, whose names end in `Gradient`, with TensorFlow; false where this processor has no fast form of them.
bool RegisterRecurrentKernels();

}  // namespace transferkit

#endif  // TRANSFERKIT_RECURRENT_KERNELS_H_
