#if defined(__x86_64__)
#pragma GCC target("avx512f")
#define TRANSFERKIT_LANES 16
#define TRANSFERKIT_SUMS 24
#include "recurrent_steps.h"
#include "transfer_steps.h"

extern const RecurrentFunctions kRecurrent_avx512;
const RecurrentFunctions kRecurrent_avx512 = {kLanes, TRANSFERKIT_SUMS / 4, Pack, PackTransposed, Lstm, Gru, LstmGradient, GruGradient, LstmStep, LstmStepGradient, GruStep, GruStepGradient, TransferLstm, TransferLstmGradient};
#endif
