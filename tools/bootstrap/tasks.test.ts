import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { failedTasks, outputOfFailed, projectsOf, projectsWith } from './tasks.mjs'

const output = `
> nx run tensor:"test:build"

> node tools/pack/check.js packages/tensor

publint complains
- not:a task
> nx run gates:"test:build"

all is well

 NX   Running target test:build for 3 projects failed

Tasks not run because their dependencies failed, --nx-bail=true, or their batch ended before reaching them:

- vision:test:build

Failed tasks:

- tensor:test:build

  Cache:             0/3 hit (0%)
`

test('finds the tasks that failed or could not run', () => {
  expect(failedTasks(output)).toEqual(new Set(['vision:test:build', 'tensor:test:build']))
  expect(failedTasks(' NX   Successfully ran target test:build for 3 projects\n').size).toBe(0)
})

test('shows what failed tasks printed, and nothing of the others', () => {
  expect(outputOfFailed(output)).toContain('publint complains')
  expect(outputOfFailed(output)).toContain('Failed tasks:')
  expect(outputOfFailed(output)).not.toContain('all is well')
})

test('knows the projects of a target', () => {
  const workspaceRoot = fileURLToPath(new URL('../..', import.meta.url))
  expect(projectsWith(workspaceRoot, 'docs')).toEqual(['docs'])
  expect(projectsWith(workspaceRoot, 'lint')).toEqual(expect.arrayContaining(['tensor', 'cli', 'tools']))
})

test('knows whose a changed file is', () => {
  const workspaceRoot = fileURLToPath(new URL('../..', import.meta.url))
  expect(projectsOf(workspaceRoot, ['packages/gates/src/index.ts', 'packages/gates/package.json'])).toEqual(['gates'])
  expect(projectsOf(workspaceRoot, ['examples/digits.yaml', 'docs/package.json'])).toEqual(['tools', 'cli', 'docs'])
  expect(projectsOf(workspaceRoot, ['tsconfig.base.json'])).toEqual(expect.arrayContaining(['tensor', 'cli', 'tools', 'docs']))
})
