import type { InspectionHistory, RecordedTraining } from './report-contents.js'

/**
 * Who knows the words of a training: what gives the word of a token id, in the vocabulary that its model reads; `undefined` for a training whose vocabulary is not known.
 *
 * @internal
 */
export type WordsOf = (training: RecordedTraining) => ((id: number) => string) | undefined

/**
 * Inspections with words in place of token ids. What is about no sentence, or whose words nobody knows, stays as it is.
 *
 * @param inspections What was recorded.
 * @param wordsOf Who knows the words.
 * @internal
 */
export const withWords = (inspections: readonly InspectionHistory[], wordsOf: WordsOf): readonly InspectionHistory[] =>
  inspections.map((history) => {
    const wordOf = history.example && wordsOf(history)
    return history.example === undefined || wordOf === undefined ? history : { ...history, example: { ...history.example, words: history.example.tokens.map((id) => wordOf(id)) } }
  })

/** What stands for each position of a sentence: its words, or the ids where nobody has put words. @internal */
export const columnsOf = ({ example }: Pick<InspectionHistory, 'example'>, positions: readonly string[]): readonly string[] =>
  positions.map((position) => example?.words?.[Number(position) - 1] ?? (example?.tokens[Number(position) - 1] === undefined ? position : `#${example.tokens[Number(position) - 1]}`))
