// The passes of batch normalisation over activations, forwards and backwards, for one set of vector instructions.
//
// Included once for each set, after TRANSFERKIT_LANES (floats in a register) is defined; with TRANSFERKIT_BFLOAT16 there are
// functions for activations in bfloat16, too, which compute in floats. Nothing else may be included by those files: an
// inline function of a standard header that is compiled for one set could be used by code that runs without it.
//
// Activations are [row, channel]. A period is as many whole rows as fill four registers exactly, so that every place of a
// period belongs to one channel and any number of channels is computed in full registers; what is said of a channel is
// repeated for all places of its own. Every function takes `count` whole periods of `period` activations.
// A `Map` is what activations and their gradients are made of; all else is floats.

// How the gradient of the output is masked: where the rectifier gave 0, it is 0.
enum class NormMask {
  kNone,
  kRecomputed,  // the output is computed once more, which needs less memory than reading it
  kOutput,      // by the output, because something was added before the rectifier
};

// All but the activations are one number a place of a period.
template <typename Map>
struct NormForward {
  const Map *input;
  const float *mean, *factor, *offset;
  const Map *residual;  // added before the rectifier; null where there is none
  bool rectified;
  Map *output;
};

template <typename Map>
struct NormBackward {
  NormMask mask;
  const Map *gradient;
  const Map *addend;  // added to the gradient; null where there is none
  const Map *input, *output;
  const float *mean, *factor, *offset;
  Map *masked;  // the gradient after mask and sum, written where the mask is `kOutput`
  // What is taken from the gradient of the normalised input: `centre + slope * (input - mean)`.
  const float *centre, *slope;
  Map *input_gradient;
};

template <typename Map>
struct NormFunctions {
  int lanes;
  // Mean, and sum of the squared distances from it.
  void (*moments)(const Map *input, long count, long period, float *mean, float *squares);
  // `(input - mean) * factor + offset`, then the residual, then the rectifier.
  void (*normalise)(const NormForward<Map> *what, long count, long period);
  // Sums of the masked gradient and of its products with `input - mean`.
  void (*gradient_sums)(const NormBackward<Map> *what, long count, long period, float *sums, float *products);
  // `(gradient - centre - slope * (input - mean)) * factor`.
  void (*input_gradient)(const NormBackward<Map> *what, long count, long period);
};

#ifdef TRANSFERKIT_LANES
namespace {

constexpr int kLanes = TRANSFERKIT_LANES;
constexpr int kVectors = 4;
constexpr int kBlock = kVectors * kLanes;

typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float)), may_alias));

inline Lanes Load(const float *from) { return *reinterpret_cast<const Lanes *>(from); }
inline void Store(float *to, Lanes value) { *reinterpret_cast<Lanes *>(to) = value; }

#ifdef TRANSFERKIT_BFLOAT16
inline Lanes Load(const Bfloat16 *from) { return (Lanes)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(from))), 16); }
// Rounds to the nearest, and to the even one of two. What is not a number stays so.
inline void Store(Bfloat16 *to, Lanes value) {
  const __m512i bits = (__m512i)value, odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  const __mmask16 is_no_number = _mm512_cmp_ps_mask((__m512)value, (__m512)value, _CMP_UNORD_Q);
  const __m512i all = _mm512_mask_or_epi32(rounded, is_no_number, bits, _mm512_set1_epi32(1 << 22));
  _mm256_storeu_si256(reinterpret_cast<__m256i *>(to), _mm512_cvtepi32_epi16(_mm512_srli_epi32(all, 16)));
}
#endif

template <typename Map>
void Moments(const Map *input, long count, long period, float *mean, float *squares) {
  for (long place = 0; place < period; place += kBlock) {
    const Map *const from = input + place;
    Lanes sums[kVectors] = {}, distances[kVectors] = {};
    for (long index = 0; index < count; index++) {
      for (int vector = 0; vector < kVectors; vector++) sums[vector] += Load(from + index * period + vector * kLanes);
    }
    for (int vector = 0; vector < kVectors; vector++) sums[vector] /= Lanes{} + static_cast<float>(count);
    for (long index = 0; index < count; index++) {
      for (int vector = 0; vector < kVectors; vector++) {
        const Lanes distance = Load(from + index * period + vector * kLanes) - sums[vector];
        distances[vector] += distance * distance;
      }
    }
    for (int vector = 0; vector < kVectors; vector++) {
      Store(mean + place + vector * kLanes, sums[vector]);
      Store(squares + place + vector * kLanes, distances[vector]);
    }
  }
}

