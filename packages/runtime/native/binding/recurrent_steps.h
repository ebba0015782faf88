// The arithmetic of recurrent layers over a sequence, forwards and backwards, for one set of vector instructions.
//
// Included once for each set, after TRANSFERKIT_LANES (floats in a register) and TRANSFERKIT_SUMS (registers that hold
// sums of a product) are defined. Nothing else may be included by those files: an inline function of a standard header
// that is compiled for one set could be used by code that runs without it.
//
// Weights of the hidden state are packed first. For the products of the steps, [panel][hidden unit][gate][lane], where
// panel p holds units p * lanes to (p + 1) * lanes - 1 of every gate; for those of the gradient, [panel][column of the
// weights][vector][lane], where a panel holds some vectors of hidden units. What lies beyond the last unit is 0.

struct RecurrentSizes {
  long batch, steps, hidden;
  bool reverse;  // whether the last step comes first
};

// All arrays are [batch, step, ...] or [batch, hidden], the mask is [batch, step]: 0 where a step is padding, which
// copies the state of the step before.
struct RecurrentForward {
  RecurrentSizes sizes;
  const float *projected;  // the input's share of the gates, [.., gates * hidden]
  const float *packed;     // weights, for the products of the steps
  const float *bias;       // of the hidden state's share, [gates * hidden]; a GRU's only
  const float *mask;
  const float *initial_hidden, *initial_cell;  // a GRU has no cell state
  float *hidden, *cell;
  float *gates;  // [.., 4 * hidden], as the gradient needs them: of an LSTM i, f, g, o; of a GRU r, z, n and h U_n + c_n; or null
};

struct RecurrentBackward {
  RecurrentSizes sizes;
  const float *hidden_gradient, *cell_gradient;  // the latter may be null: zeros
  const float *packed;                           // weights, for the products of the gradient
  const float *mask;
  const float *initial_hidden, *initial_cell, *hidden, *cell, *gates;
  float *projected_gradient;
  float *recurrent_gradient;  // of the hidden state's share of the gates, a GRU's only: for an LSTM it is the above
  float *initial_hidden_gradient, *initial_cell_gradient;
  float *previous;  // [batch, step, hidden], the hidden state that each step started with
};

// An LSTM whose hidden state is mixed at every step with that of a source by two gates: h = z u + (1 - z) t with
// u = f c + (1 - f) s. The target t and, with two branches, the candidate c are LSTM steps from h; with one the candidate
// is given. Openings are f, then z, of which the source's share is given.
struct TransferGiven {
  RecurrentSizes sizes;
  int branches;
  const float *source, *candidate;  // [.., hidden]
  const float *mask;
  const float *initial_hidden, *initial_cell;  // the latter [batch, branches * hidden]
};

struct TransferForward : TransferGiven {
  const float *projected;             // the input's share, [.., branches * 4 * hidden]
  const float *packed[2];             // weights of each branch
  const float *gate_projected;        // the source's share of the openings before their activation, [.., 2 * hidden]
  const float *packed_gates;          // weights of the target's share
  float *hidden, *cell;               // the latter [.., branches * hidden]
  float *openings;                    // [.., 2 * hidden]
  float *gates;                       // [.., branches * 4 * hidden], activated, or null
};

struct TransferBackward : TransferGiven {
  const float *hidden_gradient;
  const float *packed, *packed_gates;  // for the products of the gradient
  const float *hidden, *cell, *openings, *gates;
  float *projected_gradient, *gate_gradient, *source_gradient, *candidate_gradient;
  float *initial_hidden_gradient, *initial_cell_gradient;
  float *previous, *target;  // [.., hidden], the hidden state that each step started with, and t
};

