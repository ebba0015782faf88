import { expect, test } from 'vitest'
import { comparison } from '../recipe/comparison.js'
import { parseRecipe } from '../recipe/parse-recipe.js'
import { settingsOf } from '../recipe/settings-of.js'
import { availableDefinitions } from './definitions.js'
import { optionsOf } from './training-settings.js'
import { withPrecision } from './with-precision.js'

const ratesOf = (training: string, totalSteps: number): readonly number[] => {
  const text = `source: { network: digit-network, pretrain: { dataset: a, steps: 1 } }\ntarget: { dataset: b, examplesPerClass: 1 }\ntraining: ${training}\nstrategies: [fine-tune]\n`
  const { schedule } = optionsOf(parseRecipe(text, 'recipe.yaml', comparison).recipe.training)
  return Array.from({ length: totalSteps }, (_, step) => schedule(step, totalSteps))
}

test('a step schedule falls at shares of the training', () => {
  expect(ratesOf('{ steps: 8, learningRate: 1, schedule: step, milestones: [0.5, 0.75], factor: 0.5 }', 8)).toEqual([1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25])
})

test('a step schedule falls at the beginning of epochs', () => {
  // Three steps an epoch: epochs 1 and 3 begin with the steps 3 and 9.
  expect(ratesOf('{ epochs: 4, learningRate: 1, schedule: step, milestones: [1, 3], factor: 0.5 }', 12)).toEqual([1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25])
})

test('a step schedule may warm up', () => {
  expect(ratesOf('{ steps: 4, learningRate: 1, schedule: step, milestones: [0.75], factor: 0.5, warmUpSteps: 1 }', 4)).toEqual([0.5, 1, 1, 0.5])
})

test.each([
  ['{ steps: 8, schedule: step }', 'training.schedule: a step schedule needs milestones'],
  ['{ steps: 8, schedule: step, milestones: [0.5, 0.5] }', 'training.milestones: each milestone comes after the one before it.'],
  ['{ epochs: 8, schedule: step, milestones: [0.5, 2] }', 'training.milestones: milestones are either shares of the training, below 1, or whole epochs, not both.'],
  ['{ steps: 8, schedule: step, milestones: [2] }', 'training.milestones: milestones in epochs need a budget in epochs'],
  ['{ epochs: 8, schedule: step, milestones: [8] }', 'training.milestones: milestones in epochs are whole and below the 8 epochs of the training.'],
  ['{ epochs: 8, nesterov: true, momentum: 0 }', 'training.nesterov: looking ahead needs the optimiser sgd'],
])('%s is refused with what to write', (training, problem) => {
  expect(() => ratesOf(training, 8)).toThrow(problem)
})

test('the precision is that of the strategy, else of the command line, else of the recipe', async () => {
  const text = `source: { network: digit-network, pretrain: { dataset: a, steps: 1 } }\ntarget: { dataset: b, examplesPerClass: 1 }\ntraining: { steps: 8 }\nstrategies: [fine-tune]\n`
  const file = { ...parseRecipe(text, 'recipe.yaml', comparison), folder: '.', name: 'recipe', definitions: await availableDefinitions([], '.') }
  expect(withPrecision(file, undefined).recipe.training.precision).toBeUndefined()
  const { training } = withPrecision(file, 'bfloat16').recipe
  expect(settingsOf(training, {}).precision).toBe('bfloat16')
  expect(settingsOf(training, { precision: 'float32' }).precision).toBe('float32')
  expect(optionsOf(training).precision).toBe('bfloat16')
  expect(() => ratesOf('{ steps: 8, precision: float16 }', 8)).toThrow('training.precision')
})
