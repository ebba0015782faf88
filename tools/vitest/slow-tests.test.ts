import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { workspaceRoot } from '../bootstrap/steps.mjs'

test('the tests that quick runs leave out are there', () => {
  const slow = JSON.parse(readFileSync(join(workspaceRoot, 'tools', 'vitest', 'slow-tests.json'), 'utf8')) as readonly string[]
  expect(slow.filter((path) => !existsSync(join(workspaceRoot, path)))).toEqual([])
})
