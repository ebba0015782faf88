import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { acceleratedKernels as name } from '@transferkit/tensor'
import { kernel } from '../kernel-arguments.js'
import type { Kernels } from '../registration.js'
import { flag, floatType } from './attributes.js'
import type { NativeBackend } from './backend.js'
import { release, reshape, withOptional } from './operations.js'

interface ForwardAttributes {
  /** Whether the last step comes first. */
  readonly reverse: boolean
  /** Whether the gradient will need the gates. */
  readonly keepsGates: boolean
}

interface GradientAttributes {
  /** Whether the last step comes first. */
  readonly reverse: boolean
}

/** Runs one of our operations on a sequence. */
const overSequence = (backend: NativeBackend, operation: string, { reverse, keepsGates = false }: GradientAttributes & Partial<ForwardAttributes>, inputs: readonly TensorInfo[], outputs: number): Tensor[] =>
  backend.executeMultipleOutputs(operation, [flag(backend.binding, 'reverse', reverse), flag(backend.binding, 'keep_gates', keepsGates)], inputs, outputs)

/** Runs a function with tensors as matrices of one row a step; the matrices go afterwards. */
const asRows = <T>(backend: NativeBackend, tensors: readonly TensorInfo[], run: (...rows: readonly Tensor[]) => T): T => {
  const rows = tensors.map((tensor) => reshape(backend, tensor, [-1, tensor.shape.at(-1) ?? 1]))
  try {
    return run(...rows)
  } finally {
    release(rows)
  }
}

/** `Aᵀ B` of the rows of all steps. */
const weightGradient = (backend: NativeBackend, previous: TensorInfo, gradient: TensorInfo): Tensor =>
  asRows(backend, [previous, gradient], (...rows) =>
    backend.executeSingleOutput('MatMul', [floatType(backend.binding, 'T'), flag(backend.binding, 'transpose_a', true), flag(backend.binding, 'transpose_b', false)], rows),
  )

/** Sum over all steps. */
const biasGradient = (backend: NativeBackend, gradient: TensorInfo): Tensor =>
  asRows(backend, [gradient], (...rows) =>
    backend.executeSingleOutput('BiasAddGrad', [floatType(backend.binding, 'T')], rows),
  )

const lstmSequence = kernel<NativeBackend, 'projected' | 'hiddenWeight' | 'mask' | 'initialHidden' | 'initialCell', ForwardAttributes>(
  ({ projected, hiddenWeight, mask, initialHidden, initialCell }, attributes, backend) =>
    overSequence(backend, 'TransferkitLstm', attributes, [projected, hiddenWeight, mask, initialHidden, initialCell], 3),
)

type LstmGradientInput = 'hiddenGradient' | 'hiddenWeight' | 'mask' | 'initialHidden' | 'initialCell' | 'hidden' | 'cell' | 'gates'

const lstmSequenceGradient = kernel<NativeBackend, LstmGradientInput, GradientAttributes>((inputs, attributes, backend) => {
  const { hiddenGradient, hiddenWeight, mask, initialHidden, initialCell, hidden, cell, gates } = inputs
  // The one input that may be left out.
  const { cellGradient } = inputs as { readonly cellGradient?: TensorInfo }
  const results = withOptional(backend, cellGradient, (given) =>
    overSequence(backend, 'TransferkitLstmGradient', attributes, [hiddenGradient, given, hiddenWeight, mask, initialHidden, initialCell, hidden, cell, gates], 4),
  )
  // As many as were asked for.
  const [projectedGradient, initialHiddenGradient, initialCellGradient, previous] = results as [Tensor, Tensor, Tensor, Tensor]
  const hiddenWeightGradient = weightGradient(backend, previous, projectedGradient)
  release([previous])
  return [projectedGradient, hiddenWeightGradient, initialHiddenGradient, initialCellGradient]
})

const gruSequence = kernel<NativeBackend, 'projected' | 'hiddenWeight' | 'hiddenBias' | 'mask' | 'initialHidden', ForwardAttributes>(
  ({ projected, hiddenWeight, hiddenBias, mask, initialHidden }, attributes, backend) =>
    overSequence(backend, 'TransferkitGru', attributes, [projected, hiddenWeight, hiddenBias, mask, initialHidden], 2),
)

const gruSequenceGradient = kernel<NativeBackend, 'hiddenGradient' | 'hiddenWeight' | 'mask' | 'initialHidden' | 'hidden' | 'gates', GradientAttributes>(
  ({ hiddenGradient, hiddenWeight, mask, initialHidden, hidden, gates }, attributes, backend) => {
    const results = overSequence(backend, 'TransferkitGruGradient', attributes, [hiddenGradient, hiddenWeight, mask, initialHidden, hidden, gates], 4)
    // As many as were asked for.
    const [projectedGradient, recurrentGradient, initialHiddenGradient, previous] = results as [Tensor, Tensor, Tensor, Tensor]
    const hiddenWeightGradient = weightGradient(backend, previous, recurrentGradient)
    const hiddenBiasGradient = biasGradient(backend, recurrentGradient)
    release([previous, recurrentGradient])
    return [projectedGradient, hiddenWeightGradient, hiddenBiasGradient, initialHiddenGradient]
  },
)

