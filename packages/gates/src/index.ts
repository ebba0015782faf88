export { candidateDefaults, type CandidateDefaults, type CandidateKind, candidateKinds } from './candidate.js'
export { constantGate, gate, type Gate, type GateKind, gateKinds, type GateOptions } from './gate.js'
export { openness, type Openness } from './openness.js'
export { parameterTransferUnit, type ParameterTransferUnit, type ParameterTransferUnitOptions, type UnitResult, type UnitShapes, type UnitStreams } from './parameter-transfer-unit.js'
