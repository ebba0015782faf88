import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CommandIo } from '../console/command-io.js'
import { type Captured, runCaptured } from '../run-captured.fixture.js'

const sentences = ['a fine film', 'so dull and slow', 'fine acting', 'dull story', 'what a fine day', 'slow and dull', 'fine , fine', 'no fun , dull', 'good and fine', 'bad and slow']
const lines = (words: string): string => sentences.map((text, index) => `${index % 2 === 0 ? 1 : 0} ${text} ${words}\n`).join('')
const pairs = `first\tsecond\tanswer\n${sentences.map((text, index) => `${text}\t${sentences[(index + 1) % 5] ?? ''}\t${index % 3 === 0 ? 'yes' : 'no'}`).join('\n')}\n`

const recipe = `name: words
backend: cpu
source:
  network: lstm
  options: { embeddingSize: 4, hiddenSize: 3 }
  text: { maximumLength: 8 }
  pretrain: { dataset: ./films.txt, test: { share: 0.2 }, steps: 3, batchSize: 4 }
target:
  dataset: ./phones.txt
  texts: { classes: [bad, good] }
  trainShare: 0.5
  test: { share: 0.4 }
training: { steps: 3, batchSize: 2 }
strategies:
  - scratch
  - fine-tune
  - recurrent-ptu
seeds: [1, 2]
`

let folder = ''

const run = (argv: readonly string[], io: Partial<CommandIo> = {}): Promise<Captured> => runCaptured(argv, { workingFolder: folder, environment: { TRANSFERKIT_CACHE: join(folder, 'cache') }, ...io })

const runRecipe = async (text: string, command = 'compare'): Promise<Captured> => {
  await writeFile(join(folder, 'other.yaml'), text)
  return run([command, 'other.yaml', ...(command === 'compare' ? ['--out', 'other', '--restart'] : [])])
}

const changed = (from: string, to: string): string => {
  expect(recipe).toContain(from)
  return recipe.replace(from, to)
}

