import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { arrayTextDataset, readLabelledJsonLines, readLabelledLines, readLabelledTable, readPlainLines, type TextDataset } from '@transferkit/datasets'
import { fileBytes, loadTextDataset } from '@transferkit/datasets/node'
import { type ExampleSet, TransferkitError } from '@transferkit/tensor'
import { phaseProgress } from '../console/phases.js'
import type { TargetSettings } from '../recipe/target-schema.js'
import type { TextFileSettings } from '../recipe/text-schemas.js'
import { type DataPlaces, isPath, openPluginDataset, phaseOf } from './open-dataset.js'

/** A column as a name of a field: lines of JSON have no numbered ones. */
const fieldName = (column: string | number | undefined, otherwise: string, path: string): string => {
  if (typeof column === 'number') throw new TransferkitError('dataset/bad-option', `${path}: lines of JSON have fields with names, so write the name of a field in place of ${column}.`)
  return column ?? otherwise
}

/** Every label up to the largest, where nobody has named them. */
const numbered = (labels: Int32Array): readonly string[] => Array.from({ length: Math.max(1, ...new Set(labels)) + 1 }, (_, label) => String(label))

const readLines = async (path: string, { classes, encoding, text, label, secondText }: TextFileSettings): Promise<TextDataset> => {
  if (text !== undefined || label !== undefined || secondText !== undefined) {
    throw new TransferkitError('dataset/bad-option', `${path}: lines of a label and a text have no columns. Columns are for files whose name ends in .tsv, .csv or .jsonl.`)
  }
  const { texts, labels } = await readLabelledLines(fileBytes(path), { name: path, ...(encoding === undefined ? {} : { encoding }), ...(classes === undefined ? {} : { classCount: classes.length }) })
  return arrayTextDataset({ name: path, texts, labels, classes: classes ?? numbered(labels) })
}

const readTable = async (path: string, settings: TextFileSettings, comma: boolean): Promise<TextDataset> => {
  const { text = 'text', label = 'label', secondText, header, classes, encoding } = settings
  const examples = await readLabelledTable(fileBytes(path), {
    name: path,
    text,
    label,
    ...(comma ? { delimiter: ',', quote: '"' } : {}),
    ...(secondText === undefined ? {} : { secondText }),
    ...(header === undefined ? {} : { header }),
    ...(classes === undefined ? {} : { classes }),
    ...(encoding === undefined ? {} : { encoding }),
  })
  return arrayTextDataset({ ...examples, name: path })
}

const readFile = async (path: string, settings: TextFileSettings): Promise<TextDataset> => {
  const found = await stat(path).catch(() => undefined)
  if (found?.isFile() !== true) {
    throw new TransferkitError('data/no-folder', `${path}: there is no such file. A set of texts of your own is a file of lines of a label and a text (.txt), a table (.tsv, .csv), or lines of JSON (.jsonl).`)
  }
  const { text, secondText, label, classes, encoding } = settings
  switch (/\.([a-z]+)(?:\.gz)?$/i.exec(path)?.[1]?.toLowerCase()) {
    case 'tsv':
      return readTable(path, settings, false)
    case 'csv':
      return readTable(path, settings, true)
    case 'jsonl':
    case 'ndjson':
      return arrayTextDataset({
        ...(await readLabelledJsonLines(fileBytes(path), {
          name: path,
          text: fieldName(text, 'text', path),
          label: fieldName(label, 'label', path),
          ...(secondText === undefined ? {} : { secondText: fieldName(secondText, '', path) }),
          ...(classes === undefined ? {} : { classes }),
          ...(encoding === undefined ? {} : { encoding }),
        })),
        name: path,
      })
    default:
      return readLines(path, settings)
  }
}

/** Which columns of a file hold what, and options for a plugin's data set. @internal */
export type TextSetSettings = Pick<TargetSettings, 'texts' | 'datasetOptions'>

const isOfTexts = (opened: ExampleSet): opened is TextDataset => 'paired' in opened

/**
 * Opens a set of labelled texts by the name that a recipe gives: a known one such as `mr`, one of a plugin, or the path of a file, which begins with `./`, `../` or `/`.
 *
 * @param name The name or path.
 * @param settings Which columns of a file hold what, and options for a plugin's.
 * @param places Where to look.
 * @throws TransferkitError `data/no-folder` for a file that there is not, and what the readers throw.
 * @internal
 */
export const openTextDataset = async (name: string, { texts: settings = {}, datasetOptions }: TextSetSettings, places: DataPlaces): Promise<TextDataset> => {
  const ofPlugin = await openPluginDataset(name, datasetOptions, places)
  if (ofPlugin !== undefined) {
    if (!isOfTexts(ofPlugin)) throw new TransferkitError('dataset/wrong-kind', `${name}: is no set of texts, and the source network is for texts.`)
    return ofPlugin
  }
  if (isPath(name)) return readFile(resolve(places.folder, name), settings)
  const phases = phaseProgress(places.progress)
  try {
    return await loadTextDataset(name, {
      cacheDir: places.cache,
      ...(places.dataDir === undefined ? {} : { dataDir: places.dataDir }),
      signal: places.signal,
      onProgress: (event) => phases.show(phaseOf(event)),
    })
  } finally {
    await phases.end()
  }
}

/**
 * Opens texts whose labels do not matter, to learn a language from: a known set, a file with labels, or a `.txt` file with one text a line.
 *
 * @param name The name or path.
 * @param settings Which columns of a file hold what.
 * @param places Where to look.
 * @throws TransferkitError What {@link openTextDataset} throws, and `dataset/empty`.
 * @internal
 */
export const openTexts = async (name: string, settings: TextSetSettings, places: DataPlaces): Promise<TextDataset> => {
  const path = resolve(places.folder, name)
  if (!isPath(name) || !/\.txt(\.gz)?$/i.test(name) || (await stat(path).catch(() => undefined)) === undefined) return openTextDataset(name, settings, places)
  const { encoding } = settings.texts ?? {}
  const texts: string[] = []
  for await (const line of readPlainLines(fileBytes(path), { name: path, ...(encoding === undefined ? {} : { encoding }) })) texts.push(line)
  if (texts.length === 0) throw new TransferkitError('dataset/empty', `${path}: has no lines of text.`)
  return arrayTextDataset({ name: path, classes: ['text'], texts, labels: new Int32Array(texts.length) })
}

/**
 * Opens the test texts of a set, which have its classes.
 *
 * @param name Name or path of the test texts.
 * @param settings Which columns of a file hold what.
 * @param training The set that is trained on.
 * @param places Where to look.
 * @throws TransferkitError `dataset/parts-differ` when the two do not have the same classes.
 * @internal
 */
export const openTestTexts = async (name: string, settings: TextSetSettings, training: TextDataset, places: DataPlaces): Promise<TextDataset> => {
  const test = await openTextDataset(name, { ...settings, texts: { classes: [...training.task.classes], ...settings.texts } }, places)
  if (test.task.classes.join('\n') !== training.task.classes.join('\n') || test.paired !== training.paired) {
    throw new TransferkitError('dataset/parts-differ', `${name} does not have the classes of ${training.name}, or one has pairs of texts and the other has not.`)
  }
  return test
}
