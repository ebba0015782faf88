import { foldIn, randomKey, uniformArray } from '@transferkit/tensor'
import type { NextWordDataset } from './train-language-model.js'

/** Probability of each word after each word: a source whose entropy is known. */
export const transitions: readonly (readonly number[])[] = [
  [0.7, 0.2, 0.1],
  [0.1, 0.1, 0.8],
  [0.5, 0.4, 0.1],
]

/** Id of the first word; 0 is padding and 1 the unknown word. */
export const firstClassToken = 2

const drawn = (probabilities: readonly number[], uniform: number): number => {
  let [word, sum] = [0, probabilities[0] ?? 1]
  while (uniform > sum && word < probabilities.length - 1) sum += probabilities[++word] ?? 0
  return word
}

/** Words of texts that the source makes; each begins with a word of its own choice. */
export const bigramTexts = (seed: number, count: number, length: number): readonly (readonly number[])[] =>
  Array.from({ length: count }, (_, text) => {
    const uniform = uniformArray(foldIn(randomKey(seed), text), length, 0, 1)
    const words: number[] = [text % transitions.length]
    for (let place = 1; place < length; place++) words.push(drawn(transitions[words[place - 1] ?? 0] ?? [], uniform[place] ?? 0))
    return words
  })

/** Texts of words as rows: all but the last word, which is the label. Shorter texts are padded. */
export const nextWordRows = (texts: readonly (readonly number[])[], name = 'bigrams'): NextWordDataset => {
  const longest = Math.max(...texts.map(({ length }) => length)) - 1
  const labels = Int32Array.from(texts, (words) => words.at(-1) ?? 0)
  return {
    specVersion: 1,
    name,
    task: { kind: 'classification', classes: transitions.map((_, word) => `word ${word}`) },
    size: texts.length,
    exampleShape: [longest],
    labels,
    firstClassToken,
    read: (indices) => {
      const inputs = new Int32Array(indices.length * longest)
      Array.from(indices).forEach((text, row) => {
        inputs.set((texts[text] ?? []).slice(0, -1).map((word) => word + firstClassToken), row * longest)
      })
      return { inputs, shape: [indices.length, longest], labels: Int32Array.from(indices, (text) => labels[text] ?? 0), indices: Int32Array.from(indices) }
    },
  }
}

/** Mean cross-entropy of a word, in nats, of texts under a model that gives probabilities of what follows a word. */
export const crossEntropy = (texts: readonly (readonly number[])[], probabilities: (previous: number) => readonly number[]): number => {
  const losses = texts.flatMap((words) => words.slice(1).map((word, place) => -Math.log(probabilities(words[place] ?? 0)[word] ?? 0)))
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length
}