const artefact = 'straight/strategies/fine-tune/seed-1/artefact'

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transferkit-texts-'))
  await writeFile(join(folder, 'films.txt'), lines('film'))
  await writeFile(join(folder, 'phones.txt'), lines('telephone'))
  await writeFile(join(folder, 'pairs.tsv'), pairs)
  await writeFile(join(folder, 'words.yaml'), recipe)
  const { code, stderr } = await run(['compare', 'words.yaml', '--out', 'straight'])
  expect(stderr).toMatch(/\d new words/)
  expect(stderr).toContain('Report: ')
  expect(code).toBe(0)
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('a recipe for texts', () => {
  test('has a row of each strategy and seed, and of the baseline, on the same examples', async () => {
    // Written by the command under test; a wrong shape fails the comparison.
    const { rows } = JSON.parse(await readFile(join(folder, 'straight', 'results.json'), 'utf8')) as { readonly rows: readonly { readonly name: string; readonly seed: number; readonly examples: number; readonly testExamples: number }[] }
    expect(rows.map(({ name, seed }) => `${name} ${seed}`)).toEqual(['scratch', 'fine-tune', 'recurrent-ptu', 'tf-idf + logistic regression'].flatMap((name) => [`${name} 1`, `${name} 2`]))
    expect(new Set(rows.map(({ examples, testExamples }) => `${examples} of ${testExamples}`))).toEqual(new Set(['4 of 4']))
  })

  test('shows how far the gates open over the words of a sentence', async () => {
    expect(await readFile(join(folder, 'straight', 'report.html'), 'utf8')).toContain('telephone')
  })

  test('runs again from what is finished', async () => {
    const { code, stderr } = await run(['compare', 'words.yaml', '--out', 'straight'])
    expect(code).toBe(0)
    expect(stderr.match(/finished before/g)).toHaveLength(8)
    expect(stderr).toContain('trained before')
  })

  test.each([
    ['pairs in a table', changed('network: lstm', 'network: gru-pair').replace(/\.\/(films|phones)\.txt/g, './pairs.tsv').replace('texts: { classes: [bad, good] }', 'texts: &columns { text: first, secondText: second, label: answer }').replace('test: { share: 0.2 },', 'texts: { text: first, secondText: second, label: answer },')],
    ['no source', changed('  pretrain: { dataset: ./films.txt, test: { share: 0.2 }, steps: 3, batchSize: 4 }', '  untrained: true')],
    ['a language model', changed('pretrain: {', 'pretrain: { task: language-model,')],
  ])('trains on %s', async (_, text) => {
    const { code, stderr } = await runRecipe(text)
    expect(stderr).toContain('Report: ')
    expect(code).toBe(0)
  })

  test('tells the perplexity of a language model', async () => {
    const { stderr, code } = await runRecipe(changed('pretrain: {', 'pretrain: { task: language-model, seed: 2,'), 'pretrain')
    expect(stderr).toMatch(/perplexity \d/)
    expect(code).toBe(0)
  })

  test('takes word vectors, for new words too, and keeps them with the model', async () => {
    await writeFile(join(folder, 'vectors.txt'), 'fine 0.5 -1 2\ntelephone 1 1 1\n')
    const { code, stderr } = await runRecipe(changed('maximumLength: 8', 'maximumLength: 8, vectors: vectors.txt').replace('embeddingSize: 4, ', ''))
    expect(stderr).toContain('word vectors for 1 of them')
    expect(code).toBe(0)
    const predicted = await run(['predict', 'other/strategies/fine-tune/seed-1/artefact', '--text', 'a fine telephone', '--json', '--backend', 'cpu'])
    expect(predicted.code).toBe(0)
  })

  test.each([
    ['a misspelt network', changed('network: lstm', 'network: lstmm'), 'Did you mean "lstm"?'],
    ['transforms of images', changed('  trainShare', '  transforms: [{ resize: 4 }]\n  trainShare'), 'target.transforms: is for images, and lstm is a network for texts'],
    ['two sizes', changed('  trainShare: 0.5', '  trainShare: 0.5\n  examplesPerClass: 2'), 'either examplesPerClass or trainShare'],
    ['a strategy with the name of the baseline', changed('  - scratch', '  - { strategy: scratch, name: TF-IDF + logistic regression }'), 'is the name of the baseline'],
    ['columns of lines', changed('classes: [bad, good]', 'classes: [bad, good], label: 1'), 'have no columns'],
    ['a share that is none', changed('test: { share: 0.4 }', 'test: { share: 40 }'), 'target.test.share: is 40; it must be less than 1'],
    ['options of a network for images', changed('network: lstm', 'network: digit-network').replace('  text: { maximumLength: 8 }\n', '').replace('  texts: { classes: [bad, good] }\n', ''), 'has no options'],
    ['pairs for single sentences', changed('./phones.txt', './pairs.tsv').replace('texts: { classes: [bad, good] }', 'texts: { text: first, secondText: second, label: answer }'), 'take one whose name ends in -pair'],
    ['a column that is not there', changed('./phones.txt', './pairs.tsv').replace('texts: { classes: [bad, good] }', 'texts: { text: firs, label: answer }'), 'Did you mean "first"?'],
    ['vectors that are not there', changed('maximumLength: 8', 'maximumLength: 8, vectors: none.txt'), 'The word vectors, none.txt: there is no such file'],
    ['a vocabulary that nothing fits in', changed('maximumLength: 8', 'maximumLength: 8, minimumCount: 99'), 'smaller minimumCount'],
    ['a language model that reads backwards', changed('network: lstm', 'network: bilstm').replace('pretrain: {', 'pretrain: { task: language-model,'), 'source.network'],
  ])('says what is wrong with %s', async (_, text, message) => {
    const { code, stderr } = await runRecipe(text)
    expect(stderr).toContain(message)
    expect(code).not.toBe(0)
  })

  test.each([
    ['labels that are no class', 'text\tlabel\nfine\tgood\nslow\tbadd\n', 'badd'],
    ['one column', 'text\nfine\n', 'no column "label"'],
    ['bytes that are no UTF-8', Buffer.from('text\tlabel\nf\xffne\tgood\n', 'latin1'), 'UTF-8'],
  ])('says what is wrong with a file of %s', async (_, content, message) => {
    await writeFile(join(folder, 'bad.tsv'), content)
    const { code, stderr } = await runRecipe(changed('./phones.txt', './bad.tsv').replace('texts: { classes: [bad, good] }', 'texts: { classes: [bad, good] }'))
    expect(stderr).toContain(message)
    expect(code).not.toBe(0)
  })
})

describe('predict with a model for texts', () => {
  const predict = (argv: readonly string[], io: Partial<CommandIo> = {}): Promise<Captured> => run(['predict', artefact, '--backend', 'cpu', ...argv], io)

  test('takes texts shorter and longer than those of the training, and says what became of them', async () => {
    const { code, stdout } = await predict(['--json', '--text', 'a fine telephone', '--text', '', '--text', 'xylophone', '--text', 'fine '.repeat(100_000)])
    expect(code).toBe(0)
    // Written by the command under test.
    const results = stdout.trim().split('\n').map((line) => JSON.parse(line) as { readonly label: string; readonly remarks?: readonly string[] })
    expect(results.map(({ remarks }) => remarks?.join())).toEqual([undefined, 'empty: what the model says of no text at all', 'none of its words is known', 'cut to its first 8 of 100000 tokens'])
    expect(results.every(({ label }) => ['bad', 'good'].includes(label))).toBe(true)
  })

  test('takes lines of a file and of the standard input', async () => {
    await writeFile(join(folder, 'lines.txt'), 'a fine film\nso dull\n')
    const stdin = (async function* () {
      yield await Promise.resolve(new TextEncoder().encode('slow and dull\n'))
    })()
    const { stdout, code } = await predict(['lines.txt', '-'], { stdin })
    expect(code).toBe(0)
    expect(stdout).toMatch(/a fine film[^]*so dull[^]*slow and dull/)
  })

  test('says what is missing', async () => {
    expect((await predict([])).stderr).toContain('Write a text with --text')
    expect((await predict(['nowhere.txt'])).stderr).toContain('nowhere.txt')
  })
})
