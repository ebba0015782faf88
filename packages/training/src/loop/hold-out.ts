import { type Dataset, foldIn, type Key, permutation, TransferkitError } from '@transferkit/tensor'

/** Some examples of a data set as a data set. */
const part = (dataset: Dataset, name: string, positions: Int32Array): Dataset => {
  const own = new Map(Array.from(positions, (position, index) => [position, index]))
  return {
    ...dataset,
    name: `${dataset.name}/${name}`,
    size: positions.length,
    labels: positions.map((position) => dataset.labels[position] ?? 0),
    read: async (indices) => {
      const batch = await dataset.read(Int32Array.from(indices, (index) => positions[index] ?? -1))
      return { ...batch, indices: Int32Array.from(indices) }
    },
    ...(dataset.order !== undefined && {
      order: (key, batchSize) => Int32Array.from(Array.from(dataset.order?.(key, batchSize) ?? []).flatMap((position) => own.get(position) ?? [])),
    }),
  }
}

/** A data set in two parts. @internal */
export interface HeldOut {
  readonly training: Dataset
  readonly validation: Dataset
}

/**
 * Holds out a fraction of each class for validation, chosen at random; at least one example of a class stays on either side where it has two.
 *
 * @throws TransferkitError `training/validation-fraction` when the fraction is not between 0 and 1.
 * @internal
 */
export const holdOut = (dataset: Dataset, fraction: number, key: Key): HeldOut => {
  if (!(fraction > 0 && fraction < 1)) throw new TransferkitError('training/validation-fraction', `A validation fraction is a number between 0 and 1, not ${fraction}.`)
  const byClass = new Map<number, number[]>()
  dataset.labels.forEach((label, position) => {
    const positions = byClass.get(label)
    if (positions === undefined) byClass.set(label, [position])
    else positions.push(position)
  })
  const held = new Set<number>()
  for (const [label, positions] of byClass) {
    const count = Math.min(positions.length - 1, Math.max(1, Math.round(positions.length * fraction)))
    const order = permutation(foldIn(key, label), positions.length)
    for (const index of order.subarray(0, count)) held.add(positions[index] ?? 0)
  }
  const positions = Int32Array.from({ length: dataset.size }, (_, index) => index)
  return {
    training: part(dataset, 'training', positions.filter((position) => !held.has(position))),
    validation: part(dataset, 'validation', positions.filter((position) => held.has(position))),
  }
}
