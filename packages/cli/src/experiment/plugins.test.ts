import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { availableMethods } from './methods.js'

let folder = ''

const definition = (name: string): string =>
  `Object.defineProperties(() => ({ specVersion: 1, name: '${name}', options: {}, prepare: () => ({}) }), Object.fromEntries(Object.entries({ specVersion: 1, kind: 'structure', name: '${name}', summary: 's' }).map(([key, value]) => [key, { value }])))`

const writePackage = async (name: string, code: string): Promise<void> => {
  const path = join(folder, 'node_modules', name)
  await mkdir(path, { recursive: true })
  await writeFile(join(path, 'package.json'), JSON.stringify({ name, type: 'module', exports: { import: './index.js' } }))
  await writeFile(join(path, 'index.js'), code)
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transferkit-plugins-'))
  await writePackage('good-plugin', `export const mine = ${definition('mine')}\nexport const others = [${definition('other')}, mine]\nexport const version = 3\n`)
  await writePackage('empty-plugin', 'export const version = 3\n')
  await writePackage('broken-plugin', "throw new Error('broken inside')\n")
  await writePackage('greedy-plugin', `export const fineTune = ${definition('fine-tune')}\n`)
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

test('a plugin brings the strategies that it exports, singly and in lists', async () => {
  const methods = await availableMethods(['good-plugin'], folder)
  expect([...methods.keys()]).toEqual(expect.arrayContaining(['fine-tune', 'ptu', 'mine', 'other']))
})

test.each([
  ['missing-plugin', 'is not installed where the recipe is'],
  ['empty-plugin', 'exports no strategy'],
  ['broken-plugin', 'cannot be imported: broken inside'],
  ['greedy-plugin', 'There are two strategies called "fine-tune"'],
])('%s is refused with the reason', async (plugin, reason) => {
  await expect(availableMethods([plugin], folder)).rejects.toThrow(reason)
})
