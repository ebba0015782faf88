import type { ParameterGroup } from '@transferkit/tensor'
import { constantGate, gate, type Gate, type GateOptions } from './gate.js'

/** Gates that are held open instead of learned; from 0 (closed) to 1 (open), one number for all units or one by the name of a unit's place. */
export interface GateOverride {
  /** Opening of the transfer gate `z`. */
  readonly transfer?: number | Readonly<Record<string, number>>
  /** Opening of the fine-tune gate `f`. */
  readonly fineTune?: number | Readonly<Record<string, number>>
}

/**
 * The gate of the unit at a place: held where an override says so, and then without parameters, else learned.
 *
 * @param place Name of the unit's place, such as the tap behind which it stands.
 * @param override One opening for all units, or openings by place, from 0 (closed) to 1 (open).
 * @param options Settings of a learned gate.
 * @returns A {@link constantGate} or a {@link gate}.
 * @throws TransferkitError `gate/kernel-size`, of a learned gate, as {@link gate} throws it.
 *
 * @example
 * ```ts
 * import { heldOrLearnedGate } from '@transferkit/gates'
 *
 * heldOrLearnedGate('stage1', { stage1: 1 }, { kind: 'pointwise' }).kind // 'constant'
 * heldOrLearnedGate('stage2', { stage1: 1 }, { kind: 'pointwise' }).kind // 'pointwise'
 * ```
 */
export const heldOrLearnedGate = (place: string, override: GateOverride['transfer'], options: GateOptions): Gate => {
  const held = typeof override === 'object' ? override[place] : override
  return held === undefined ? gate(options) : constantGate(held)
}

/**
 * Parameter groups of units whose parameters stand under `units`: gates learn at a rate of their own, and their biases are not pulled to 0, which would open and
 * close gates by itself (our choice).
 *
 * @param gateLearningRate Factor on the learning rate of the gates.
 * @returns The group of a parameter by its dotted path, for `parameterGroup` of a program; `{}`, the optimiser's own settings, for all that is no gate.
 *
 * @example
 * ```ts
 * import { gateGroups } from '@transferkit/gates'
 *
 * gateGroups(10)('units.stage1.transferGate.bias') // { learningRate: 10, weightDecay: 0 }
 * gateGroups(10)('stage1.convolution.filter') // {}
 * ```
 */
export const gateGroups =
  (gateLearningRate: number) =>
  (path: string): ParameterGroup => {
    if (!/^units\..*\.(transferGate|fineTuneGate)\./.test(path)) return {}
    return { learningRate: gateLearningRate, ...(path.endsWith('.bias') ? { weightDecay: 0 } : {}) }
  }
