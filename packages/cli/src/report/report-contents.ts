import type { InspectedExample } from '@transferkit/tensor'
import type { DecathlonResults } from './decathlon-results.js'
import type { Results } from './results.js'

/** Loss and accuracy after one training step. */
export interface CurvePoint {
  /** Number of the step, from 1. */
  readonly step: number
  /** Loss of its batch, or of the validation set. */
  readonly loss: number
  /** Accuracy of its batch or on the validation set, from 0 to 1; absent where it is not known. */
  readonly accuracy?: number
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

/** How one strategy learned with one seed. */
export interface TrainingCurve extends RecordedTraining {
  /** Loss and accuracy of the batch at each step. */
  readonly points: readonly CurvePoint[]
  /** Loss and accuracy on the validation set at the end of each epoch; absent where there is none. */
  readonly validation?: readonly CurvePoint[]
}

/** A text or pair of texts that a strategy was looked at on, one number a token, such as how far a gate opens at each word: what it says, and the class it got. */
export interface SentenceExample extends InspectedExample {
  /** Its words, as many and in the same order as {@link InspectedExample.tokens}, which are their ids; absent where the vocabulary was not at hand. */
  readonly words?: readonly string[]
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
  /** How it is best drawn: as lines unless told, or as cells coloured by value. */
  readonly kind?: 'lines' | 'heat-map'
  /** The one example that the last point is about, where rows are positions in a sequence of tokens, counted from 1. */
  readonly example?: SentenceExample
}

/** What a report shows beside results. */
export interface RunRecords {
  /** How the trainings went, for the learning curves. */
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
