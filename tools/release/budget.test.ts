import { expect, test } from 'vitest'
import { overspent } from './budget.js'

const budget = { small: { tarball: 1000, bundle: 200 } }

test('what is within five per cent of the budget passes', () => {
  expect(overspent(budget, { small: { tarball: 1050, bundle: 200 } })).toEqual([])
})

test('what is over it is named with its share', () => {
  expect(overspent(budget, { small: { tarball: 1051, bundle: 400 } })).toEqual([
    'The tarball of small has 1051 bytes, 5 % more than its budget of 1000.',
    'The bundle of small has 400 bytes, 100 % more than its budget of 200.',
  ])
})

test('a package without a budget is named', () => {
  expect(overspent(budget, { other: { tarball: 1 } })).toEqual(['other has no budget.'])
})
