import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { instantiationsOf } from './instantiations.js'
import { workspaceRoot } from './program.js'

/** The most instantiations that each package may cost, those that others need first. */
const budget = JSON.parse(readFileSync(new URL('budget.json', import.meta.url), 'utf8')) as Readonly<Record<string, number>>

let found: Readonly<Record<string, number>> = {}

beforeAll(() => {
  found = instantiationsOf(Object.keys(budget))
}, 600_000)

test('every package has a budget', () => {
  const packages = readdirSync(join(workspaceRoot, 'packages')).filter((name) => existsSync(join(workspaceRoot, 'packages', name, 'src', 'index.ts')))
  expect(Object.keys(budget).toSorted()).toEqual(packages.toSorted())
})

test.each(Object.entries(budget))('checking the types of %s takes at most %i instantiations', (name, most) => {
  expect(found[name]).toBeGreaterThan(0)
  expect(found[name], 'Make the types cheaper, or raise the number in tools/compiler/budget.json and say why in the commit.').toBeLessThanOrEqual(most)
})

test('budgets are not so large that they mean nothing', () => {
  const loose = Object.entries(budget).filter(([name, most]) => most > 2 * (found[name] ?? 0))
  expect(loose.map(([name, most]) => `${name}: ${most}, but it takes ${found[name] ?? 0}`)).toEqual([])
})
