export { type GradientCheck, type GradientReport, checkGradients } from './gradient-check.js'
export { differentiableOps, type DifferentiableOp } from './differentiable-ops.js'
export { closeTo, expectClose, type Tolerance, type Values } from './close.js'
export { liveTensors } from './live-tensors.js'
