import { expect, test } from 'vitest'
import { provenanceProblem } from './publishable.js'

test('a package without the address of its repository is named, with what to write', () => {
  const problem = provenanceProblem([{ name: 'one', repository: { type: 'git' } }, { name: 'two' }])
  expect(problem).toContain('which these do not have: two.')
  expect(problem).toContain('"repository": {')
  expect(provenanceProblem([{ name: 'one', repository: 'x' }])).toBe('')
})
