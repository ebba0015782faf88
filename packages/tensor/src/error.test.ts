import { expect, test } from 'vitest'
import { TransferkitError } from './error.js'

test('an error carries its code, its message and its cause', () => {
  const cause = new Error('disk')
  const error = new TransferkitError('area/problem', 'What to do.', { cause })
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({ name: 'TransferkitError', code: 'area/problem', message: 'What to do.', cause })
})

test('errors of another copy of the package are recognised, other values are not', () => {
  const fromAnotherCopy = Object.defineProperty(new Error('x'), Symbol.for('transferkit.error'), { value: true })
  expect(TransferkitError.isInstance(new TransferkitError('area/problem', 'x'))).toBe(true)
  expect(TransferkitError.isInstance(fromAnotherCopy)).toBe(true)
  for (const other of [new Error('x'), undefined, null, 'x', {}]) expect(TransferkitError.isInstance(other)).toBe(false)
})
