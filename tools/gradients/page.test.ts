import { expect, test } from 'vitest'
import { gradientsPage } from './page.js'

test('each op is a row, each backend two columns, and a backend without the op leaves its cells empty', () => {
  const page = gradientsPage(
    [
      { backend: 'cpu', description: 'plain JavaScript', errors: new Map([['add', { first: 0, second: 0.0012 }], ['exp', { first: 0.02, second: 0 }]]) },
      { backend: 'wasm', description: 'WebAssembly', errors: new Map([['add', { first: 0.1, second: 0 }]]) },
    ],
    ['native was not measured: not set up'],
  )
  const lines = page.split('\n')
  expect(lines.filter((line) => line.startsWith('|'))).toEqual([
    '| op | cpu, first | cpu, second | wasm, first | wasm, second |',
    '| --- | ---: | ---: | ---: | ---: |',
    '| add | 0 | 1e-3 | 1e-1 | 0 |',
    '| exp | 2e-2 | 0 |  |  |',
  ])
  expect(lines).toContain('- cpu: plain JavaScript; the worst error is 2e-2.')
  expect(lines).toContain('- native was not measured: not set up')
})
