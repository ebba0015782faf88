import type { PytorchCode } from '@transferkit/vision'
import type { InputFormat, OutputFormat } from '../convert/format-names.js'

/** Options of commands that read a recipe. @internal */
export interface RecipeArguments {
  readonly dataDir?: string
  readonly backend?: string
}

/** Options of commands that train. @internal */
export interface TrainingArguments extends RecipeArguments {
  readonly compile?: boolean
}

/** Options of commands that write a run folder. @internal */
export interface RunFolderArguments extends TrainingArguments {
  readonly out?: string
  readonly resume?: boolean
  readonly restart?: boolean
  readonly featureCache?: boolean
  readonly precision?: 'float32' | 'bfloat16'
}

/** Options of `compare`. @internal */
export interface CompareArguments extends RunFolderArguments {
  readonly seeds?: readonly number[]
}

/** Options of `run`. @internal */
export interface RunArguments extends RunFolderArguments {
  readonly strategy?: string
  readonly seed?: number
}

/** Options of `pretrain`. @internal */
export interface PretrainArguments extends TrainingArguments {
  readonly out?: string
}

/** Options of `profile`. @internal */
export interface ProfileArguments extends TrainingArguments {
  readonly strategy?: string
  readonly shapes?: boolean
  readonly top: number
}

/** Options of `predict`. @internal */
export interface PredictArguments {
  readonly top: number
  readonly text?: readonly string[]
  readonly source?: string
  readonly plugins?: string
  readonly backend?: string
}

/** Options of `strategies`. @internal */
export interface StrategiesArguments {
  readonly plugins?: string
}

/** Options of `datasets`. @internal */
export interface DatasetsArguments {
  readonly download?: boolean
  readonly dataDir?: string
  readonly plugins?: string
}

/** Options of `runtime`. @internal */
export interface RuntimeArguments {
  readonly install?: boolean
  readonly accelerator: 'cpu' | 'cuda'
  readonly upstream?: boolean
}

/** Options of `convert`. @internal */
export interface ConvertArguments {
  readonly from?: InputFormat
  readonly to?: OutputFormat
  readonly network?: string
  readonly classes?: number
  readonly mean?: readonly number[]
  readonly std?: readonly number[]
  readonly names?: PytorchCode
  readonly fold?: boolean
  readonly force?: boolean
  readonly source?: string
  readonly plugins?: string
  readonly backend?: string
}