struct RecurrentFunctions {
  int lanes;
  int rows;  // examples that are computed together: tasks are best multiples of it
  // Panels `first` to `last - 1` of the weights [hidden, columns], or of the first `gates * hidden` columns.
  void (*pack)(const float *weights, long hidden, long columns, int gates, long first, long last, float *packed);
  void (*pack_transposed)(const float *weights, long hidden, long columns, int vectors, long first, long last, float *packed);
  // Examples `first` to `last - 1`, all steps.
  void (*lstm)(const struct RecurrentForward *what, long first, long last);
  void (*gru)(const struct RecurrentForward *what, long first, long last);
  // As above. Scratch holds 2 * (last - first) * width floats, where the width is that of all panels of transposed weights.
  void (*lstm_gradient)(const struct RecurrentBackward *what, long first, long last, float *scratch);
  void (*gru_gradient)(const struct RecurrentBackward *what, long first, long last, float *scratch);
  // One step from its gates before activation, [rows, gates * hidden], and its gradient.
  void (*lstm_step)(const float *gates, const float *cell, long rows, long hidden, float *next_hidden, float *next_cell);
  void (*lstm_step_gradient)(const float *hidden_gradient, const float *cell_gradient, const float *gates, const float *cell, long rows, long hidden, float *gates_gradient,
                             float *previous_gradient);
  void (*gru_step)(const float *projected, const float *recurrent, const float *hidden, long rows, long units, float *next);
  void (*gru_step_gradient)(const float *gradient, const float *projected, const float *recurrent, const float *hidden, long rows, long units, float *projected_gradient,
                            float *recurrent_gradient, float *hidden_gradient);
  // As `lstm`. Scratch holds branches * (last - first) * width floats, where the width is that of all panels of weights.
  void (*transfer_lstm)(const struct TransferForward *what, long first, long last, float *scratch);
  // As `lstm_gradient`, but with scratch of (3 + branches) * (last - first) * width floats, and all weights transposed in panels of 4 vectors.
  void (*transfer_lstm_gradient)(const struct TransferBackward *what, long first, long last, float *scratch);
};

