import type { Key, Tensor, TensorTree, Vectors } from '@transferkit/tensor'

/** What a recurrent cell remembers from one step to the next. */
export interface CellState {
  /** The hidden state, which is also the output of the step, `[batch, hiddenSize]`. */
  readonly hidden: Vectors
  /** The cell state of an LSTM, `[batch, hiddenSize]`; left out for a GRU. */
  readonly cell?: Vectors
}

/** States of a recurrent layer over a sequence, by position. A padded step has those of the step before it. */
export interface StatesOverTime {
  /** Hidden states, `[batch, step, hiddenSize]`. */
  readonly hidden: Tensor
  /** Cell states of an LSTM, of the same shape. */
  readonly cell?: Tensor
}

/** One kind of recurrent cell as pure functions; it holds no tensor. */
export interface RecurrentCell {
  /** Which equations it follows. */
  readonly kind: 'lstm' | 'gru'
  /** Size of the hidden state. */
  readonly hiddenSize: number
  /**
   * Makes the parameters `{ input: { weight [inputSize, G·H], bias [G·H] }, hidden: { weight [H, G·H], bias [G·H] } }`, with the gates side by side in
   * PyTorch's order.
   *
   * @param key Source of randomness.
   * @param inputSize Number of channels of the input.
   */
  init(key: Key, inputSize: number): TensorTree
  /**
   * The input's share of all steps, in one product.
   *
   * @param params What {@link RecurrentCell.init} made.
   * @param x `[batch, step, inputSize]`.
   * @returns `[batch, step, G·H]`.
   */
  project(params: TensorTree, x: Tensor): Tensor
  /**
   * One step.
   *
   * @param params What {@link RecurrentCell.init} made.
   * @param projected The input's share of this step, `[batch, G·H]`.
   * @param state State after the step before.
   */
  step(params: TensorTree, projected: Tensor, state: CellState): CellState
  /**
   * All steps at once, where the cell has a faster way than step by step.
   *
   * @param params What {@link RecurrentCell.init} made.
   * @param x `[batch, step, inputSize]`.
   * @param mask `[batch, step]`: 1 where a step is real, 0 where it is padding.
   * @param initial State before the first step.
   * @param reverse Whether the last step comes first.
   */
  sequence?(params: TensorTree, x: Tensor, mask: Tensor, initial: CellState, reverse: boolean): StatesOverTime
  /**
   * The state before the first step: zeros.
   *
   * @param batch Number of examples.
   */
  initialState(batch: number): CellState
}

/** Settings of {@link lstmCell} and {@link gruCell}. */
export interface CellOptions {
  /** Size of the hidden state. */
  readonly hiddenSize: number
  /** Whether the hidden weights of each gate start as a random orthogonal matrix and all biases at 0; false unless told: uniform in ±1/√H, as in PyTorch. */
  readonly orthogonal?: boolean
}
