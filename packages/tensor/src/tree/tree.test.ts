import { describe, expect, test } from 'vitest'
import { TransferkitError } from '../error.js'
import { release, scope } from '../memory/scope.js'
import { add, multiply } from '../ops/arithmetic.js'
import { integerTensor, scalar, tensor, zeros } from '../ops/creation.js'
import { integerArray } from '../random/host.js'
import { foldIn, type Key, randomKey } from '../random/key.js'
import { item } from '../tensor/read.js'
import type { Tensor } from '../tensor/tensor.js'
import {
  countElements,
  flattenTree,
  leavesOf,
  mapLeaves,
  mapTree,
  mergeTrees,
  partitionTree,
  subtree,
  type Tree,
  unflattenTree,
  zipTrees,
} from './tree.js'

/** A random tree of named trees with numbers as leaves. */
const randomTree = (key: Key, depth: number): Tree<number> => {
  const [kind = 0, size = 0, leaf = 0] = integerArray(key, 3, 1000)
  if (depth === 0 || kind < 250) return leaf
  const names = Array.from({ length: 1 + (size % 4) }, (_, index) => `n${(leaf + index * 7) % 13}`)
  return Object.fromEntries(names.map((name) => [name, randomTree(foldIn(key, name), depth - 1)]))
}

const randomTrees = Array.from({ length: 100 }, (_, index) => randomTree(foldIn(randomKey(1), index), 4))

const codeOf = (f: () => unknown): string => {
  try {
    f()
  } catch (error) {
    if (TransferkitError.isInstance(error)) return `${error.code}: ${error.message}`
    throw error
  }
  return 'no error'
}

describe('flattenTree and unflattenTree', () => {
  test('are each other’s reverse for any tree of named trees', () => {
    for (const tree of randomTrees) {
      const leaves = flattenTree(tree)
      expect(unflattenTree(leaves)).toEqual(tree)
      expect(unflattenTree(leaves.toReversed())).toEqual(tree)
    }
  })

  test('a tree has one order, whoever built it', () => {
    expect(flattenTree({ b: { d: 1, c: 2 }, a: 3 })).toEqual([
      { path: 'a', leaf: 3 },
      { path: 'b.c', leaf: 2 },
      { path: 'b.d', leaf: 1 },
    ])
  })

  test('lists are visited by position, beyond ten as well', () => {
    const list = Array.from({ length: 12 }, (_, index) => index)
    expect(flattenTree({ list }).map(({ path }) => path)).toEqual(list.map((index) => `list.${index}`))
  })

  test('a single leaf has the empty path, a tree without leaves has none', () => {
    expect(flattenTree(5)).toEqual([{ path: '', leaf: 5 }])
    expect(unflattenTree([{ path: '', leaf: 5 }])).toBe(5)
    expect(flattenTree({ a: {}, b: [] })).toEqual([])
    expect(unflattenTree([])).toEqual({})
  })

  test('objects with a class of their own are leaves', () => {
    const date = new Date(0)
    expect(flattenTree<unknown>({ date, nothing: null, bytes: new Uint8Array(1) }).map(({ path }) => path)).toEqual(['bytes', 'date', 'nothing'])
  })

  test('names of built-in properties are ordinary names', () => {
    const leaves = ['constructor', 'toString.x', '__proto__x'].map((path, leaf) => ({ path, leaf }))
    expect(flattenTree(unflattenTree(leaves)).map(({ path }) => path).toSorted()).toEqual(leaves.map(({ path }) => path).toSorted())
  })

  test.each([
    [['a', 'a'], 'a'],
    [['a', 'a.b'], 'a.b'],
    [['a.b', 'a'], 'a'],
    [['a.b.c', 'a.b'], 'a.b'],
  ])('paths %j cannot stand in one tree', (paths, culprit) => {
    expect(codeOf(() => unflattenTree(paths.map((path) => ({ path, leaf: 0 }))))).toBe(
      `tree/path-conflict: Two leaves cannot stand in one tree: '${culprit}' is named twice, or is the beginning of another path.`,
    )
  })
})

