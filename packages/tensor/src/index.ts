export { grad, hessianVectorProduct, innerProduct, valueAndGrad, type ValueAndGradient, valueAndGradWithAuxiliary, type ValueAndGradientWithAuxiliary, vectorJacobianProducts, type WithAuxiliary, withGradient } from './autodiff/grad.js'
export { verifiedCompile } from './compile/verified-compile.js'
export type { BatchTransform, ClassificationTask, Dataset, ExampleData, HostBatch } from './contracts/dataset.js'
export type { Compile, CompileOptions, Precision } from './contracts/compile.js'
export type { ArchitectureDefinition, BackendDefinition, DatasetDefinition, DatasetRequest, Definition, ExampleSet, NetworkTask, OpenBackend } from './contracts/definition.js'
export type { Optimiser, OptimiserResult, OptimiserSettings } from './contracts/optimiser.js'
export type * from './contracts/strategy.js'
export { checkOptions, type OptionsOwner } from './definitions/check-options.js'
export { type BackendDescription, defineBackend } from './definitions/define-backend.js'
export { type DatasetDescription, defineDataset } from './definitions/define-dataset.js'
export { type ArchitectureDescription, defineNetwork } from './definitions/define-network.js'
export { definitionOf } from './definitions/definition-of.js'
export { TransferkitError } from './error.js'
export { acceleratedKernels, type AcceleratedKernel, type AdamStepAttributes, type ConvolutionAttributes, type DropoutMaskAttributes, type Padding, type RandomAttributes, type SgdStepAttributes } from './kernels/accelerated.js'
export { release, scope, type ScopeOptions } from './memory/scope.js'
export { composite, type CompositeDefinition, type RunChild, sequential } from './module/composite.js'
export { fanInUniform, heNormal, heNormalFanOut, type Initialiser, smallNormal } from './module/initialisation.js'
export { layer, type LayerDefinition, type LayerResult, variable } from './module/layer.js'
export {
  averagePoolLayer,
  batchNormLayer,
  type BatchNormOptions,
  convolutionLayer,
  type ConvolutionLayerOptions,
  denseLayer,
  type DenseOptions,
  type DepthwiseConvolutionLayerOptions,
  depthwiseConvolutionLayer,
  dropoutLayer,
  flattenLayer,
  globalAveragePoolLayer,
  identityLayer,
  maxPoolLayer,
  relu6Layer,
  reluLayer,
} from './module/layers.js'
export {
  type Applied,
  inference,
  type InferenceMode,
  type Mode,
  type Module,
  type ModuleDescription,
  type ModuleReplacement,
  modulesInside,
  partMode,
  replaceModules,
  type Taps,
  type TrainingMode,
  trainingMode,
  type Variables,
} from './module/module.js'
export { branchAt, type Network, network, type NetworkDefinition, refineStages, runStages, type Stage, type StageRun, tapShapes, withClasses } from './module/network.js'
export { nearestSpelling } from './nearest-spelling.js'
export { add, type BinaryOp, divide, maximum, minimum, multiply, negate, square, subtract } from './ops/arithmetic.js'
export { batchNormInference, type BatchNormalised, batchNormTraining, type PerChannel } from './ops/batch-normalisation.js'
export { cast, type Comparison, equal, greater, greaterOrEqual, less, logicalAnd, logicalNot, where } from './ops/comparison.js'
export { type BiasedConvolutionOptions, conv2d, conv2dWithCentre, type ConvolutionOptions, depthwiseConv2d, depthwiseConv2dWithCentre, type FilterAxes, type Filters, type ImageAxes, windowCentres } from './ops/convolution.js'
export { booleanTensor, fill, type HostValues, identityMatrix, integerTensor, ones, onesLike, randomNormal, randomUniform, scalar, tensor, zeros, zerosLike } from './ops/creation.js'
export { type AdamStep, descentStep, type DescentStep, type SgdStep } from './ops/descent.js'
export { abs, clip, cos, elu, erf, exp, expm1, gelu, leakyRelu, log, log1p, power, relu, relu6, rsqrt, sigmoid, sign, sin, softplus, sqrt, tanh, type UnaryOp } from './ops/elementwise.js'
export { cumulativeSum, dropout, type DropoutOptions, gather, oneHot } from './ops/indexing.js'
export { matMul } from './ops/matrix-product.js'
export { mix } from './ops/mix.js'
export { averagePool, globalAveragePool, maxPool, type PoolingOptions } from './ops/pooling.js'
export { gruSequence, gruStep, type LstmState, lstmSequence, type LstmSequence, lstmStep, type SequenceOptions, throughPadding } from './ops/recurrent.js'
export { argMax, logSumExp, max, mean, min, type Moments, moments, norm, type Reduced, type ReducedAxes, sum, type WithoutPositions } from './ops/reduction.js'
export { resizeBilinear } from './ops/resize.js'
export { broadcastTo, concat, expandDimensions, identity, pad, type PermutedAxes, reshape, reverse, shapeOf, slice, split, squeeze, stack, stopGradient, tile, transpose, unstack, type WithoutWildcard } from './ops/shape.js'
export { logSoftmax, sigmoidCrossEntropy, softmax, softmaxCrossEntropy } from './ops/softmax.js'
export { type LstmTransferInputs, type LstmTransferSequence, lstmTransferSequence } from './ops/transfer-sequence.js'
export { integerArray, normalArray, permutation, uniformArray } from './random/host.js'
export { derivationOf, foldIn, type Key, type KeyDerivation, randomKey, splitKey, standInKey } from './random/key.js'
export type { Admitted, Axes, AxesIn, Axis, Broadcast, BroadcastAxis, BroadcastKnown, Checked, ConvolutionAxes, DataType, Describe, JoinAxis, MatMulAxes, ShapeError, SizesOf, SlidOver } from './tensor/axes.js'
export { backendName } from './tensor/backend-name.js'
export { expectAxes, type Expectation } from './tensor/guard.js'
export { type HostElements, item, read, readSync } from './tensor/read.js'
export type { AnyTensor, Images, Labels, Logits, Scalar, Shape, Tensor, Vectors } from './tensor/tensor.js'
export {
  type AnyTensorTree,
  type Branch,
  countElements,
  flattenTree,
  isBranch,
  leavesOf,
  mapLeaves,
  mapTree,
  mergeTrees,
  partitionTree,
  type PathAndLeaf,
  subtree,
  type TensorTree,
  type Tree,
  type TreePartition,
  type TreePredicate,
  unflattenTree,
  zipTrees,
} from './tree/tree.js'
