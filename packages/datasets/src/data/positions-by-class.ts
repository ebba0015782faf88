import { TransferkitError } from '@transferkit/tensor'

/** What splits need to know of a data set. */
export interface LabelledSet {
  readonly name: string
  readonly task: { readonly classes: readonly string[] }
  readonly labels: Int32Array
}

/** Positions of the examples of each class, in order. Every class must have as many examples as needed. */
export const positionsByClass = ({ name, task, labels }: LabelledSet, needed: number, purpose: string): readonly (readonly number[])[] => {
  const positions = task.classes.map((): number[] => [])
  labels.forEach((label, position) => positions[label]?.push(position))
  positions.forEach((members, label) => {
    if (members.length < needed) {
      throw new TransferkitError(
        'dataset/too-few-examples',
        `${name}: class ${JSON.stringify(task.classes[label])} has ${members.length === 0 ? 'no examples' : `${members.length} example${members.length === 1 ? '' : 's'}`}, ` +
          `and ${purpose} needs ${needed} of every class. Add examples, or leave the class out.`,
      )
    }
  })
  return positions
}