#ifdef TRANSFERKIT_LANES
namespace {

constexpr int kLanes = TRANSFERKIT_LANES;

typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef int Bits __attribute__((vector_size(kLanes * sizeof(int)), aligned(sizeof(int)), may_alias));

// Loads and stores the first `count` lanes.
inline Lanes Load(const float *from, long count) {
  if (count >= kLanes) return *reinterpret_cast<const Lanes *>(from);
  Lanes value = {};
  for (long lane = 0; lane < count; lane++) value[lane] = from[lane];
  return value;
}

inline void Store(float *to, Lanes value, long count) {
  if (count >= kLanes) {
    *reinterpret_cast<Lanes *>(to) = value;
  } else {
    for (long lane = 0; lane < count; lane++) to[lane] = value[lane];
  }
}

// e^x = scale * (1 + rest), with a rest that is exact to 1e-7 of itself, so that e^x - 1 is, too. x is at most 87 in size.
inline void Exponential(Lanes x, Lanes *scale, Lanes *rest) {
  // The last digits of a number of this size are a whole number: the exponent of the power of 2, as a float stores it.
  constexpr float kWhole = 12582912.0f + 127.0f;
  const Lanes shifted = x * 1.44269504f + kWhole;
  const Lanes power = shifted - kWhole;
  // ln 2 in two parts, the first of which has few digits.
  const Lanes r = (x - power * 0.693359375f) + power * 2.12194440e-4f;
  const Lanes tail = 1.0f / 2 + r * (1.0f / 6 + r * (1.0f / 24 + r * (1.0f / 120 + r * (1.0f / 720 + r * (1.0f / 5040)))));
  *rest = r + r * r * tail;
  *scale = reinterpret_cast<Lanes>(reinterpret_cast<Bits>(shifted) << 23);
}

inline Lanes Sigmoid(Lanes x) {
  const Lanes most = Lanes{} + 87.0f;
  Lanes y = -x;
  y = y > most ? most : y;
  y = y < -most ? -most : y;
  Lanes scale, rest;
  Exponential(y, &scale, &rest);
  return 1.0f / (1.0f + (scale + scale * rest));
}

// -(e^y - 1) / (e^y + 1) with y = -2 |x|, and the sign of x: exact near 0, too.
inline Lanes Tanh(Lanes x) {
  const Lanes most = Lanes{} + 10.0f;
  const Bits sign = reinterpret_cast<Bits>(x) & (Bits{} + static_cast<int>(0x80000000u));
  Lanes size = reinterpret_cast<Lanes>(reinterpret_cast<Bits>(x) ^ sign);
  size = size > most ? most : size;
  Lanes scale, rest;
  Exponential(-2.0f * size, &scale, &rest);
  const Lanes lost = (1.0f - scale) - scale * rest;
  return reinterpret_cast<Lanes>(reinterpret_cast<Bits>(lost / (2.0f - lost)) | sign);
}

inline long Panels(long hidden, int vectors) { return (hidden + vectors * kLanes - 1) / (vectors * kLanes); }

void Pack(const float *weights, long hidden, long columns, int gates, long first, long last, float *packed) {
  float *to = packed + first * hidden * gates * kLanes;
  for (long panel = first; panel < last; panel++) {
    const long unit = panel * kLanes;
    for (long row = 0; row < hidden; row++) {
      for (int gate = 0; gate < gates; gate++, to += kLanes) {
        Store(to, Load(weights + row * columns + gate * hidden + unit, hidden - unit), kLanes);
      }
    }
  }
}

void PackTransposed(const float *weights, long hidden, long columns, int vectors, long first, long last, float *packed) {
  const long width = vectors * kLanes;
  for (long panel = first; panel < last; panel++) {
    float *const to = packed + panel * columns * width;
    // Columns in groups, so that what is written and what is read stays in the first-level cache.
    for (long column = 0; column < columns; column += kLanes) {
      const long end = column + kLanes < columns ? column + kLanes : columns;
      for (long lane = 0; lane < width; lane++) {
        const long row = panel * width + lane;
        for (long at = column; at < end; at++) to[at * width + lane] = row < hidden ? weights[row * columns + at] : 0.0f;
      }
    }
  }
}

// Adds the products of rows of `depth` floats with a panel [depth][kVectors][lane].
template <int kRows, int kVectors>
inline void AddProducts(const float *const (&rows)[kRows], long depth, const float *panel, Lanes (&sums)[kRows][kVectors]) {
  for (long at = 0; at < depth; at++, panel += kVectors * kLanes) {
    Lanes columns[kVectors];
#pragma GCC unroll 8
    for (int vector = 0; vector < kVectors; vector++) columns[vector] = Load(panel + vector * kLanes, kLanes);
#pragma GCC unroll 8
    for (int row = 0; row < kRows; row++) {
      const float factor = rows[row][at];
#pragma GCC unroll 8
      for (int vector = 0; vector < kVectors; vector++) sums[row][vector] += columns[vector] * factor;
    }
  }
}

template <int kValue>
struct Count {
  static constexpr int value = kValue;
};

// Calls `body(Count<rows>, row)` for rows `first` to `last - 1` in groups of at most kMost rows of nearly equal size.
template <int kMost, typename Body>
inline void InGroups(long first, long last, Body body) {
  const long groups = (last - first + kMost - 1) / kMost;
  for (long group = 0; group < groups; group++) {
    const long row = first + (last - first) * group / groups;
    switch (first + (last - first) * (group + 1) / groups - row) {
      case 1: body(Count<1>(), row); break;
      case 2: body(Count<kMost < 2 ? kMost : 2>(), row); break;
      case 3: body(Count<kMost < 3 ? kMost : 3>(), row); break;
      case 4: body(Count<kMost < 4 ? kMost : 4>(), row); break;
      case 5: body(Count<kMost < 5 ? kMost : 5>(), row); break;
      case 6: body(Count<kMost < 6 ? kMost : 6>(), row); break;
      case 7: body(Count<kMost < 7 ? kMost : 7>(), row); break;
      default: body(Count<kMost>(), row);
    }
  }
}

inline long StepOf(const RecurrentSizes &sizes, long count) { return sizes.reverse ? sizes.steps - 1 - count : count; }

// Where the state lies that an example has before its step number `count`.
inline const float *Before(const RecurrentSizes &sizes, const float *initial, const float *states, long example, long count) {
  return count == 0 ? initial + example * sizes.hidden : states + (example * sizes.steps + StepOf(sizes, count - 1)) * sizes.hidden;
}

// The products of a step with packed weights, for examples `first` to `last - 1`: `from(example)` is the state that they
// are multiplied with, `start(example, unit, sums)` what they are added to, `finish(example, unit, sums)` takes them.
template <int kGates, int kRows, typename From, typename Start, typename Finish>
inline void StepProducts(long first, long last, long hidden, const float *packed, From from, Start start, Finish finish) {
  const long panels = Panels(hidden, 1);
  for (long panel = 0; panel < panels; panel++) {
    const long unit = panel * kLanes;
    InGroups<kRows>(first, last, [&](auto rows, long example) {
      const float *before[decltype(rows)::value];
      Lanes sums[decltype(rows)::value][kGates];
#pragma GCC unroll 8
      for (int row = 0; row < decltype(rows)::value; row++) {
        before[row] = from(example + row);
        start(example + row, unit, sums[row]);
      }
      AddProducts(before, hidden, packed + panel * hidden * kGates * kLanes, sums);
#pragma GCC unroll 8
      for (int row = 0; row < decltype(rows)::value; row++) finish(example + row, unit, sums[row]);
    });
  }
}

// The steps of a cell: `finish(example, count, unit, sums, before)` makes the state of some units from their gates.
template <int kGates, typename Start, typename Finish>
inline void RunSteps(const RecurrentForward &what, long first, long last, Start start, Finish finish) {
  const RecurrentSizes &sizes = what.sizes;
  for (long count = 0; count < sizes.steps; count++) {
    const long step = StepOf(sizes, count);
    const auto before = [&](long example) { return Before(sizes, what.initial_hidden, what.hidden, example, count); };
    StepProducts<kGates, TRANSFERKIT_SUMS / kGates>(
        first, last, sizes.hidden, what.packed, before, [&](long example, long unit, Lanes(&sums)[kGates]) { start(example * sizes.steps + step, unit, sums); },
        [&](long example, long unit, const Lanes(&sums)[kGates]) { finish(example, count, unit, sums, before(example)); });
  }
}

// The state of some units after a step of an LSTM, from their gates before activation, which are left activated.
struct LstmUnits {
  Lanes hidden, cell;
};
inline LstmUnits LstmOf(const Lanes (&sums)[4], Lanes cell_before, Lanes (&gates)[4]) {
  for (int gate = 0; gate < 4; gate++) gates[gate] = gate == 2 ? Tanh(sums[gate]) : Sigmoid(sums[gate]);
  const Lanes cell = gates[1] * cell_before + gates[0] * gates[2];
  return {gates[3] * Tanh(cell), cell};
}

void Lstm(const RecurrentForward *what, long first, long last) {
  const RecurrentSizes &sizes = what->sizes;
  const long hidden = sizes.hidden;
  const auto start = [&](long at, long unit, Lanes (&sums)[4]) {
    for (int gate = 0; gate < 4; gate++) sums[gate] = Load(what->projected + (at * 4 + gate) * hidden + unit, hidden - unit);
  };
  const auto finish = [&](long example, long count, long unit, const Lanes (&sums)[4], const float *before) {
    const long at = example * sizes.steps + StepOf(sizes, count), units = hidden - unit;
    const float *const cell_before = Before(sizes, what->initial_cell, what->cell, example, count);
    float *const to = what->hidden + at * hidden + unit, *const cell_to = what->cell + at * hidden + unit;
    if (what->mask[at] == 0.0f) {
      Store(to, Load(before + unit, units), units);
      Store(cell_to, Load(cell_before + unit, units), units);
      return;
    }
    Lanes gates[4];
    const LstmUnits next = LstmOf(sums, Load(cell_before + unit, units), gates);
    Store(cell_to, next.cell, units);
    Store(to, next.hidden, units);
    if (what->gates == nullptr) return;
    for (int gate = 0; gate < 4; gate++) Store(what->gates + (at * 4 + gate) * hidden + unit, gates[gate], units);
  };
  RunSteps<4>(*what, first, last, start, finish);
}

void Gru(const RecurrentForward *what, long first, long last) {
  const RecurrentSizes &sizes = what->sizes;
  const long hidden = sizes.hidden;
  // The reset gate acts on the hidden state's share of the candidate alone, so the input's joins it later.
  const auto start = [&](long at, long unit, Lanes (&sums)[3]) {
    for (int gate = 0; gate < 3; gate++) {
      sums[gate] = Load(what->bias + gate * hidden + unit, hidden - unit);
      if (gate < 2) sums[gate] += Load(what->projected + (at * 3 + gate) * hidden + unit, hidden - unit);
    }
  };
  const auto finish = [&](long example, long count, long unit, const Lanes (&sums)[3], const float *before) {
    const long at = example * sizes.steps + StepOf(sizes, count), units = hidden - unit;
    float *const to = what->hidden + at * hidden + unit;
    const Lanes state = Load(before + unit, units);
    if (what->mask[at] == 0.0f) {
      Store(to, state, units);
      return;
    }
    const Lanes reset = Sigmoid(sums[0]), update = Sigmoid(sums[1]);
    const Lanes candidate = Tanh(Load(what->projected + (at * 3 + 2) * hidden + unit, units) + reset * sums[2]);
    Store(to, candidate + update * (state - candidate), units);
    if (what->gates == nullptr) return;
    const Lanes gates[4] = {reset, update, candidate, sums[2]};
    for (int gate = 0; gate < 4; gate++) Store(what->gates + (at * 4 + gate) * hidden + unit, gates[gate], units);
  };
  RunSteps<3>(*what, first, last, start, finish);
}

// Adds the products of `columns` floats an example, which `from(example)` gives, with packed transposed weights to the rows
// of `to`, one of `width` floats an example.
template <int kVectors, typename From>
inline void AddGradientProducts(long first, long last, long columns, long width, const float *packed, From from, float *to) {
  for (long panel = 0; panel < width / (kVectors * kLanes); panel++) {
    InGroups<TRANSFERKIT_SUMS / kVectors>(first, last, [&](auto rows, long example) {
      const float *factors[decltype(rows)::value];
      Lanes sums[decltype(rows)::value][kVectors];
      float *const place = to + (example - first) * width + panel * kVectors * kLanes;
#pragma GCC unroll 8
      for (int row = 0; row < decltype(rows)::value; row++) {
        factors[row] = from(example + row);
#pragma GCC unroll 8
        for (int vector = 0; vector < kVectors; vector++) sums[row][vector] = Load(place + row * width + vector * kLanes, kLanes);
      }
      AddProducts(factors, columns, packed + panel * columns * kVectors * kLanes, sums);
#pragma GCC unroll 8
      for (int row = 0; row < decltype(rows)::value; row++) {
#pragma GCC unroll 8
        for (int vector = 0; vector < kVectors; vector++) Store(place + row * width + vector * kLanes, sums[row][vector], kLanes);
      }
    });
  }
}

// The steps of a gradient, last first. `step(example, at, count, unit, carried, carried_cell)` gives the gradient of the
// gates at a step and leaves in `carried` what of the hidden state's gradient goes past the product with the weights.
template <int kGates, typename Step>
inline void RunGradient(const RecurrentBackward &what, long first, long last, const float *gradient, float *scratch, Step step) {
  const RecurrentSizes &sizes = what.sizes;
  const long hidden = sizes.hidden, width = Panels(hidden, kGates) * kGates * kLanes;
  float *const carried = scratch, *const carried_cell = scratch + (last - first) * width;
  for (long at = 0; at < 2 * (last - first) * width; at++) scratch[at] = 0.0f;
  for (long count = sizes.steps - 1; count >= 0; count--) {
    const long position = StepOf(sizes, count);
    for (long example = first; example < last; example++) {
      const long at = example * sizes.steps + position;
      const float *const before = Before(sizes, what.initial_hidden, what.hidden, example, count);
      for (long unit = 0; unit < hidden; unit += kLanes) {
        const long units = hidden - unit, place = (example - first) * width + unit;
        Store(what.previous + at * hidden + unit, Load(before + unit, units), units);
        step(example, at, count, unit, carried + place, carried_cell + place);
      }
    }
    const auto from = [&](long example) { return gradient + (example * sizes.steps + position) * kGates * hidden; };
    AddGradientProducts<kGates>(first, last, kGates * hidden, width, what.packed, from, carried);
  }
  for (long example = first; example < last; example++) {
    for (long unit = 0; unit < hidden; unit += kLanes) {
      const long to = example * hidden + unit, place = (example - first) * width + unit;
      Store(what.initial_hidden_gradient + to, Load(carried + place, kLanes), hidden - unit);
      if (what.initial_cell_gradient != nullptr) Store(what.initial_cell_gradient + to, Load(carried_cell + place, kLanes), hidden - unit);
    }
  }
}

// The gradient of some units of an LSTM's step, whose activated gates are at `gates`, one every `hidden` floats: stores that of
// the gates before activation in the same way, and gives that of the cell state before.
inline Lanes LstmUnitsGradient(Lanes dh, Lanes dc, const float *gates, Lanes cell, Lanes cell_before, long hidden, long units, float *to) {
  const Lanes i = Load(gates, units), f = Load(gates + hidden, units), g = Load(gates + 2 * hidden, units), o = Load(gates + 3 * hidden, units);
  const Lanes squashed = Tanh(cell);
  dc += dh * o * (1.0f - squashed * squashed);
  Store(to, dc * g * i * (1.0f - i), units);
  Store(to + hidden, dc * cell_before * f * (1.0f - f), units);
  Store(to + 2 * hidden, dc * i * (1.0f - g * g), units);
  Store(to + 3 * hidden, dh * squashed * o * (1.0f - o), units);
  return dc * f;
}

void LstmGradient(const RecurrentBackward *what, long first, long last, float *scratch) {
  const RecurrentSizes &sizes = what->sizes;
  const long hidden = sizes.hidden;
  const auto step = [&](long example, long at, long count, long unit, float *carried, float *carried_cell) {
    const long units = hidden - unit;
    const Lanes dh = Load(carried, kLanes) + Load(what->hidden_gradient + at * hidden + unit, units);
    Lanes dc = Load(carried_cell, kLanes);
    if (what->cell_gradient != nullptr) dc += Load(what->cell_gradient + at * hidden + unit, units);
    float *const to = what->projected_gradient + at * 4 * hidden + unit;
    if (what->mask[at] == 0.0f) {
      for (int gate = 0; gate < 4; gate++) Store(to + gate * hidden, Lanes{}, units);
      Store(carried, dh, kLanes);
      Store(carried_cell, dc, kLanes);
      return;
    }
    const Lanes cell = Load(what->cell + at * hidden + unit, units), before = Load(Before(sizes, what->initial_cell, what->cell, example, count) + unit, units);
    Store(carried, Lanes{}, kLanes);
    Store(carried_cell, LstmUnitsGradient(dh, dc, what->gates + at * 4 * hidden + unit, cell, before, hidden, units, to), kLanes);
  };
  RunGradient<4>(*what, first, last, what->projected_gradient, scratch, step);
}

void GruGradient(const RecurrentBackward *what, long first, long last, float *scratch) {
  const long hidden = what->sizes.hidden;
  const auto step = [&](long, long at, long, long unit, float *carried, float *) {
    const long units = hidden - unit;
    const Lanes dh = Load(carried, kLanes) + Load(what->hidden_gradient + at * hidden + unit, units);
    float *const to = what->projected_gradient + at * 3 * hidden + unit, *const recurrent_to = what->recurrent_gradient + at * 3 * hidden + unit;
    if (what->mask[at] == 0.0f) {
      for (int gate = 0; gate < 3; gate++) {
        Store(to + gate * hidden, Lanes{}, units);
        Store(recurrent_to + gate * hidden, Lanes{}, units);
      }
      Store(carried, dh, kLanes);
      return;
    }
    const float *const gates = what->gates + at * 4 * hidden + unit;
    const Lanes r = Load(gates, units), z = Load(gates + hidden, units), n = Load(gates + 2 * hidden, units), share = Load(gates + 3 * hidden, units);
    const Lanes state = Load(what->previous + at * hidden + unit, units);
    const Lanes dn = dh * (1.0f - z) * (1.0f - n * n);
    const Lanes gradients[3] = {dn * share * r * (1.0f - r), dh * (state - n) * z * (1.0f - z), dn};
    for (int gate = 0; gate < 3; gate++) {
      Store(to + gate * hidden, gradients[gate], units);
      Store(recurrent_to + gate * hidden, gate < 2 ? gradients[gate] : dn * r, units);
    }
    Store(carried, dh * z, kLanes);
  };
  RunGradient<3>(*what, first, last, what->recurrent_gradient, scratch, step);
}

// Calls `body(row, unit, units)` for the units of all rows, a register of them at a time; `units` is how many are left in the row.
template <typename Body>
inline void EachRegister(long rows, long hidden, Body body) {
  for (long row = 0; row < rows; row++) {
    for (long unit = 0; unit < hidden; unit += kLanes) body(row, unit, hidden - unit);
  }
}

void LstmStep(const float *gates, const float *cell, long rows, long hidden, float *next_hidden, float *next_cell) {
  EachRegister(rows, hidden, [=](long row, long unit, long units) {
    const float *const from = gates + row * 4 * hidden + unit;
    const long at = row * hidden + unit;
    const Lanes next = Sigmoid(Load(from + hidden, units)) * Load(cell + at, units) + Sigmoid(Load(from, units)) * Tanh(Load(from + 2 * hidden, units));
    Store(next_cell + at, next, units);
    Store(next_hidden + at, Sigmoid(Load(from + 3 * hidden, units)) * Tanh(next), units);
  });
}

void LstmStepGradient(const float *hidden_gradient, const float *cell_gradient, const float *gates, const float *cell, long rows, long hidden, float *gates_gradient,
                      float *previous_gradient) {
  EachRegister(rows, hidden, [=](long row, long unit, long units) {
    const float *const from = gates + row * 4 * hidden + unit;
    float *const to = gates_gradient + row * 4 * hidden + unit;
    const long at = row * hidden + unit;
    const Lanes i = Sigmoid(Load(from, units)), f = Sigmoid(Load(from + hidden, units)), g = Tanh(Load(from + 2 * hidden, units));
    const Lanes o = Sigmoid(Load(from + 3 * hidden, units)), before = Load(cell + at, units);
    const Lanes squashed = Tanh(f * before + i * g);
    const Lanes dh = hidden_gradient == nullptr ? Lanes{} : Load(hidden_gradient + at, units);
    Lanes dc = dh * o * (1.0f - squashed * squashed);
    if (cell_gradient != nullptr) dc += Load(cell_gradient + at, units);
    Store(to, dc * g * i * (1.0f - i), units);
    Store(to + hidden, dc * before * f * (1.0f - f), units);
    Store(to + 2 * hidden, dc * i * (1.0f - g * g), units);
    Store(to + 3 * hidden, dh * squashed * o * (1.0f - o), units);
    Store(previous_gradient + at, dc * f, units);
  });
}

// The gates of a GRU's step, activated: reset, update, new.
inline void GruGates(const float *projected, const float *recurrent, long units, long hidden, Lanes (&gates)[3]) {
  for (int gate = 0; gate < 2; gate++) gates[gate] = Sigmoid(Load(projected + gate * hidden, units) + Load(recurrent + gate * hidden, units));
  gates[2] = Tanh(Load(projected + 2 * hidden, units) + gates[0] * Load(recurrent + 2 * hidden, units));
}

void GruStep(const float *projected, const float *recurrent, const float *hidden, long rows, long units, float *next) {
  EachRegister(rows, units, [=](long row, long unit, long left) {
    const long from = row * 3 * units + unit, at = row * units + unit;
    Lanes gates[3];
    GruGates(projected + from, recurrent + from, left, units, gates);
    Store(next + at, gates[2] + gates[1] * (Load(hidden + at, left) - gates[2]), left);
  });
}

void GruStepGradient(const float *gradient, const float *projected, const float *recurrent, const float *hidden, long rows, long units, float *projected_gradient,
                     float *recurrent_gradient, float *hidden_gradient) {
  EachRegister(rows, units, [=](long row, long unit, long left) {
    const long from = row * 3 * units + unit, at = row * units + unit;
    Lanes gates[3];
    GruGates(projected + from, recurrent + from, left, units, gates);
    const Lanes r = gates[0], z = gates[1], n = gates[2], dh = Load(gradient + at, left);
    const Lanes dn = dh * (1.0f - z) * (1.0f - n * n);
    const Lanes gradients[3] = {dn * Load(recurrent + from + 2 * units, left) * r * (1.0f - r), dh * (Load(hidden + at, left) - n) * z * (1.0f - z), dn};
    for (int gate = 0; gate < 3; gate++) {
      Store(projected_gradient + from + gate * units, gradients[gate], left);
      Store(recurrent_gradient + from + gate * units, gate < 2 ? gradients[gate] : dn * r, left);
    }
    Store(hidden_gradient + at, dh * z, left);
  });
}

}  // namespace
#endif  // TRANSFERKIT_LANES
