import { type ExampleData, TransferkitError } from '@transferkit/tensor'

/** The positions as whole numbers, after checking that each is a position of the data set. */
export const checkedIndices = (indices: readonly number[] | Int32Array, dataset: { readonly name: string; readonly size: number }): Int32Array => {
  for (const index of indices) {
    if (!Number.isInteger(index) || index < 0 || index >= dataset.size) {
      throw new TransferkitError(
        'dataset/index-out-of-range',
        `${dataset.name}: there is no example ${index}; positions are whole numbers from 0 to ${dataset.size - 1}.`,
      )
    }
  }
  return Int32Array.from(indices)
}

export const checkLabels = (labels: ArrayLike<number>, classes: readonly string[], name: string): void => {
  if (new Set(classes).size !== classes.length) {
    const twice = classes.find((label, index) => classes.indexOf(label) !== index)
    throw new TransferkitError('dataset/bad-classes', `${name}: the class ${JSON.stringify(twice)} is named twice. Give every class another name.`)
  }
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index] ?? 0
    if (!Number.isInteger(label) || label < 0 || label >= classes.length) {
      throw new TransferkitError(
        'data/label-out-of-range',
        `${name}: example ${index} has the label ${label}; labels are whole numbers from 0 to ${classes.length - 1} (there are ${classes.length} classes).`,
      )
    }
  }
}

/** Refuses NaN and infinities; bytes and integers cannot hold them. */
export const checkFinite = (inputs: ExampleData, elementsPerExample: number, name: string, firstExample = 0): void => {
  if (!(inputs instanceof Float32Array)) return
  const position = inputs.findIndex((value) => !Number.isFinite(value))
  if (position === -1) return
  throw new TransferkitError(
    'data/not-finite',
    `${name}: example ${firstExample + Math.floor(position / elementsPerExample)} holds ${inputs[position]} (element ${position % elementsPerExample}). ` +
      'Every value must be a finite number: mend or leave out the example.',
  )
}
