import { expect, test } from 'vitest'
import { textTable } from './text-table.js'

test('a table aligns text at the left and numbers at the right', () => {
  expect(textTable([{ heading: 'name' }, { heading: 'count', numeric: true }], [['a', '1'], ['much longer', '12,345']])).toBe(
    ['name          count', '───────────  ──────', 'a                 1', 'much longer  12,345', ''].join('\n'),
  )
})
