import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { randomKey } from '@transferkit/tensor'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stratifiedSplit } from '../data/stratified-split.js'
import { embeddingMatrix } from '../text/embedding-matrix.js'
import { readTextVectors } from '../text/read-text-vectors.js'
import { textsOf } from '../text/texts-of.js'
import { tfidfBaseline } from '../text/tfidf-baseline.js'
import { vocabulary } from '../text/vocabulary.js'
import { wordTokeniser } from '../text/word-tokeniser.js'
import { fileBytes } from './file-bytes.js'
import { knownManifests } from './known/index.js'
import { listDatasets } from './list-datasets.js'
import { loadDataset, loadTextDataset } from './load-dataset.js'

const beside = fileURLToPath(new URL('../../../../../shared/data', import.meta.url))
const dataDir = process.env['TRANSFERKIT_DATA_DIR'] ?? (existsSync(beside) ? beside : undefined)
const reason = dataDir === undefined ? ' (skipped: set TRANSFERKIT_DATA_DIR to the folder with the data sets)' : ''

/** Sets that come from the data folder only; those of package registries are not fetched by tests. */
const brought = knownManifests.filter((manifest) => manifest.files.every((file) => file.sources[0]?.kind === 'folder'))
const splitsOf = (kind: 'image' | 'text'): (readonly [string, number])[] =>
  brought.filter((manifest) => manifest.kind === kind).flatMap((manifest) => Object.entries<{ readonly size: number }>(manifest.splits).map(([split, { size }]) => [`${manifest.name}/${split}`, size] as const))

// Decoding the larger sets takes long, and shows nothing that these do not.
const decoded = splitsOf('image').filter(([name, size]) => size <= 2000 || name.startsWith('mnist') || name.startsWith('ahcd'))

describe.skipIf(dataDir === undefined)(`the data folder${reason}`, () => {
  let cacheDir: string
  beforeAll(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'transferkit test '))
  })
  afterAll(async () => rm(cacheDir, { recursive: true, force: true }))
  const places = (): { readonly dataDir: string; readonly cacheDir: string } => ({ dataDir: dataDir ?? '', cacheDir })

  test('holds every set that is brought in it', async () => {
    const listed = await listDatasets({ ...places(), manifests: brought })
    expect(listed.filter(({ state }) => state !== 'present')).toEqual([])
  })

  test.each(decoded)('%s loads: %i images', async (name, size) => {
    const dataset = await loadDataset(name, places())
    expect(dataset.size).toBe(size)
    const used = new Set(dataset.labels).size
    expect(used).toBe(name.startsWith('imagenet_samples') ? 250 : dataset.task.classes.length)
    expect((await dataset.read([0, size - 1])).shape).toEqual([2, ...dataset.exampleShape])
  })

  test.each(splitsOf('text'))('%s loads: %i texts', async (name, size) => {
    const dataset = await loadTextDataset(name, places())
    expect(dataset.size).toBe(size)
    expect(new Set(dataset.labels).size).toBe(dataset.task.classes.length)
    expect(dataset.paired).toBe(/^(sick|rte)/.test(name))
  })

  // What such a classifier is known to reach, 77 and 86 %, less three standard errors of a test set of this size.
  test.each([
    ['mr', 0.73],
    ['mpqa', 0.828],
  ])('a TF-IDF classifier reaches on %s what is known of it', { timeout: 60_000 }, async (name, least) => {
    const { train, test: held } = stratifiedSplit(await loadTextDataset(`${name}/all`, places()), { train: 0.9, test: 0.1 }, randomKey(1))
    expect((await tfidfBaseline(train, held)).accuracy).toBeGreaterThan(least)
  })

  test('the vectors of common words cover few words, and much of a text', async () => {
    const words = vocabulary(await textsOf(await loadTextDataset('sst2/train', places())), { tokeniser: wordTokeniser({ englishContractions: true }) })
    const vectors = await readTextVectors(fileBytes(join(dataDir ?? '', 'text/wordvecs/word2vec_1000_300d.txt')), { vocabulary: words })
    expect(vectors.width).toBe(300)
    expect(vectors.words.length).toBeGreaterThan(800)
    const { coverage, textCoverage } = embeddingMatrix(words, vectors, randomKey(1))
    expect(coverage).toBeLessThan(0.1)
    expect(textCoverage).toBeGreaterThan(0.4)
  })

  test('the first digits of MNIST are those that everyone knows', async () => {
    const dataset = await loadDataset('mnist/train', places())
    expect([...dataset.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4])
    // Pixels 152 to 159 of the first image, from the published file.
    expect(Array.from((await dataset.read([0])).inputs.subarray(152, 160))).toEqual([3, 18, 18, 18, 126, 136, 175, 26])
  })
})
