#ifndef TRANSFERKIT_BFLOAT16_H_
#define TRANSFERKIT_BFLOAT16_H_

// A bfloat16: the upper half of a float.
typedef unsigned short Bfloat16;

#endif  // TRANSFERKIT_BFLOAT16_H_
