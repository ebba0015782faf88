// The scaffolded strategy, broken in one place at a time; the suite has to find each.
import { mapTree, multiply, onesLike, randomKey, stopGradient, zeros, zerosLike } from '@transferkit/tensor'
import { defineStrategy, featureExtraction } from '@transferkit/training'
import { testStrategy } from '@transferkit/training/testing'
import { z } from 'zod'
import * as own from './index.js'

const [definition] = Object.values(own).flat().filter((value) => typeof value === 'function' && 'kind' in value)
const mine = definition.kind === 'structure' ? definition() : undefined

const broken = (name, change, base = mine) =>
  testStrategy({
    strategy: defineStrategy({ name, summary: 'Does one thing wrong.', reference: { citation: 'None.' }, options: z.strictObject({}), prepare: (context) => change(base.prepare(context)) }),
  })

const kept = []

broken('leaks', (program) => {
  kept.push(zeros([1]))
  return program
})

broken('moves-frozen', (program) => ({ ...program, publish: (variables) => ({ ...variables, frozen: mapTree(variables.frozen, (leaf) => multiply(leaf, 1 + 2 ** -22)) }) }), featureExtraction())

broken('ignores-seed', (program) => ({ ...program, init: () => program.init(randomKey(0)) }))

const cut = (variables) => ({ ...variables, params: mapTree(variables.params, (leaf, path) => (path.startsWith('stage2.norm') ? stopGradient(leaf) : leaf)) })
broken('wrong-gradient', (program) => ({
  ...program,
  forward: (variables, inputs, mode) => program.forward(cut(variables), inputs, mode),
  ...(program.loss === undefined ? {} : { loss: (inputs) => program.loss({ ...inputs, variables: cut(inputs.variables) }) }),
}))

broken('loses-statistics', (program) => ({ ...program, publish: (variables) => ({ ...variables, state: mapTree(variables.state, (leaf, path) => (path.endsWith('variance') ? onesLike(leaf) : zerosLike(leaf))) }) }))