template <bool kAdds, bool kRectifies, typename Map>
inline void NormaliseAll(const NormForward<Map> &what, long count, long period) {
  for (long index = 0; index < count; index++) {
    const long first = index * period;
    for (long place = 0; place < period; place += kLanes) {
      Lanes output = (Load(what.input + first + place) - Load(what.mean + place)) * Load(what.factor + place) + Load(what.offset + place);
      if (kAdds) output += Load(what.residual + first + place);
      // What is not a number stays so.
      if (kRectifies) output = output < 0.0f ? Lanes{} : output;
      Store(what.output + first + place, output);
    }
  }
}

template <typename Map>
void Normalise(const NormForward<Map> *what, long count, long period) {
  const bool adds = what->residual != nullptr;
  if (what->rectified) {
    adds ? NormaliseAll<true, true>(*what, count, period) : NormaliseAll<false, true>(*what, count, period);
  } else {
    adds ? NormaliseAll<true, false>(*what, count, period) : NormaliseAll<false, false>(*what, count, period);
  }
}

// The gradient where the output is more than 0; a product, as in TensorFlow, so that what is not a number stays so.
inline Lanes Masked(Lanes gradient, Lanes output) { return gradient * (output > 0.0f ? Lanes{} + 1.0f : Lanes{}); }

template <typename Map>
inline Lanes Normalised(const NormBackward<Map> &what, Lanes distance, long place) { return distance * Load(what.factor + place) + Load(what.offset + place); }

template <NormMask kMask, bool kAdds, typename Map>
inline void SumAll(const NormBackward<Map> &what, long count, long period, float *sums, float *products) {
  for (long place = 0; place < period; place += kBlock) {
    Lanes sum[kVectors] = {}, product[kVectors] = {};
    for (long index = 0; index < count; index++) {
      for (int vector = 0; vector < kVectors; vector++) {
        const long own = place + vector * kLanes, at = index * period + own;
        const Lanes distance = Load(what.input + at) - Load(what.mean + own);
        Lanes gradient = Load(what.gradient + at);
        if (kAdds) gradient += Load(what.addend + at);
        if (kMask == NormMask::kRecomputed) gradient = Masked(gradient, Normalised(what, distance, own));
        if (kMask == NormMask::kOutput) {
          gradient = Masked(gradient, Load(what.output + at));
          Store(what.masked + at, gradient);
        }
        sum[vector] += gradient;
        product[vector] += gradient * distance;
      }
    }
    for (int vector = 0; vector < kVectors; vector++) {
      Store(sums + place + vector * kLanes, sum[vector]);
      Store(products + place + vector * kLanes, product[vector]);
    }
  }
}

template <typename Map>
void GradientSums(const NormBackward<Map> *what, long count, long period, float *sums, float *products) {
  if (what->mask == NormMask::kRecomputed) {
    SumAll<NormMask::kRecomputed, false>(*what, count, period, sums, products);
  } else if (what->mask == NormMask::kNone) {
    SumAll<NormMask::kNone, false>(*what, count, period, sums, products);
  } else if (what->addend == nullptr) {
    SumAll<NormMask::kOutput, false>(*what, count, period, sums, products);
  } else {
    SumAll<NormMask::kOutput, true>(*what, count, period, sums, products);
  }
}

template <bool kMasks, typename Map>
inline void InputGradientAll(const NormBackward<Map> &what, const Map *from, long count, long period) {
  for (long index = 0; index < count; index++) {
    for (long place = 0; place < period; place += kLanes) {
      const long at = index * period + place;
      const Lanes distance = Load(what.input + at) - Load(what.mean + place);
      Lanes gradient = Load(from + at);
      if (kMasks) gradient = Masked(gradient, Normalised(what, distance, place));
      Store(what.input_gradient + at, (gradient - Load(what.centre + place) - Load(what.slope + place) * distance) * Load(what.factor + place));
    }
  }
}

template <typename Map>
void InputGradient(const NormBackward<Map> *what, long count, long period) {
  if (what->mask == NormMask::kRecomputed) {
    InputGradientAll<true>(*what, what->gradient, count, period);
  } else {
    InputGradientAll<false>(*what, what->mask == NormMask::kOutput ? what->masked : what->gradient, count, period);
  }
}

template <typename Map>
constexpr NormFunctions<Map> kFunctions = {kLanes, Moments<Map>, Normalise<Map>, GradientSums<Map>, InputGradient<Map>};

}  // namespace
#endif
