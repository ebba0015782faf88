import { openRuntime, type Runtime } from '@transferkit/runtime/node'
import { flattenTree, inference, integerTensor, randomKey, readSync, scope, softmaxCrossEntropy, sum, tensor, type Tensor, type TensorTree, valueAndGradWithAuxiliary } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { textNetworks } from './text-networks.js'

const ids = [3, 7, 1, 4, 0, 2, 5, 0, 0, 0, 0, 0, 0, 0, 0, 6, 2, 2, 9, 3, 8, 0, 0, 0, 0, 3, 7, 0, 0, 0]

/** Scores and all gradients of a network on the active backend, by name. */
const computed = (name: string): ReadonlyMap<string, Float32Array> =>
  scope(() => {
    const shape = name.endsWith('-pair') ? [2, 5] : [5]
    const network = textNetworks[name]!({ classes: 3, vocabulary: 10, embeddingSize: 4, hiddenSize: 4, inputShape: shape, pooling: 'attention' })
    const { params, state } = network.init(randomKey(4), [1, ...shape])
    const batch = 30 / shape.reduce((product, size) => product * size, 1)
    const labels = integerTensor(Array.from({ length: batch }, (_, index) => index % 3), [batch])
    const input = tensor(ids, [batch, ...shape])
    const { auxiliary, gradient } = valueAndGradWithAuxiliary((tree: TensorTree) => {
      const { output } = network.apply({ params: tree, state }, input, inference)
      return { value: sum(softmaxCrossEntropy(output, labels)), auxiliary: output }
    })(params)
    return new Map([['scores', readSync(auxiliary)], ...flattenTree<Tensor>(gradient).map(({ path, leaf }) => [path, readSync(leaf)] as const)])
  })

const names = Object.keys(textNetworks)

describe('WebAssembly gives what plain JavaScript gives', () => {
  const expected = new Map<string, ReadonlyMap<string, Float32Array>>()
  let runtime: Runtime | undefined

  beforeAll(async () => {
    for (const name of names) expected.set(name, computed(name))
    runtime = await openRuntime({ backend: 'wasm' })
  })
  afterAll(() => {
    runtime?.close()
  })

  test.each(names)('scores and gradients of %s', (name) => {
    const found = computed(name)
    const wanted = expected.get(name)!
    expect([...found.keys()]).toEqual([...wanted.keys()])
    for (const [path, values] of wanted) expectClose(found.get(path)!, values, { absolute: 1e-5, relative: 1e-4 })
  })
})
