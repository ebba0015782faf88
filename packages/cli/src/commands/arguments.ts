/** Options of commands that read a recipe. @internal */
export interface RecipeArguments {
  readonly dataDir?: string
  readonly backend?: 'auto' | 'native' | 'wasm' | 'cpu'
}

/** Options of commands that write a run folder. @internal */
export interface RunFolderArguments extends RecipeArguments {
  readonly out?: string
  readonly resume?: boolean
  readonly restart?: boolean
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
export interface PretrainArguments extends RecipeArguments {
  readonly out?: string
}

/** Options of `predict`. @internal */
export interface PredictArguments {
  readonly top: number
  readonly source?: string
  readonly plugins?: string
  readonly backend?: RecipeArguments['backend']
}

/** Options of `strategies`. @internal */
export interface StrategiesArguments {
  readonly plugins?: string
}

/** Options of `datasets`. @internal */
export interface DatasetsArguments {
  readonly download?: boolean
  readonly dataDir?: string
}

/** Options of `runtime`. @internal */
export interface RuntimeArguments {
  readonly install?: boolean
  readonly accelerator: 'cpu' | 'cuda'
  readonly upstream?: boolean
}
