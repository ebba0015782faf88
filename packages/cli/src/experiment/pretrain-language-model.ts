import { type EncodingOptions, languageModelDataset, type TextDataset, textsOf } from '@transferkit/datasets'
import { trainLanguageModel } from '@transferkit/nlp'
import type { Network, TrainedNetwork } from '@transferkit/tensor'
import { loadNetwork, saveNetwork } from '@transferkit/training'
import type { PretrainSettings } from '../recipe/source-schema.js'
import { decimal, grouped } from '../report/format.js'
import { followTraining } from './follow-training.js'
import { resultText, sourceTraining, type SourcePlaces } from './pretrain-source.js'

/** What a language model is trained on. @internal */
export interface LanguageModelTraining {
  /** The network. */
  readonly network: Network
  /** Texts to learn from; their labels do not matter. */
  readonly train: TextDataset
  /** Texts to measure the perplexity on. */
  readonly test: TextDataset | undefined
  /** Vocabulary and length. */
  readonly encoding: EncodingOptions
  /** How it is trained. */
  readonly settings: PretrainSettings
}

/**
 * Trains embedding and recurrent layers of a source network as a language model, from its checkpoint where it was stopped before.
 *
 * @param training Network and texts.
 * @param folder Where its checkpoint is kept.
 * @param places Backend, and where progress is shown.
 * @throws TransferkitError `nlp/language-model` for a network that is none, `dataset/empty`, and what training throws.
 * @internal
 */
export const pretrainLanguageModel = async (
  { network, train, test, encoding, settings }: LanguageModelTraining,
  folder: string,
  places: SourcePlaces,
): Promise<{ readonly variables: TrainedNetwork['variables']; readonly perplexity?: number }> => {
  const { progress } = places
  const words = { ...encoding, ...(settings.nextWords === undefined ? {} : { nextWords: settings.nextWords }) }
  const dataset = languageModelDataset(await textsOf(train), { ...words, name: train.name })
  const heldOut = test === undefined ? undefined : languageModelDataset(await textsOf(test), { ...words, name: test.name })
  progress.note(`Next words of ${train.name}: ${grouped(dataset.report.places)} places in ${grouped(dataset.report.texts)} texts, ${grouped(dataset.task.classes.length)} words to tell apart`)
  const run = trainLanguageModel({
    network,
    dataset,
    seed: settings.seed,
    ...(await sourceTraining(settings, folder, places)),
    ...(heldOut === undefined ? {} : { heldOut }),
    ...(settings.tied === undefined ? {} : { tied: settings.tied }),
  })
  const label = `Train the source, ${network.name}, as a language model`
  const trained = await followTraining(run, label, progress)
  try {
    const perplexity = trained.heldOut?.perplexity
    progress.note(`${label}: done in ${decimal(trained.seconds)} s${resultText(perplexity === undefined ? {} : { perplexity }, settings)}`)
    // A copy, because what tells the next word is freed with the rest of the language model.
    const { variables } = loadNetwork(network, await saveNetwork(trained))
    return { variables, ...(perplexity === undefined ? {} : { perplexity }) }
  } finally {
    trained.release()
  }
}
