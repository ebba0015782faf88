import { expect, test } from 'vitest'
import { baselineStrategies } from './baselines.js'
import { fineTune } from './fine-tune.js'
import { strategyById } from './strategies-by-id.js'

test('a strategy is found by its id', () => {
  expect(strategyById('fine-tune', baselineStrategies)).toBe(fineTune)
})

test('an id that the list does not have is refused, with what to do', () => {
  expect(() => strategyById('l2-sp', [fineTune])).toThrow("There is no strategy 'l2-sp' in the list. The list has: fine-tune. Add the list of the package that brings it.")
})
