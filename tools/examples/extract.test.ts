import { expect, test } from 'vitest'
import { examplesInMarkdown, examplesInSource } from './extract.js'

test('finds the fences of a page that are marked ts, with their lines', () => {
  const page = ['# Title', '```ts', 'one()', '', 'two()', '```', '```sh', 'npm test', '```', '```ts no-run', 'three()', '```'].join('\n')
  expect(examplesInMarkdown(page)).toEqual([
    { line: 3, code: 'one()\n\ntwo()', runs: true },
    { line: 11, code: 'three()', runs: false },
  ])
})

test('finds the fences of documentation comments, and of nothing else', () => {
  const source = ['const text = `', '```ts', 'no()', '```', '`', '/**', ' * A.', ' *', ' * ```ts', ' * if (a) {', ' *   b()', ' * }', ' * ```', ' */'].join('\n')
  expect(examplesInSource(source)).toEqual([{ line: 10, code: 'if (a) {\n  b()\n}', runs: true }])
})
