#if defined(__x86_64__)
#pragma GCC target("avx2,fma")
#define TRANSFERKIT_LANES 8
#define TRANSFERKIT_SUMS 12
#include "recurrent_steps.h"
#include "transfer_steps.h"

extern const RecurrentFunctions kRecurrent_avx2;
const RecurrentFunctions kRecurrent_avx2 = {kLanes, TRANSFERKIT_SUMS / 4, Pack, PackTransposed, Lstm, Gru, LstmGradient, GruGradient, LstmStep, LstmStepGradient, GruStep, GruStepGradient, TransferLstm, TransferLstmGradient};
#endif
