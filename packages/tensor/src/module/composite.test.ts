import { describe, expect, test } from 'vitest'
import { scope } from '../memory/scope.js'
import { add, multiply } from '../ops/arithmetic.js'
import { ones, randomNormal, tensor } from '../ops/creation.js'
import { foldIn, randomKey } from '../random/key.js'
import { readSync } from '../tensor/read.js'
import type { Images, Tensor } from '../tensor/tensor.js'
import { expectClose } from '../testing/close.js'
import { flattenTree, subtree } from '../tree/tree.js'
import { composite, sequential } from './composite.js'
import { layer, variable } from './layer.js'
import { batchNormLayer, convolutionLayer, denseLayer, dropoutLayer, flattenLayer, identityLayer, reluLayer } from './layers.js'
import { inference, type Module, replaceModules, trainingMode } from './module.js'

const key = randomKey(1)

/** A layer with one factor that counts in its state how often it was applied. */
const counting = (factor: number): Module =>
  layer({
    description: { kind: 'counting' },
    init: () => ({ params: { factor: tensor([factor], []) }, state: { count: tensor([0], []) } }),
    apply: ({ params, state }, x: Tensor) => ({ output: multiply(x, variable(params, 'factor')), state: { count: add(variable(state, 'count'), 1) } }),
  })

const residual = (): Module<Images, Images> =>
  composite({
    description: { kind: 'residual', channels: 4 },
    children: { convolution: convolutionLayer({ channels: 4, kernelSize: 3, padding: 1 }), norm: batchNormLayer() },
    forward: (run, x: Images) => add(x, run('norm', run('convolution', x)) as Images),
  })

const pathsOf = (tree: Parameters<typeof flattenTree<Tensor>>[0]): string[] => flattenTree<Tensor>(tree).map(({ path }) => path)

describe('composite', () => {
  test('finds the shapes of its variables from its wiring', () => {
    scope(() => {
      const { params, state } = residual().init(key, [1, 5, 5, 4])
      expect(flattenTree<Tensor>(params).map(({ path, leaf }) => [path, leaf.shape])).toEqual([
        ['convolution.filter', [3, 3, 4, 4]],
        ['norm.offset', [4]],
        ['norm.scale', [4]],
      ])
      expect(pathsOf(state)).toEqual(['norm.mean', 'norm.variance'])
    })
  })

  test('computes what its wiring says, with a tap after each module', () => {
    scope(() => {
      const module = residual()
      const variables = module.init(key, [1, 5, 5, 4])
      const x = randomNormal(key, [2, 5, 5, 4])
      const applied = module.apply(variables, x, inference)
      expect(Object.keys(applied.taps)).toEqual(['convolution', 'norm'])
      expectClose(applied.output, add(x, applied.taps['norm'] as typeof x))
      expect(applied.state).toEqual(variables.state)
    })
  })

  test('taps and variables of modules inside modules stand under dotted paths', () => {
    scope(() => {
      const module = sequential({ block: residual(), rest: sequential({ relu: reluLayer(), flat: flattenLayer() }) })
      const variables = module.init(key, [1, 5, 5, 4])
      const { taps } = module.apply(variables, ones([2, 5, 5, 4]), inference)
      expect(Object.keys(taps).toSorted()).toEqual(['block', 'block.convolution', 'block.norm', 'rest', 'rest.flat', 'rest.relu'])
      expect(pathsOf(variables.params)).toEqual(['block.convolution.filter', 'block.norm.offset', 'block.norm.scale'])
    })
  })

  test('a module that is run twice has one set of variables, and its state moves on twice', () => {
    scope(() => {
      const module = composite({ description: { kind: 'twice' }, children: { shared: counting(3) }, forward: (run, x: Tensor) => run('shared', run('shared', x)) })
      const variables = module.init(key, [1, 2])
      const applied = module.apply(variables, ones([1, 2]), trainingMode(key))
      expectClose(applied.output, [9, 9])
      expectClose(subtree(applied.state, 'shared.count') as Tensor, [2])
      expectClose(subtree(variables.state, 'shared.count') as Tensor, [0])
    })
  })

  test('state of modules that did not run is kept', () => {
    scope(() => {
      const module = composite({ description: { kind: 'one-of-two' }, children: { used: counting(1), idle: counting(1) }, forward: (run, x: Tensor) => run('used', x) })
      const state = { used: { count: tensor([4], []) }, idle: { count: tensor([7], []) } }
      const applied = module.apply({ params: { used: { factor: tensor([1], []) } }, state }, ones([1, 2]), inference)
      expectClose(subtree(applied.state, 'used.count') as Tensor, [5])
      expectClose(subtree(applied.state, 'idle.count') as Tensor, [7])
    })
  })

  test('each module inside has a key of its own', () => {
    scope(() => {
      const module = composite({
        description: { kind: 'two-dropouts' },
        children: { left: dropoutLayer(0.5), right: dropoutLayer(0.5) },
        forward: (run, x: Tensor) => add(run('left', x), multiply(run('right', x), 10)),
      })
      const { taps } = module.apply({ params: {}, state: {} }, ones([8, 8]), trainingMode(key))
      expect(readSync(taps['left'] as Tensor)).not.toEqual(readSync(taps['right'] as Tensor))
    })
  })

  test('modules of different names start differently, those of one name alike', () => {
    scope(() => {
      const dense = (): Module => denseLayer({ units: 2 })
      const { params } = sequential({ a: dense(), b: dense() }).init(key, [1, 2])
      const alone = dense().init(foldIn(key, 'a'), [1, 2])
      expect(readSync(subtree(params, 'a.weight') as Tensor)).toEqual(readSync(variable(alone.params, 'weight')))
      expect(readSync(subtree(params, 'b.weight') as Tensor)).not.toEqual(readSync(variable(alone.params, 'weight')))
    })
  })
})

describe('replaceModules', () => {
  const plain = (): Module => sequential({ first: sequential({ inner: counting(2), other: reluLayer() }), second: counting(5) })

  test('puts other modules in the place of those that are chosen by path or kind, and leaves the original', () => {
    scope(() => {
      const original = plain()
      const visited: string[] = []
      const changed = replaceModules(original, (path, module) => {
        visited.push(path)
        return module.description.kind === 'counting' ? identityLayer() : undefined
      })
      expect(visited).toEqual(['first', 'first.inner', 'first.other', 'second'])
      expect(changed.apply(changed.init(key, [1, 1]), ones([1, 1]), inference).output).toSatisfy((output: Tensor) => readSync(output)[0] === 1)
      expect(original.apply(original.init(key, [1, 1]), ones([1, 1]), inference).output).toSatisfy((output: Tensor) => readSync(output)[0] === 10)
    })
  })

  test('does not look into what it replaced', () => {
    const visited: string[] = []
    replaceModules(plain(), (path) => {
      visited.push(path)
      return path === 'first' ? plain() : undefined
    })
    expect(visited).toEqual(['first', 'second'])
  })

  test('a replacement may wrap the module that it replaces, whose variables move under its name', () => {
    scope(() => {
      const wrapped = replaceModules(plain(), (path, module) => (path === 'second' ? sequential({ before: reluLayer(), wrapped: module }) : undefined))
      expect(pathsOf(wrapped.init(key, [1, 1]).params)).toEqual(['first.inner.factor', 'second.wrapped.factor'])
    })
  })

  test('a layer has nothing to replace', () => {
    const relu = reluLayer()
    expect(replaceModules(relu, () => identityLayer())).toBe(relu)
  })
})
