import { encodeTexts, type EncodingReport } from '@transferkit/datasets'
import type { TargetModel } from '@transferkit/training'
import { TransferkitError } from '@transferkit/tensor'
import { type ExtendedSource, extendSource } from './extend-source.js'
import type { SourceNetwork } from './source-file.js'
import type { TextRecord } from './text-record.js'
import { vocabularyOfSource } from './text-source.js'

/**
 * The source network of an artefact that reads texts, with the words of its target.
 *
 * @param source The source as it was trained.
 * @param record What the artefact holds.
 * @throws TransferkitError `artefact/wrong-source` when the words of the source are not the first ones of the artefact.
 * @internal
 */
export const sourceOfRecord = async (source: SourceNetwork, { vocabulary, rows }: TextRecord): Promise<ExtendedSource> => {
  const known = vocabularyOfSource(source)
  if (known.tokens.some((token, id) => vocabulary.tokens[id] !== token)) {
    throw new TransferkitError('artefact/wrong-source', 'The artefact was made on a source with another vocabulary. Give the file source.safetensors of the run that it was made in.')
  }
  return extendSource(source, { words: vocabulary.tokens.slice(known.size), rows })
}

/** A text, or a pair of them, with the probabilities of the classes. @internal */
export interface TextPrediction {
  /** Name of the most probable class. */
  readonly label: string
  /** Its probability, from 0 to 1. */
  readonly probability: number
  /** Probabilities of all classes, in the order of the task. */
  readonly probabilities: readonly number[]
  /** What is to be known of the text: that it is empty, was cut, or has no known word. */
  readonly remarks: readonly string[]
}

const remarksOn = ({ cut, empty, allUnknown, texts, longest }: EncodingReport, maximumLength: number): readonly string[] => [
  ...(cut === 0 ? [] : [`cut to its first ${maximumLength} of ${longest} tokens`]),
  ...(empty === 0 ? [] : [texts === 1 || empty === texts ? 'empty: what the model says of no text at all' : 'one of the two texts is empty']),
  ...(allUnknown === 0 ? [] : ['none of its words is known']),
]

/**
 * Classifies one text, or a pair of texts, of any length.
 *
 * @param model The model.
 * @param record How texts become numbers.
 * @param text The text.
 * @param secondText The second text, where the model takes pairs.
 * @internal
 */
export const predictText = async (model: TargetModel, { vocabulary, maximumLength }: TextRecord, text: string, secondText?: string): Promise<TextPrediction> => {
  const { report, inputs, shape } = encodeTexts([text], { vocabulary, maximumLength }, secondText === undefined ? undefined : [secondText])
  const [prediction] = await model.predict({ inputs, shape })
  if (prediction === undefined) throw new RangeError('A model gives one prediction for each text.')
  const { label, probability, probabilities } = prediction
  return { label, probability, probabilities, remarks: remarksOn(report, maximumLength) }
}
