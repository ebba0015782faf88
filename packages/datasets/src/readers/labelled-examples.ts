import { nearestSpelling, TransferkitError } from '@transferkit/tensor'

/** Labelled texts, or pairs of texts, with the names of their classes. */
export interface LabelledExamples {
  /** The texts, in the order of the file. */
  readonly texts: readonly string[]
  /** The second text of each example, where they are pairs. */
  readonly secondTexts?: readonly string[]
  /** Names of the classes: those given, or all labels of the file in the order of their characters. */
  readonly classes: readonly string[]
  /** One label an example, as a position in `classes`. */
  readonly labels: Int32Array
}

/** An example of a file and its place there, for messages. */
export interface LabelledExample {
  readonly place: string
  readonly text: string
  readonly secondText?: string | undefined
  readonly label: string
}

/** Examples side by side; labels become positions in `classes`, or in the sorted list of the labels found. */
export const labelledExamples = async (examples: AsyncIterable<LabelledExample>, given: readonly string[] | undefined, paired: boolean): Promise<LabelledExamples> => {
  const texts: string[] = []
  const secondTexts: string[] = []
  const found: string[] = []
  const positions = given === undefined ? undefined : new Map(given.map((name, position) => [name, position]))
  for await (const { place, text, secondText, label } of examples) {
    if (positions === undefined && label.trim() === '') throw new TransferkitError('data/bad-line', `${place}: the label is empty. Write one, or take the example out.`)
    if (positions?.has(label) === false) throw unknownLabel(place, label, given ?? [])
    texts.push(text)
    if (secondText !== undefined) secondTexts.push(secondText)
    found.push(label)
  }
  const classes = given ?? [...new Set(found)].sort()
  const order = positions ?? new Map(classes.map((name, position) => [name, position]))
  return { texts, ...(paired ? { secondTexts } : {}), classes, labels: Int32Array.from(found, (label) => order.get(label) ?? 0) }
}

const unknownLabel = (place: string, label: string, classes: readonly string[]): TransferkitError => {
  const meant = nearestSpelling(label, classes)
  return new TransferkitError(
    'data/label-out-of-range',
    `${place}: the label ${JSON.stringify(label)} is not one of ${classes.slice(0, 12).join(', ')}${classes.length > 12 ? ', ...' : ''}.${meant === undefined ? '' : ` Did you mean ${JSON.stringify(meant)}?`}`,
  )
}
