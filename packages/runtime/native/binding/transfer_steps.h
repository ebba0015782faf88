// The arithmetic of an LSTM that is mixed with a source at every step. Included after recurrent_steps.h, for one set of vector instructions.

namespace {

// o a + (1 - o) b, which is exactly a at o = 1 and exactly b at o = 0.
inline Lanes Mix(Lanes opening, Lanes open, Lanes closed) { return opening * open + (1.0f - opening) * closed; }

void TransferLstm(const TransferForward *what, long first, long last, float *scratch) {
  constexpr int kGateRows = TRANSFERKIT_SUMS / 2 < 8 ? TRANSFERKIT_SUMS / 2 : 8;
  const RecurrentSizes &sizes = what->sizes;
  const long hidden = sizes.hidden, branches = what->branches, width = Panels(hidden, 1) * kLanes;
  for (long count = 0; count < sizes.steps; count++) {
    const long step = StepOf(sizes, count);
    const auto at = [&](long example) { return example * sizes.steps + step; };
    const auto before = [&](long example) { return Before(sizes, what->initial_hidden, what->hidden, example, count); };
    const auto state = [&](long branch, long example) { return scratch + (branch * (last - first) + example - first) * width; };
    for (long branch = 0; branch < branches; branch++) {
      const auto start = [&](long example, long unit, Lanes(&sums)[4]) {
        const float *const from = what->projected + (at(example) * branches + branch) * 4 * hidden + unit;
        for (int gate = 0; gate < 4; gate++) sums[gate] = Load(from + gate * hidden, hidden - unit);
      };
      const auto finish = [&](long example, long unit, const Lanes(&sums)[4]) {
        const long units = hidden - unit;
        const long place = branch * hidden + unit, row = branches * hidden;
        const float *const from = count == 0 ? what->initial_cell + example * row : what->cell + (example * sizes.steps + StepOf(sizes, count - 1)) * row;
        const Lanes cell_before = Load(from + place, units);
        Lanes gates[4];
        const LstmUnits next = LstmOf(sums, cell_before, gates);
        Store(state(branch, example) + unit, next.hidden, kLanes);
        Store(what->cell + at(example) * row + place, what->mask[at(example)] == 0.0f ? cell_before : next.cell, units);
        if (what->gates == nullptr) return;
        float *const to = what->gates + (at(example) * branches + branch) * 4 * hidden + unit;
        for (int gate = 0; gate < 4; gate++) Store(to + gate * hidden, gates[gate], units);
      };
      StepProducts<4, TRANSFERKIT_SUMS / 4>(first, last, hidden, what->packed[branch], before, start, finish);
    }
    const auto start = [&](long example, long unit, Lanes(&sums)[2]) {
      const float *const from = what->gate_projected + at(example) * 2 * hidden + unit;
      for (int gate = 0; gate < 2; gate++) sums[gate] = Load(from + gate * hidden, hidden - unit);
    };
    const auto finish = [&](long example, long unit, const Lanes(&sums)[2]) {
      const long units = hidden - unit, place = at(example) * hidden + unit;
      const Lanes tune = Sigmoid(sums[0]), transfer = Sigmoid(sums[1]);
      float *const openings = what->openings + at(example) * 2 * hidden + unit;
      Store(openings, tune, units);
      Store(openings + hidden, transfer, units);
      const Lanes candidate = branches == 2 ? Load(state(1, example) + unit, kLanes) : Load(what->candidate + place, units);
      const Lanes mixed = Mix(transfer, Mix(tune, candidate, Load(what->source + place, units)), Load(state(0, example) + unit, kLanes));
      Store(what->hidden + place, what->mask[at(example)] == 0.0f ? Load(before(example) + unit, units) : mixed, units);
    };
    StepProducts<2, kGateRows>(first, last, hidden, what->packed_gates, [&](long example) -> const float * { return state(0, example); }, start, finish);
  }
}

void TransferLstmGradient(const TransferBackward *what, long first, long last, float *scratch) {
  const RecurrentSizes &sizes = what->sizes;
  const long hidden = sizes.hidden, branches = what->branches, columns = branches * 4 * hidden, width = Panels(hidden, 4) * 4 * kLanes;
  const long size = (last - first) * width;
  // Of the mixture, the target, the candidate, and the cell state of each branch.
  float *const carried = scratch, *const of_target = carried + size, *const of_candidate = of_target + size, *const carried_cell = of_candidate + size;
  for (long place = 0; place < (3 + branches) * size; place++) scratch[place] = 0.0f;
  for (long count = sizes.steps - 1; count >= 0; count--) {
    const long step = StepOf(sizes, count);
    const auto at = [&](long example) { return example * sizes.steps + step; };
    EachRegister(last - first, hidden, [&](long row, long unit, long units) {
      const long example = first + row, from = at(example), to = from * hidden + unit, place = row * width + unit;
      const Lanes dh = Load(carried + place, kLanes) + Load(what->hidden_gradient + to, units);
      Store(what->previous + to, Load(Before(sizes, what->initial_hidden, what->hidden, example, count) + unit, units), units);
      Lanes of_gates[2] = {}, target = {}, dt = {}, dc = {}, ds = {};
      const bool is_real = what->mask[from] != 0.0f;
      if (is_real) {
        const float *const gates = what->gates + from * columns + unit, *const cells = what->cell + from * branches * hidden + unit;
        const auto state = [&](int branch) { return Load(gates + (4 * branch + 3) * hidden, units) * Tanh(Load(cells + branch * hidden, units)); };
        target = state(0);
        const Lanes candidate = branches == 2 ? state(1) : Load(what->candidate + to, units), source = Load(what->source + to, units);
        const float *const openings = what->openings + from * 2 * hidden + unit;
        const Lanes tune = Load(openings, units), transfer = Load(openings + hidden, units);
        const Lanes du = dh * transfer;
        of_gates[0] = du * (candidate - source) * tune * (1.0f - tune);
        of_gates[1] = dh * (Mix(tune, candidate, source) - target) * transfer * (1.0f - transfer);
        dt = dh * (1.0f - transfer);
        dc = du * tune;
        ds = du * (1.0f - tune);
      }
      for (int gate = 0; gate < 2; gate++) Store(what->gate_gradient + (from * 2 + gate) * hidden + unit, of_gates[gate], units);
      Store(what->target + to, target, units);
      Store(what->source_gradient + to, ds, units);
      if (branches == 1) Store(what->candidate_gradient + to, dc, units);
      Store(of_target + place, dt, kLanes);
      Store(of_candidate + place, dc, kLanes);
      Store(carried + place, is_real ? Lanes{} : dh, kLanes);
    });
    AddGradientProducts<4>(first, last, 2 * hidden, width, what->packed_gates, [&](long example) { return what->gate_gradient + at(example) * 2 * hidden; }, of_target);
    for (long branch = 0; branch < branches; branch++) {
      EachRegister(last - first, hidden, [&](long row, long unit, long units) {
        const long example = first + row, from = at(example), place = row * width + unit;
        float *const to = what->projected_gradient + from * columns + branch * 4 * hidden + unit;
        if (what->mask[from] == 0.0f) {
          for (int gate = 0; gate < 4; gate++) Store(to + gate * hidden, Lanes{}, units);
          return;
        }
        const long cells = branches * hidden, in_row = branch * hidden + unit;
        const float *const before = count == 0 ? what->initial_cell + example * cells : what->cell + (example * sizes.steps + StepOf(sizes, count - 1)) * cells;
        const Lanes dh = Load((branch == 0 ? of_target : of_candidate) + place, kLanes), dc = Load(carried_cell + branch * size + place, kLanes);
        const float *const gates = what->gates + from * columns + branch * 4 * hidden + unit;
        const Lanes next = LstmUnitsGradient(dh, dc, gates, Load(what->cell + from * cells + in_row, units), Load(before + in_row, units), hidden, units, to);
        Store(carried_cell + branch * size + place, next, kLanes);
      });
    }
    AddGradientProducts<4>(first, last, columns, width, what->packed, [&](long example) { return what->projected_gradient + at(example) * columns; }, carried);
  }
  EachRegister(last - first, hidden, [&](long row, long unit, long units) {
    const long example = first + row, place = row * width + unit;
    Store(what->initial_hidden_gradient + example * hidden + unit, Load(carried + place, kLanes), units);
    for (long branch = 0; branch < branches; branch++) {
      Store(what->initial_cell_gradient + (example * branches + branch) * hidden + unit, Load(carried_cell + branch * size + place, kLanes), units);
    }
  });
}

}  // namespace
