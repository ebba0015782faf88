import { createHash } from 'node:crypto'
import { tfidfBaseline } from '@transferkit/datasets'
import { randomKey, TransferkitError } from '@transferkit/tensor'
import { baselineName } from '../recipe/text-problems.js'
import { decimal } from '../report/format.js'
import type { ResultRow } from '../report/results.js'
import type { TrialResult } from './experiment.js'
import { claimFolder, finishedBefore } from './finished-trial.js'
import type { RunSurroundings, Trial } from './train-strategy.js'
import { vocabularyOfSource } from './text-source.js'

/**
 * Trains and tests the classifier that a text network should beat, TF-IDF with logistic regression, on the same texts as the strategies of a seed; or takes the
 * result over where that was done before. It takes nothing from the source but the tokeniser.
 *
 * @param trial The seed and its data.
 * @param surroundings What all trainings of the run have in common.
 * @internal
 */
export const trainBaseline = async ({ seed, target, data, folder, label }: Omit<Trial, 'planned'>, { source, progress, signal }: RunSurroundings): Promise<TrialResult> => {
  const { tokeniser } = vocabularyOfSource(source)
  const identity = createHash('sha256').update(JSON.stringify({ version: 1, strategy: 'tf-idf', seed, target, tokeniser: tokeniser.name, settings: tokeniser.settings })).digest('hex')
  const finished = await finishedBefore(folder, identity)
  if (finished !== undefined) {
    progress.note(`${label}: ${decimal(100 * finished.row.accuracy)} %, finished before`)
    return finished
  }
  signal.throwIfAborted()
  await claimFolder(folder, identity)
  const { texts } = await data.split(seed, source)
  if (texts === undefined) throw new TransferkitError('dataset/wrong-kind', `${target.dataset}: TF-IDF needs texts.`)
  const { train, test } = texts
  const begun = performance.now()
  const { accuracy, features } = await tfidfBaseline(train, test, { tokeniser, key: randomKey(seed) })
  const parameters = (features + 1) * train.task.classes.length
  const row: ResultRow = {
    source: 'none',
    target: target.dataset,
    strategy: 'tf-idf',
    name: baselineName,
    options: {},
    seed,
    examples: train.size,
    testExamples: test.size,
    accuracy,
    privateParameters: parameters,
    trainedParameters: parameters,
    seconds: (performance.now() - begun) / 1000,
  }
  const result: TrialResult = { row, headParameters: parameters }
  await folder.finish({ identity, ...result })
  progress.note(`${label}: ${decimal(100 * accuracy)} % in ${decimal(row.seconds)} s`)
  return result
}
