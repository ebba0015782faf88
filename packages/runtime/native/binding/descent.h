#ifndef TRANSFERKIT_DESCENT_H_
#define TRANSFERKIT_DESCENT_H_

namespace transferkit {

// The steps of an optimiser, each in one pass over all it reads and writes. Outputs may take the place of inputs.
// Every product and sum is rounded by itself and in the order of the composed form, so that both give the same bits.

// Whether there are the functions below; without them they must not be called.
bool HasDescent();

// g ← g + λ p; v ← μ v + g; p ← p - η (v, or g + μ v looking ahead, + decoupled λ p).
struct Sgd {
  long count;
  const float *parameter, *gradient, *velocity;  // the latter null without momentum
  float rate, weight_decay, momentum, decoupled_weight_decay;
  bool nesterov;
  float *next_parameter, *next_velocity;
};
void RunSgd(const Sgd &what);

// g ← g + λ p; m ← β₁ m + (1 - β₁) g; s ← β₂ s + (1 - β₂) g²; p ← p - η (m / c₁ / (√s / √c₂ + ε) + decoupled λ p).
struct Adam {
  long count;
  const float *parameter, *gradient, *first, *second;
  float rate, weight_decay, decoupled_weight_decay, epsilon;
  float first_decay, first_share, second_decay, second_share;  // shares are what 1 lacks of the decays
  float first_correction, second_correction_root;
  float *next_parameter, *next_first, *next_second;
};
void RunAdam(const Adam &what);

}  // namespace transferkit

#endif  // TRANSFERKIT_DESCENT_H_
