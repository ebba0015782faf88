import { describe, expect, test } from 'vitest'
import { TransferkitError } from '../error.js'
import { scope } from '../memory/scope.js'
import { ones, randomNormal } from '../ops/creation.js'
import { randomKey } from '../random/key.js'
import { readSync } from '../tensor/read.js'
import type { Tensor } from '../tensor/tensor.js'
import { expectClose } from '../testing/close.js'
import { flattenTree, mapTree, type TensorTree } from '../tree/tree.js'
import { sequential } from './composite.js'
import { batchNormLayer, convolutionLayer, denseLayer, dropoutLayer, globalAveragePoolLayer, reluLayer } from './layers.js'
import { inference, type Module, replaceModules, trainingMode } from './module.js'
import { type Network, network, refineStages, runStages, tapShapes, withClasses } from './network.js'

const key = randomKey(1)

/** A layer of any input as a module of a sequence. */
const any = (module: unknown): Module => module as Module

const block = (channels: number): Module =>
  sequential({ convolution: any(convolutionLayer({ channels, kernelSize: 3, padding: 1 })), norm: batchNormLayer(), relu: reluLayer(), dropout: dropoutLayer(0.5) })

const small = (): Network =>
  network({
    name: 'small',
    inputShape: [6, 6, 1],
    stages: [
      { name: 'stem', module: block(2) },
      { name: 'stage1', module: sequential({ block1: block(2), block2: block(3) }) },
      { name: 'pooled', module: any(globalAveragePoolLayer()) },
    ],
    classes: 4,
  })

const values = (tree: TensorTree): Record<string, number[]> => Object.fromEntries(flattenTree<Tensor>(tree).map(({ path, leaf }) => [path, [...readSync(leaf)]]))

describe('network', () => {
  test('has its variables under the names of stages and of the head', () => {
    scope(() => {
      const { params, state } = small().init(key, [1, 6, 6, 1])
      expect(new Set(flattenTree<Tensor>(params).map(({ path }) => path.split('.')[0]))).toEqual(new Set(['stem', 'stage1', 'head']))
      expect(flattenTree<Tensor>(params).filter(({ path }) => path.startsWith('head.')).map(({ path, leaf }) => [path, leaf.shape])).toEqual([
        ['head.bias', [4]],
        ['head.weight', [3, 4]],
      ])
      expect(flattenTree<Tensor>(state).map(({ path }) => path)).toContain('stage1.block2.norm.mean')
    })
  })

  test('gives logits, a tap after each stage and the taps inside', () => {
    scope(() => {
      const net = small()
      const variables = net.init(key, [1, 6, 6, 1])
      const { output, taps } = net.apply(variables, randomNormal(key, [5, 6, 6, 1]), inference)
      expect(output.shape).toEqual([5, 4])
      expect(Object.keys(taps)).toEqual(expect.arrayContaining(['stem', 'stem.norm', 'stage1', 'stage1.block1.relu', 'pooled']))
      expect(taps['pooled']?.shape).toEqual([5, 3])
    })
  })

  test('in training its state moves on, under the same paths', () => {
    scope(() => {
      const net = small()
      const variables = net.init(key, [1, 6, 6, 1])
      const { state } = net.apply(variables, randomNormal(key, [5, 6, 6, 1]), trainingMode(key))
      expect(Object.keys(values(state))).toEqual(Object.keys(values(variables.state)))
      expect(values(state)['stem.norm.mean']).not.toEqual(values(variables.state)['stem.norm.mean'])
    })
  })

  test('stage names are unique, and `head` is taken', () => {
    const withStages = (...names: string[]): (() => Network) => () => network({ name: 'bad', inputShape: [2], stages: names.map((name) => ({ name, module: reluLayer() })), classes: 2 })
    expect(withStages('a', 'b', 'a')).toThrow(`Network 'bad': the stage name 'a' is used twice.`)
    expect(withStages('head')).toThrow(`Network 'bad': the stage name 'head' is reserved for the classifier.`)
    expect(withStages('a', 'a')).toThrow(TransferkitError)
  })

  test('withChildren puts modules in the places of stages and head', () => {
    const net = small()
    const head = denseLayer({ units: 4, bias: false })
    const changed = net.withChildren({ ...net.children, stem: reluLayer(), head: any(head) }) as Network
    expect(changed.stages[0]?.module.description.kind).toBe('relu')
    expect(changed.head).toBe(head)
    expect(changed.stages[1]).toEqual(net.stages[1])
    expect(net.stages[0]?.module.description.kind).toBe('sequential')
  })

  test('replaceModules reaches every convolution and gives a network', () => {
    scope(() => {
      const paths: string[] = []
      const changed = replaceModules(small(), (path, module) => {
        if (module.description.kind !== 'convolution') return undefined
        paths.push(path)
        return any(convolutionLayer({ channels: Number(module.description['channels']), kernelSize: 3, padding: 1, bias: true }))
      })
      expect(paths).toEqual(['stem.convolution', 'stage1.block1.convolution', 'stage1.block2.convolution'])
      expect(changed.classes).toBe(4)
      expect(Object.keys(values(changed.init(key, [1, 6, 6, 1]).params))).toContain('stage1.block2.convolution.bias')
    })
  })
})