describe('mapping', () => {
  test('mapLeaves keeps the structure and passes the paths', () => {
    for (const tree of randomTrees) {
      expect(mapLeaves(tree, (leaf) => leaf)).toEqual(tree)
      expect(leavesOf(mapLeaves(tree, (_, path) => path))).toEqual(flattenTree(tree).map(({ path }) => path))
    }
    expect(mapLeaves([1, { a: 2 }], (leaf) => leaf * 10)).toEqual([10, { a: 20 }])
  })

  test('mapTree and zipTrees compute leaf by leaf', () => {
    scope(() => {
      const tree = { list: [scalar(1), scalar(2)], named: { a: scalar(3) } }
      const doubled = mapTree(tree, (leaf) => multiply(leaf, 2))
      const sums = zipTrees(tree, doubled, (left, right) => add(left, right))
      expect(leavesOf<Tensor>(sums).map(item)).toEqual([3, 6, 9])
      expect(Array.isArray(sums.list)).toBe(true)
    })
  })

  test.each([
    [{ a: 1 }, { a: 1, b: 2 }, `tree/structure: Two trees must have the same structure, but 'b' is missing in the first one.`],
    [{ a: 1, b: 2 }, { a: 1 }, `tree/structure: Two trees must have the same structure, but 'b' is missing in the second one.`],
    [{ a: { c: 1 } }, { a: 1 }, `tree/structure: Two trees must have the same structure, but 'a.c' is missing in the second one.`],
  ])('zipTrees of %j and %j names the first path that differs', (left, right, message) => {
    scope(() => {
      const tensors = (tree: Tree<number>) => mapLeaves<number, Tensor>(tree, (leaf) => scalar(leaf)) as Readonly<Record<string, Tensor>>
      expect(codeOf(() => zipTrees(tensors(left), tensors(right), (leaf) => leaf))).toBe(message)
    })
  })
})

describe('partitionTree and mergeTrees', () => {
  test('divide a tree and put it together again', () => {
    scope(() => {
      const tree = { body: { filter: scalar(1), bias: scalar(2) }, head: { bias: scalar(3) } }
      const { selected, rest } = partitionTree(tree, (path) => path.endsWith('bias'))
      expect(flattenTree<Tensor>(selected).map(({ path }) => path)).toEqual(['body.bias', 'head.bias'])
      expect(flattenTree<Tensor>(rest).map(({ path }) => path)).toEqual(['body.filter'])
      expect(mergeTrees(selected, rest)).toEqual(tree)
      expect(mergeTrees(rest, selected)).toEqual(tree)
      expect(codeOf(() => mergeTrees(tree, rest))).toContain(`tree/path-conflict: Two leaves cannot stand in one tree: 'body.filter'`)
    })
  })

  test('the predicate sees the leaf', () => {
    scope(() => {
      const { selected } = partitionTree({ matrix: zeros([2, 2]), vector: zeros([2]) }, (_path, leaf) => leaf.rank === 2)
      expect(flattenTree<Tensor>(selected).map(({ path }) => path)).toEqual(['matrix'])
    })
  })

  test('all or nothing selected leaves an empty tree', () => {
    scope(() => {
      expect(partitionTree({ a: scalar(1) }, () => true).rest).toEqual({})
      expect(mergeTrees({}, {})).toEqual({})
    })
  })
})

describe('subtree', () => {
  test('finds branches, leaves and the whole tree', () => {
    scope(() => {
      const tree = { stage: { blocks: [{ bias: scalar(1) }, { bias: scalar(2) }] } }
      expect(subtree(tree, '')).toBe(tree)
      expect(subtree(tree, 'stage.blocks.1.bias')).toBe(tree.stage.blocks[1]?.bias)
    })
  })

  test.each([
    ['stage.missing', `tree/no-such-path: No 'missing' on the path 'stage.missing'; found 'bias', 'filter' there.`],
    ['stage.bias.deeper', `tree/no-such-path: No 'deeper' on the path 'stage.bias.deeper'; found a tensor there.`],
    ['empty.x', `tree/no-such-path: No 'x' on the path 'empty.x'; found an empty tree there.`],
    ['constructor', `tree/no-such-path: No 'constructor' on the path 'constructor'; found 'empty', 'stage' there.`],
  ])('says what there is instead of %s', (path, message) => {
    scope(() => {
      const tree = { stage: { filter: scalar(1), bias: scalar(2) }, empty: {} }
      expect(codeOf(() => subtree(tree, path))).toBe(message)
    })
  })
})

test('countElements adds up the sizes of tensors of all types', () => {
  const tree = { weight: zeros([3, 4]), labels: integerTensor([1, 2], [2]), scalar: tensor([1], []) }
  expect(countElements(tree)).toBe(15)
  release(tree)
})