/** The inputs that both kernels of an LSTM that is mixed with a source have, in the order of our operations; candidates may be left out. */
const transferInputs = <T>(backend: NativeBackend, inputs: Readonly<Record<TransferInput, TensorInfo>>, run: (inputs: readonly TensorInfo[]) => T): T => {
  const { hiddenWeight, gateWeight, source, mask, initialHidden, initialCell } = inputs
  // The one input that may be left out.
  const { candidate } = inputs as { readonly candidate?: TensorInfo }
  return withOptional(backend, candidate, (given) => run([hiddenWeight, gateWeight, source, given, mask, initialHidden, initialCell]))
}

type TransferInput = 'hiddenWeight' | 'gateWeight' | 'source' | 'mask' | 'initialHidden' | 'initialCell'

const lstmTransferSequence = kernel<NativeBackend, 'projected' | 'gateProjected' | TransferInput, ForwardAttributes>((inputs, attributes, backend) => {
  const { projected, gateProjected } = inputs
  return transferInputs(backend, inputs, (given) => overSequence(backend, 'TransferkitTransferLstm', attributes, [projected, gateProjected, ...given], 4))
})

const lstmTransferSequenceGradient = kernel<NativeBackend, 'hiddenGradient' | 'hidden' | 'cell' | 'openings' | 'gates' | TransferInput, GradientAttributes>((inputs, attributes, backend) => {
  const { hiddenGradient, hidden, cell, openings, gates } = inputs
  const results = transferInputs(backend, inputs, (given) => overSequence(backend, 'TransferkitTransferLstmGradient', attributes, [hiddenGradient, ...given, hidden, cell, openings, gates], 8))
  // As many as were asked for.
  const [projectedGradient, gateProjectedGradient, sourceGradient, candidateGradient, initialHiddenGradient, initialCellGradient, previous, target] = results as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
  const hiddenWeightGradient = weightGradient(backend, previous, projectedGradient)
  const gateWeightGradient = weightGradient(backend, target, gateProjectedGradient)
  const hasCandidate = 'candidate' in inputs
  release([previous, target, ...(hasCandidate ? [] : [candidateGradient])])
  return [
    ...[projectedGradient, hiddenWeightGradient, gateProjectedGradient, gateWeightGradient, sourceGradient, initialHiddenGradient, initialCellGradient],
    ...(hasCandidate ? [candidateGradient] : []),
  ]
})

const lstmStep = kernel<NativeBackend, 'preactivations' | 'cell', object>(({ preactivations, cell }, _, backend) =>
  backend.executeMultipleOutputs('TransferkitLstmStep', [], [preactivations, cell], 2),
)

const lstmStepGradient = kernel<NativeBackend, 'preactivations' | 'cell', object>((inputs, _, backend) => {
  const { preactivations, cell } = inputs
  // The inputs that may be left out.
  const { hiddenGradient, cellGradient } = inputs as { readonly hiddenGradient?: TensorInfo; readonly cellGradient?: TensorInfo }
  return withOptional(backend, hiddenGradient, (ofHidden) =>
    withOptional(backend, cellGradient, (ofCell) => backend.executeMultipleOutputs('TransferkitLstmStepGradient', [], [ofHidden, ofCell, preactivations, cell], 2)),
  )
})

const gruStep = kernel<NativeBackend, 'projected' | 'recurrent' | 'hidden', object>(({ projected, recurrent, hidden }, _, backend) =>
  backend.executeSingleOutput('TransferkitGruStep', [], [projected, recurrent, hidden]),
)

const gruStepGradient = kernel<NativeBackend, 'outputGradient' | 'projected' | 'recurrent' | 'hidden', object>(({ outputGradient, projected, recurrent, hidden }, _, backend) =>
  backend.executeMultipleOutputs('TransferkitGruStepGradient', [], [outputGradient, projected, recurrent, hidden], 3),
)

/**
 * Recurrent layers by our own operations, on all steps at once or on one.
 *
 * @param backend The native backend.
 * @returns Nothing where the binding, the processor or the device does not have them. @internal
 */
export const recurrentKernels = ({ binding, isUsingGpuDevice }: NativeBackend): Kernels =>
  binding.hasRecurrent !== true || isUsingGpuDevice
    ? {}
    : {
        [name.lstmSequence]: lstmSequence,
        [name.lstmSequenceGradient]: lstmSequenceGradient,
        [name.gruSequence]: gruSequence,
        [name.gruSequenceGradient]: gruSequenceGradient,
        [name.lstmTransferSequence]: lstmTransferSequence,
        [name.lstmTransferSequenceGradient]: lstmTransferSequenceGradient,
        [name.lstmStep]: lstmStep,
        [name.lstmStepGradient]: lstmStepGradient,
        [name.gruStep]: gruStep,
        [name.gruStepGradient]: gruStepGradient,
      }
