export { adaptNetwork, type AdapterPlan } from './adapters/adapt-network.js'
export { type AdapterKind, type AdapterSettings, isAdapterPath } from './adapters/adapted-convolution.js'
export { withBias as convolutionWithBias } from './adapters/convolution-settings.js'
export { type ConvolutionPlace, convolutionsOf, selectConvolutions } from './adapters/convolutions.js'
export { foldAdapters } from './adapters/fold-adapters.js'
export { type DecathlonImages, type DecathlonPreprocessing, decathlonPreprocessing, type DecathlonTransform } from './decathlon/preprocessing.js'
export { type DecathlonDomain, type DecathlonDomainFacts, decathlonDomains, type DecathlonEvidence, decathlonReferences, type DecathlonRow, decathlonTable, publishedAccuracies } from './decathlon/published.js'
export { type DecathlonScore, decathlonScore, type DomainAccuracies } from './decathlon/score.js'
export { adapterAllocation, type StageAllocation } from './domains/adapter-allocation.js'
export { compressAdapters, type CompressedConvolution, type CompressedDomains, type CompressedStrategy, type CompressionOptions, type EnergyChoice, type RankChoice } from './domains/compress-adapters.js'
export { compressedAdapters, type CompressedAdaptersOptions } from './domains/compressed-adapters.js'
export { type DomainSetBytes, loadDomains, type LoadDomainsOptions, saveDomains } from './domains/domain-file.js'
export { addDomain, describeDomains, domainModel, type DomainRow, domainSet, type DomainSet, releaseDomains, removeDomain, renameDomain, totalMultipleOfBase } from './domains/domain-set.js'
export { fineTuneDomain, type FineTuneDomainSettings, type FineTunedDomain } from './domains/fine-tune-domain.js'
export { exportDomains, importDomains, type ImportDomainsOptions, type OfficialDomain } from './domains/official-checkpoint.js'
export type { DomainStepEnd, DomainTask, DomainTrainingEvent, DomainTrainingStart, TrainDomainsOptions, TrainedDomains } from './domains/train-domains-options.js'
export { trainDomains } from './domains/train-domains.js'
export { foldBatchNorms, type FoldedNetwork } from './folding/fold-batch-norms.js'
export { cifarResnet, type CifarResnetOptions, tinyImagenetResnet, type TinyImagenetResnetOptions } from './networks/cifar-resnet.js'
export { digitNetwork } from './networks/digit-network.js'
export { lenet } from './networks/lenet.js'
export { mobilenetV1, type MobilenetV1Options } from './networks/mobilenet-v1.js'
export { type InvertedResidualGroup, mobilenetV2, type MobilenetV2Options } from './networks/mobilenet-v2.js'
export type { NetworkOptions } from './networks/network-options.js'
export { type NetworkFactory, networks } from './networks/networks.js'
export type { Rectifier } from './networks/rectifier.js'
export { resnet18, resnet34, resnet50, type ResnetOptions } from './networks/resnet.js'
export { resnet26, type Resnet26Options } from './networks/resnet26.js'
export { vgg9, type Vgg9Options } from './networks/vgg9.js'
export { classesOfPytorch, comparePytorch, type MisshapenTensor, type PytorchComparison } from './pytorch/compare.js'
export { type PytorchCode, pytorchNames } from './pytorch/names.js'
export { type PytorchGuess, recognisePytorch } from './pytorch/recognise.js'
export type { PytorchNames } from './pytorch/renaming.js'
export { type ResidualAdapterCode, residualAdapterNames } from './pytorch/residual-adapter-names.js'
export { exportPytorch, importPytorch } from './pytorch/weights.js'
export type { AdapterOptions, AdapterWeightDecay } from './strategies/adapter-options.js'
export { gtn } from './strategies/gtn.js'
export type { GtnOptions } from './strategies/gtn-options.js'
export { parallelAdapters, type ParallelAdaptersOptions } from './strategies/parallel-adapters.js'
export { ptu } from './strategies/ptu.js'
export type { PtuOptions } from './strategies/ptu-options.js'
export { seriesAdapters, type SeriesAdaptersOptions } from './strategies/series-adapters.js'
export { visionStrategies } from './strategies/vision-strategies.js'
export {
  type ExportedLayersModel,
  exportLayersModel,
  type ExportLayersOptions,
  type KerasConfig,
  type KerasEnd,
  type KerasModel,
  type KerasTopology,
  type LayersModelJson,
  type ManifestGroup,
  type ManifestWeight,
  type ModelMetadata,
} from './tfjs/export-layers-model.js'
export { importTfjsModel, type TfjsModel } from './tfjs/import-model.js'
export type { KerasLayer } from './tfjs/layers-writer.js'
export { tfjsWeightPaths } from './tfjs/model-json.js'
