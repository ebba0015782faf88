import { alignVocabularies, embeddingMatrix, encodedDataset, subset, type TextDataset, textsOf, type Vocabulary, vocabularyOf, type WordVectors } from '@transferkit/datasets'
import { foldIn, randomKey } from '@transferkit/tensor'
import { inField } from '../recipe/in-field.js'
import type { FieldPath } from '../recipe/issues.js'
import type { ParsedRecipe } from '../recipe/parse-recipe.js'
import type { CommonRecipe } from '../recipe/common-schema.js'
import type { TargetSettings } from '../recipe/target-schema.js'
import { decimal, grouped } from '../report/format.js'
import { extendSource, type NewWords } from './extend-source.js'
import type { DataPlaces } from './open-dataset.js'
import { openTestTexts, openTextDataset } from './open-text-dataset.js'
import type { SourceNetwork } from './source-file.js'
import { partsBySeed, type TargetData, type TargetSplit } from './target-data.js'
import { writeTextRecord } from './text-record.js'
import { vocabularyOfSource } from './text-source.js'
import { readVectors, targetWords } from './text-vocabulary.js'
import { textParts } from './training-part.js'

/** A split with what it holds. */
interface HeldSplit {
  readonly seed: number
  readonly split: TargetSplit
  readonly release: () => void
}

/** Texts of about the same length side by side, so that batches of a test have little padding. */
const byLength = async (dataset: TextDataset): Promise<TextDataset> => {
  const texts = await textsOf(dataset)
  const lengthOf = (position: number): number => Math.max(texts[position]?.length ?? 0, texts[position + dataset.size]?.length ?? 0)
  return subset(dataset, Array.from(dataset.labels.keys()).sort((a, b) => lengthOf(a) - lengthOf(b)))
}

const percent = (share: number | undefined): string => `${decimal(100 * (share ?? 0))} %`

/** Rows of word vectors for words that the source has not met. */
const newWords = (words: readonly string[], vectors: WordVectors | undefined): NewWords => {
  if (vectors === undefined) return { words, rows: new Map() }
  const { width } = vectors
  const key = foldIn(randomKey(1), 'vectors')
  const row = new Map(vectors.words.map((word, place) => [word, place]))
  const rowOf = (word: string): number | undefined => row.get(word) ?? row.get(word.toLowerCase())
  const found = words.flatMap((word) => {
    const place = rowOf(word)
    return place === undefined ? [] : [[word, vectors.values.slice(place * width, (place + 1) * width)] as const]
  })
  return { words, rows: new Map(found), start: (all) => embeddingMatrix(all, vectors, key).values }
}

/**
 * Opens a target of texts.
 *
 * The source is extended by the words of the training texts of each seed, and of these alone; tokens are counted and texts become numbers once a seed.
 *
 * @param parsed The recipe.
 * @param target The target.
 * @param path Where it stands in the recipe.
 * @param places Where data sets are looked for.
 * @throws TransferkitError What opening a data set throws, and `recipe/invalid` for a data set or number of examples that there is not.
 * @internal
 */
export const openTextTarget = async (parsed: ParsedRecipe<CommonRecipe>, target: TargetSettings, path: FieldPath, places: DataPlaces): Promise<TargetData> => {
  const { text: settings = {} } = parsed.recipe.source
  const all = await inField(parsed, [...path, 'dataset'], () => openTextDataset(target.dataset, target, places))
  const partsOf = await partsBySeed(parsed, path, all, target, (name) => openTestTexts(name, target, all, places), textParts)
  let vectors: Promise<WordVectors> | undefined
  let held: HeldSplit | undefined

  /** Read once for all seeds: vectors of any word that the training texts of a seed may have, and of the words of the source. */
  const vectorsFor = async (known: Vocabulary): Promise<WordVectors | undefined> => {
    const { vectors: file } = settings
    if (file === undefined) return undefined
    vectors ??= (async () => {
      const { minimumCount: _, maximumWords: _most, ...anyWord } = settings
      const ofTarget = targetWords(await textsOf(all), anyWord, known)
      return readVectors(file, vocabularyOf({ tokeniser: known.tokeniser, tokens: [...new Set([...known.tokens, ...ofTarget.tokens])] }), places)
    })()
    return vectors
  }

  const make = async (seed: number, source: SourceNetwork): Promise<HeldSplit> => {
    const known = vocabularyOfSource(source)
    const maximumLength = source.record.inputShape.at(-1) ?? 1
    const texts = await partsOf(seed)
    const ofTarget = targetWords(await textsOf(texts.train), settings, known)
    const alignment = alignVocabularies(known, ofTarget)
    // A tokeniser from a file brings all tokens that there are.
    const missing = known.tokeniser.settings?.kind === 'tokenizer.json' ? [] : alignment.missing
    const added = newWords(missing, await vectorsFor(known))
    const { trained, vocabulary, release } = await inField(parsed, ['source', 'text', 'vectors'], () => extendSource(source, added))
    const encoding = { vocabulary, maximumLength }
    const [train, test] = [await encodedDataset(texts.train, encoding), await encodedDataset(await byLength(texts.test), encoding)]
    const { cut, empty, allUnknown } = test.report
    places.progress.note(
      [
        `Seed ${seed}: ${grouped(train.size)} texts with ${grouped(ofTarget.size - 2)} words, of which the source knows ${percent(alignment.coverage)} (${percent(alignment.textCoverage)} of the texts); ${grouped(missing.length)} new words`,
        ...(added.start === undefined ? [] : [`word vectors for ${grouped(added.rows.size)} of them`]),
        `of ${grouped(test.report.texts)} test texts ${grouped(cut)} cut, ${grouped(empty)} empty, ${grouped(allUnknown)} of unknown words only`,
      ].join('; '),
    )
    const split = { train, test, source: trained, transforms: [], record: writeTextRecord({ maximumLength, paired: all.paired, vocabulary, rows: added.rows }), texts }
    return { seed, split, release }
  }

  return {
    classes: all.task.classes,
    identity: settings,
    inputShape: ({ record: { network, inputShape } }) => {
      if (all.paired !== (inputShape.length === 2)) {
        const message = all.paired ? `has pairs of texts, and the network ${network} takes single ones; take one whose name ends in -pair.` : `has single texts, and the network ${network} takes pairs; take one whose name does not end in -pair.`
        throw parsed.error([{ path: [...path, 'dataset'], message: `${target.dataset} ${message}` }])
      }
      return inputShape
    },
    split: async (seed, source) => {
      if (held?.seed !== seed) {
        held?.release()
        held = undefined
        held = await make(seed, source)
      }
      return held.split
    },
    release: () => held?.release(),
  }
}
