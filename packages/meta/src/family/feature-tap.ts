import { nearestSpelling, TransferkitError } from '@transferkit/tensor'
import { type FeatureShapes, stageTaps } from '../matching/feature-shapes.js'

/** A tap that gives one vector an example, and how many numbers that is. @internal */
export interface FeatureTap {
  readonly tap: string
  readonly width: number
}

/** The tap of the target model that is called so, or the last stage that gives vectors; an error names the nearest. @internal */
export const featureTap = (strategy: string, shapes: FeatureShapes, wanted: string | undefined): FeatureTap => {
  const vectors = Object.keys(shapes).filter((name) => shapes[name]?.length === 1)
  const tap = wanted ?? stageTaps(shapes).findLast((name) => vectors.includes(name))
  const [width] = vectors.includes(tap ?? '') ? (shapes[tap ?? ''] ?? []) : []
  if (tap !== undefined && width !== undefined) return { tap, width }
  const nearest = nearestSpelling(tap ?? '', vectors)
  throw new TransferkitError(
    `${strategy}/no-feature`,
    `Strategy '${strategy}'${wanted === undefined ? ': the target model has no tap that gives one vector an example' : `, option 'tap': the target model has no tap '${wanted}' that gives one vector an example`}.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`} Its taps with vectors are: ${vectors.join(', ') || 'none'}.`,
  )
}
