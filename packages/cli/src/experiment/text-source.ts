import { type EmbeddingMatrix, embeddingMatrix, encodedDataset, type EncodingOptions, type TextDataset, textsOf, type Vocabulary } from '@transferkit/datasets'
import { type Dataset, randomKey, scope, TransferkitError } from '@transferkit/tensor'
import type { CommonRecipe } from '../recipe/common-schema.js'
import { inField } from '../recipe/in-field.js'
import type { ParsedRecipe } from '../recipe/parse-recipe.js'
import type { PretrainSettings } from '../recipe/source-schema.js'
import { type NetworkOptions, networkOptionsSchema } from '../recipe/text-schemas.js'
import { decimal, grouped } from '../report/format.js'
import { networkByName } from './network-by-name.js'
import { openTestTexts, openTextDataset, openTexts } from './open-text-dataset.js'
import { pretrainLanguageModel } from './pretrain-language-model.js'
import { pretrainSource, type SourcePlaces, withTest } from './pretrain-source.js'
import type { SourceNetwork, SourceRecord } from './source-file.js'
import { defaultLength, readVectors, sourceVocabulary } from './text-vocabulary.js'
import { textParts } from './training-part.js'

/** The embedding table of a source, from word vectors where the recipe names some. */
interface StartOfTable {
  readonly table?: EmbeddingMatrix
  readonly record: Pick<SourceRecord, 'vectors'>
  /** Options of the network; the vectors decide the width of the table. */
  readonly options: NetworkOptions
}

const startOfTable = async (parsed: ParsedRecipe<CommonRecipe>, words: Vocabulary, seed: number, places: SourcePlaces): Promise<StartOfTable> => {
  const { text = {}, options: given = {} } = parsed.recipe.source
  const options = networkOptionsSchema.parse(given)
  const { vectors: file } = text
  if (file === undefined) return { options, record: {} }
  const vectors = await inField(parsed, ['source', 'text', 'vectors'], () => readVectors(file, words, places))
  const { width } = vectors
  if (options.embeddingSize !== undefined && options.embeddingSize !== width) {
    throw parsed.error([{ path: ['source', 'options', 'embeddingSize'], message: `is ${options.embeddingSize}, but the vectors of ${file} have ${width} numbers; leave it out, or write ${width}.` }])
  }
  const table = embeddingMatrix(words, vectors, randomKey(seed))
  const { found, coverage, textCoverage } = table
  places.progress.note(`Word vectors of ${file}: for ${decimal(100 * coverage)} % of the words of the source${textCoverage === undefined ? '' : `, ${decimal(100 * textCoverage)} % of its texts`}`)
  return { table, options: { ...options, embeddingSize: width }, record: { vectors: { file, width, found, coverage } } }
}

const networkOf = ({ recipe: { source } }: ParsedRecipe<CommonRecipe>): string => source.network ?? ''

const takesPairs = (network: string): boolean => network.endsWith('-pair')

const lengthOf = ({ recipe: { source } }: ParsedRecipe<CommonRecipe>): number => source.text?.maximumLength ?? defaultLength

/**
 * Trains a source network on texts, by classification or as a language model.
 *
 * @param parsed The recipe.
 * @param settings How it is trained.
 * @param folder Where its checkpoint is kept.
 * @param places Where data are looked for, and the backend.
 * @throws TransferkitError What opening data and training throw.
 * @internal
 */
