#ifndef TRANSFERKIT_RECURRENT_H_
#define TRANSFERKIT_RECURRENT_H_

#include "recurrent_steps.h"

namespace transferkit {

enum class RecurrentCell { kLstm, kGru };

// Whether this processor has a fast form of the functions below; without it they must not be called.
bool HasRecurrent();

// The functions of this processor; for single steps, which are too small to be cut into tasks.
const RecurrentFunctions &Recurrent();

// Hidden states, cell states and gates of all steps. The packed weights need not be given: `weights` are
// [hidden, gates * hidden], with the gates of an LSTM in the order i, f, g, o, of a GRU r, z, n.
void RunRecurrent(RecurrentCell cell, const float *weights, RecurrentForward what);

// Gradients of what went into the steps.
void RunRecurrentGradient(RecurrentCell cell, const float *weights, RecurrentBackward what);

// An LSTM that is mixed with a source, and its gradient. `weights` are [hidden, branches * 4 * hidden], `gate_weights`
// [hidden, 2 * hidden]; none need to be packed.
void RunTransfer(const float *weights, const float *gate_weights, TransferForward what);
void RunTransferGradient(const float *weights, const float *gate_weights, TransferBackward what);

}  // namespace transferkit

#endif  // TRANSFERKIT_RECURRENT_H_
