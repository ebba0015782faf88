import { openness } from '@transferkit/gates'
import { type Inspection, type Labels, readSync, type Tensor } from '@transferkit/tensor'

/** Features are counted as closed whose mean opening is below one of these. */
const thresholds = [0.1, 0.25, 0.5]

/** Number of features that are shown one by one. */
const shown = 16

/** Mean opening of every feature over the examples of each class that there is, in the order of the classes. */
const meansByClass = (opening: Tensor, labels: Labels, classes: readonly string[]): readonly (readonly [name: string, means: readonly number[]])[] => {
  const [values, classOf] = [readSync(opening), [...readSync(labels)]]
  const width = opening.shape.at(-1) ?? 0
  return classes.flatMap((name, position) => {
    const rows = classOf.flatMap((label, row) => (label === position ? [row] : []))
    const meanOf = (feature: number): number => rows.reduce((total, row) => total + (values[row * width + feature] ?? 0), 0) / rows.length
    return rows.length === 0 ? [] : [[name, Array.from({ length: width }, (_, feature) => meanOf(feature))] as const]
  })
}

/**
 * What there is to see of a feature gate: how far it opens and how differently, which share of the features it closes for each class, and the features
 * whose opening differs most between classes.
 *
 * A gate whose opening is the same for every example and feature is dead, and the titles say so.
 *
 * @param tap Where the gate stands.
 * @param opening Opening by example and feature.
 * @param labels Classes of the examples.
 * @param classes Names of the classes.
 */
export const inspectFeatureGate = (tap: string, opening: Tensor, labels: Labels, classes: readonly string[]): readonly Inspection[] => {
  const { mean, spread } = openness(opening)
  const warning = spread > 0 ? '' : '. Warning: the gate is dead, because all its hidden units are 0; lower the learning rate or raise minimumHiddenUnits'
  const byClass = meansByClass(opening, labels, classes)
  const rangeOf = (feature: number): number => {
    const means = byClass.map(([, openings]) => openings[feature] ?? 0)
    return Math.max(...means) - Math.min(...means)
  }
  const features = Array.from({ length: opening.shape.at(-1) ?? 0 }, (_, feature) => feature)
  const telling = [...features].sort((a, b) => rangeOf(b) - rangeOf(a)).slice(0, shown)
  const closed = (openings: readonly number[]): Record<string, number> =>
    Object.fromEntries(thresholds.map((threshold) => [`below ${threshold}`, openings.filter((value) => value < threshold).length / openings.length]))
  return [
    { name: 'gate-openness', title: `How far the gate is open${warning}`, rowAxis: 'tap', valueAxis: 'mean opening, 0 to 1', series: { 'feature gate': { [tap]: mean } } },
    { name: 'gate-spread', title: `How differently the gate opens${warning}`, rowAxis: 'tap', valueAxis: 'standard deviation of the opening', series: { 'feature gate': { [tap]: spread } } },
    {
      name: 'closed-features',
      title: 'How many features the gate closes, by class',
      rowAxis: 'mean opening',
      valueAxis: 'share of the features, 0 to 1',
      series: Object.fromEntries(byClass.map(([name, openings]) => [name, closed(openings)])),
    },
    {
      name: 'telling-features',
      title: 'The features whose opening differs most between classes',
      rowAxis: 'feature',
      valueAxis: 'mean opening, 0 to 1',
      series: Object.fromEntries(byClass.map(([name, openings]) => [name, Object.fromEntries(telling.map((feature) => [`feature ${feature}`, openings[feature] ?? 0]))])),
    },
  ]
}