export const trainTextSource = async (parsed: ParsedRecipe<CommonRecipe>, settings: PretrainSettings, folder: string, places: SourcePlaces): Promise<SourceNetwork> => {
  const path = ['source', 'pretrain']
  const isLanguageModel = settings.task === 'language-model'
  const open = (name: string): Promise<TextDataset> => (isLanguageModel ? openTexts : openTextDataset)(name, settings, places)
  const all = await inField(parsed, [...path, 'dataset'], () => open(settings.dataset))
  // Opened before the training, so that a wrong name is not found after it.
  const { train, test } = await inField(parsed, [...path, 'test'], () => withTest(all, settings.test, (name) => (isLanguageModel ? open(name) : openTestTexts(name, settings, all, places)), textParts))
  const words = await inField(parsed, ['source', 'text'], async () => sourceVocabulary(await textsOf(train), parsed.recipe.source.text ?? {}, places))
  const { table, options, record } = await startOfTable(parsed, words, settings.seed, places)
  const name = networkOf(parsed)
  const encoding = { vocabulary: words, maximumLength: lengthOf(parsed) }
  // A language model reads one text at a time, whatever its encoder is used for later.
  const inputShape = [...((isLanguageModel ? takesPairs(name) : train.paired) ? [2] : []), encoding.maximumLength]
  const classes = isLanguageModel ? 2 : train.task.classes.length
  const network = await inField(parsed, ['source', 'network'], () => networkByName(name, { classes, inputShape, options, vocabulary: words.size, ...(table === undefined ? {} : { vectors: table.values }) }))
  const known = { network: name, classes, inputShape, dataset: settings.dataset, options, ...record }
  scope(() => places.check?.({ trained: { network, variables: network.init(randomKey(settings.seed), [1, ...inputShape]) }, vocabulary: words, record: known }))
  const common = { network, settings }
  const { variables, ...reached } = isLanguageModel
    ? await inField(parsed, ['source', 'network'], () => pretrainLanguageModel({ ...common, train, test, encoding }, folder, places))
    : await pretrainSource({ ...common, ...(await encodedParts(train, test, encoding, places)), transforms: [] }, folder, places)
  return { trained: { network, variables }, vocabulary: words, record: { ...known, ...reached } }
}

/** Texts as numbers; tells what was cut. */
const encodedParts = async (train: TextDataset, test: TextDataset | undefined, encoding: EncodingOptions, { progress }: SourcePlaces): Promise<{ readonly dataset: Dataset; readonly test: Dataset | undefined }> => {
  const dataset = await encodedDataset(train, encoding)
  const { cut, empty, texts } = dataset.report
  progress.note(`Texts of ${train.name}: ${grouped(encoding.vocabulary.size - 2)} words; ${grouped(cut)} of ${grouped(texts)} texts cut to ${encoding.maximumLength} tokens, ${grouped(empty)} empty`)
  return { dataset, test: test === undefined ? undefined : await encodedDataset(test, encoding) }
}

/**
 * A network for texts with random weights, for strategies that start anew. It knows no words but those that the target brings.
 *
 * @param parsed The recipe.
 * @param places Where word vectors are looked for.
 * @throws TransferkitError What reading tokeniser and word vectors throws.
 * @internal
 */
export const untrainedTextSource = async (parsed: ParsedRecipe<CommonRecipe>, places: SourcePlaces): Promise<SourceNetwork> => {
  const { text = {}, classes = 2 } = parsed.recipe.source
  const words = await inField(parsed, ['source', 'text'], () => sourceVocabulary(undefined, text, places))
  const { options, record } = await startOfTable(parsed, words, 1, places)
  const name = networkOf(parsed)
  const inputShape = [...(takesPairs(name) ? [2] : []), lengthOf(parsed)]
  const network = await inField(parsed, ['source', 'network'], () => networkByName(name, { classes, inputShape, options, vocabulary: words.size }))
  places.progress.note(`Source ${name}: untrained, for strategies that start anew, such as scratch`)
  return { trained: { network, variables: network.init(randomKey(1), [1, ...inputShape]) }, vocabulary: words, record: { network: name, classes, inputShape, dataset: 'untrained', options, ...record } }
}

/** The vocabulary of a source that reads texts. @internal */
export const vocabularyOfSource = ({ vocabulary, record }: SourceNetwork): Vocabulary => {
  if (vocabulary === undefined) throw new TransferkitError('data/no-vocabulary', `The weights of the network ${record.network} come without a vocabulary. Give a file that "transferkit pretrain" made.`)
  return vocabulary
}
