import type { DecathlonResults } from './decathlon-results.js'
import type { Results } from './results.js'

/** The loss of one training step. */
export interface CurvePoint {
  /** Number of the step, from 1. */
  readonly step: number
  /** Loss of its batch. */
  readonly loss: number
}

/** What was seen at one step. */
export interface InspectionPoint {
  /** Number of the step after which it was seen. */
  readonly step: number
  /** Numbers by series (a gate) and row (a stage). */
  readonly series: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** Which training something was recorded in. */
export interface RecordedTraining {
  /** Name of the domain, where there are several. */
  readonly domain?: string
  /** Name of the entry in the recipe. */
  readonly name: string
  /** The seed. */
  readonly seed: number
}

/** The training loss of one strategy with one seed. */
export interface TrainingCurve extends RecordedTraining {
  /** Loss of the batch at each step. */
  readonly points: readonly CurvePoint[]
}

/** What a strategy let one see of itself during a training, such as how far its gates are open. */
export interface InspectionHistory extends RecordedTraining {
  /** Stable name of the inspection, such as `gate-openness`. */
  readonly inspection: string
  /** Title for a person. */
  readonly title: string
  /** What a row is, such as `stage`. */
  readonly rowAxis: string
  /** Unit and range of the numbers. */
  readonly valueAxis: string
  /** Numbers by series (a gate) and row (a stage), step by step. */
  readonly points: readonly InspectionPoint[]
}

/** What a report shows beside results. */
export interface RunRecords {
  /** Training losses, for the learning curves. */
  readonly curves: readonly TrainingCurve[]
  /** What strategies let one see of themselves. */
  readonly inspections: readonly InspectionHistory[]
  /** The resolved recipe, in YAML. */
  readonly recipe: string
  /** How and where it was run, by label, in this order. */
  readonly environment: Readonly<Record<string, string>>
}

/** Everything that the report of a comparison shows. */
export interface ReportContents extends RunRecords {
  /** The results. */
  readonly results: Results
}

/** Everything that the report of a decathlon shows. */
export interface DecathlonReportContents extends RunRecords {
  /** The results. */
  readonly results: DecathlonResults
}