describe('runStages', () => {
  test('runs a part of a network, and each stage in a mode of its own', () => {
    scope(() => {
      const net = small()
      const variables = net.init(key, [1, 6, 6, 1])
      const run = runStages({ stages: net.stages.slice(0, 2) }, variables, randomNormal(key, [5, 6, 6, 1]), (stage) => (stage === 'stem' ? inference : trainingMode(key)))
      expect(run.output.shape).toEqual([5, 6, 6, 3])
      expect(values(run.state)['stem.norm.mean']).toEqual([0, 0])
      expect(values(run.state)['stage1.block1.norm.mean']).not.toEqual([0, 0])
    })
  })
})

describe('refineStages', () => {
  test.each([
    [1, ['stem.convolution', 'stem.norm', 'stem.relu', 'stem.dropout', 'stage1.block1', 'stage1.block2', 'pooled']],
    [0, ['stem', 'stage1', 'pooled']],
  ])('cut %d levels deep, it has the stages %j', (depth, names) => {
    expect(refineStages(small(), depth).stages.map(({ name }) => name)).toEqual(names)
  })

  test.each([1, 2, 5])('cut %d levels deep, it has the same start from the same key, and computes the same in inference and in training', (depth) => {
    scope(() => {
      const [coarse, fine] = [small(), refineStages(small(), depth)]
      const variables = coarse.init(key, [1, 6, 6, 1])
      expect(values(fine.init(key, [1, 6, 6, 1]).params)).toEqual(values(variables.params))
      const x = randomNormal(key, [5, 6, 6, 1])
      for (const mode of [inference, trainingMode(key)]) {
        const [ofCoarse, ofFine] = [coarse.apply(variables, x, mode), fine.apply(variables, x, mode)]
        expectClose(ofFine.output, ofCoarse.output)
        expect(values(ofFine.state)).toEqual(values(ofCoarse.state))
        expectClose(ofFine.taps['stage1.block1.relu'] as Tensor, ofCoarse.taps['stage1.block1.relu'] as Tensor)
      }
    })
  })
})

describe('withClasses', () => {
  test('has a new head and the same stages', () => {
    scope(() => {
      const source = small()
      const target = withClasses(source, 9)
      expect([target.classes, source.classes]).toEqual([9, 4])
      expect(target.stages).toEqual(source.stages)
      expect(target.apply(target.init(key, [1, 6, 6, 1]), ones([2, 6, 6, 1]), inference).output.shape).toEqual([2, 9])
    })
  })
})

test('tapShapes gives the shape of each tap for one example', () => {
  expect(tapShapes(small())).toEqual({ stem: [6, 6, 2], stage1: [6, 6, 3], pooled: [3] })
})

test('a network computes the same from variables that went through a copy', () => {
  scope(() => {
    const net = small()
    const { params, state } = net.init(key, [1, 6, 6, 1])
    const x = randomNormal(key, [2, 6, 6, 1])
    const copied = { params: mapTree(params, (leaf) => leaf), state: mapTree(state, (leaf) => leaf) }
    expectClose(net.apply(copied, x, inference).output, net.apply({ params, state }, x, inference).output)
  })
})
