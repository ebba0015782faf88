import type { FieldPath } from '../recipe/issues.js'
import type { TargetSettings } from '../recipe/target-schema.js'
import type { ResultRow, ResultsHeader } from '../report/results.js'
import type { PlannedStrategy } from './planned-strategies.js'
import type { RecipeFile } from './read-recipe.js'
import type { SourceNetwork } from './source-file.js'

/** A target of an experiment with the strategies that are trained on it. @internal */
export interface PlannedTarget {
  /** Name of the domain, where there are several targets. */
  readonly domain?: string
  /** Where it stands in the recipe. */
  readonly path: FieldPath
  /** Its data and how they are prepared. */
  readonly settings: TargetSettings
  /** The strategies, with the options and settings of this target. */
  readonly strategies: readonly PlannedStrategy[]
  /** Whether TF-IDF with logistic regression is trained beside them. */
  readonly baseline?: boolean
}

/** What one training gave. @internal */
export interface TrialResult {
  /** Its row of the results. */
  readonly row: ResultRow
  /** How many of its private parameters are the classifier's. */
  readonly headParameters: number
}

/** What one training of an experiment gave. @internal */
export interface TrialOutcome extends TrialResult {
  /** What it was trained on. */
  readonly target: PlannedTarget
}

/** Everything that is trained for a recipe, and what is made of it. @internal */
export interface Experiment<Results> {
  /** The recipe. */
  readonly file: RecipeFile
  /** The targets, in order. */
  readonly targets: readonly PlannedTarget[]
  /** The seeds. */
  readonly seeds: readonly number[]
  /** Name of the file with the results, in the run folder. */
  readonly resultsFile: string
  /**
   * The recipe with everything that was decided, in YAML.
   *
   * @param backend The backend that was taken.
   */
  resolved(backend: string): string
  /**
   * What the results file holds.
   *
   * @param header Where and how the results came about.
   * @param outcomes What the trainings gave that are done, in the order of the recipe.
   * @param source The source network.
   */
  collect(header: ResultsHeader, outcomes: readonly TrialOutcome[], source: SourceNetwork): Results
}
