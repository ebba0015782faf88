import { openRuntime, type Runtime } from '@transferkit/runtime/node'
import { flattenTree, inference, integerTensor, type LossInputs, randomKey, readSync, scalar, scope, softmaxCrossEntropy, sum, tensor, type Tensor, type TensorTree, type TransferProgram, valueAndGradWithAuxiliary } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { classificationLoss } from '@transferkit/training'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { languageModel } from '../language-model/language-model-program.js'
import { batch, contextOf, key, smallClassifier } from '../strategies/recurrent-ptu.fixture.js'
import { recurrentPtu } from '../strategies/recurrent-ptu.js'
import { textNetworks } from './text-networks.js'

const ids = [3, 7, 1, 4, 0, 2, 5, 0, 0, 0, 0, 0, 0, 0, 0, 6, 2, 2, 9, 3, 8, 0, 0, 0, 0, 3, 7, 0, 0, 0]

type Numbers = ReadonlyMap<string, Float32Array>

const named = (scores: Tensor, gradient: TensorTree): Numbers => new Map([['scores', readSync(scores)], ...flattenTree<Tensor>(gradient).map(({ path, leaf }) => [path, readSync(leaf)] as const)])

/** Scores and all gradients of a network, by name. */
const ofNetwork = (name: string) => (): Numbers =>
  scope(() => {
    const shape = name.endsWith('-pair') ? [2, 5] : [5]
    const network = textNetworks[name]!({ classes: 3, vocabulary: 10, embeddingSize: 4, hiddenSize: 4, inputShape: shape, pooling: 'attention' })
    const { params, state } = network.init(randomKey(4), [1, ...shape])
    const size = 30 / shape.reduce((product, length) => product * length, 1)
    const labels = integerTensor(Array.from({ length: size }, (_, index) => index % 3), [size])
    const input = tensor(ids, [size, ...shape])
    const { auxiliary, gradient } = valueAndGradWithAuxiliary((tree: TensorTree) => {
      const { output } = network.apply({ params: tree, state }, input, inference)
      return { value: sum(softmaxCrossEntropy(output, labels)), auxiliary: output }
    })(params)
    return named(auxiliary, gradient)
  })

/** Scores and all gradients of the loss of a program. */
const ofProgram = (make: () => TransferProgram) => (): Numbers =>
  scope(() => {
    const program = make()
    const { params, ...others } = program.init(key)
    const loss = program.loss?.bind(program) ?? classificationLoss(program)
    const { auxiliary, gradient } = valueAndGradWithAuxiliary((tree: TensorTree) => {
      const inputs: LossInputs = { variables: { ...others, params: tree }, batch: batch(), key, progress: scalar(0) }
      const { loss: value, logits } = loss(inputs)
      return { value, auxiliary: logits }
    })(params)
    return named(auxiliary, gradient)
  })

const cases = new Map<string, () => Numbers>([
  ...Object.keys(textNetworks).map((name) => [name, ofNetwork(name)] as const),
  ['recurrent-ptu', ofProgram(() => recurrentPtu({ candidate: 'threeState', layers: 'all', mixCell: true, perturbation: 0.1 }).prepare(contextOf(smallClassifier({ bidirectional: true }))))],
  ['a language model', ofProgram(() => languageModel({ network: smallClassifier(), words: { firstClassToken: 2, count: 7 }, tied: true }).program)],
])

/** Why a backend cannot be opened here; nothing where it can. */
const faultOf = async (backend: 'native' | 'wasm'): Promise<string | undefined> => {
  try {
    const runtime = await openRuntime({ backend })
    runtime.close()
    return undefined
  } catch (error) {
    return String(error)
  }
}

const nativeFault = await faultOf('native')
const skipped = nativeFault === undefined ? '' : ` (skipped: ${nativeFault})`

describe.each([
  ['WebAssembly', 'wasm', false],
  [`native TensorFlow${skipped}`, 'native', nativeFault !== undefined],
] as const)('%s gives what plain JavaScript gives', (_name, backend, isSkipped) => {
  const expected = new Map<string, Numbers>()
  let runtime: Runtime | undefined

  beforeAll(async () => {
    if (isSkipped) return
    const plain = await openRuntime({ backend: 'cpu' })
    for (const [name, compute] of cases) expected.set(name, compute())
    plain.close()
    runtime = await openRuntime({ backend })
  })
  afterAll(() => {
    runtime?.close()
  })

  test.skipIf(isSkipped).each([...cases.keys()])('scores and gradients of %s', (name) => {
    const found = cases.get(name)!()
    const wanted = expected.get(name)!
    expect([...found.keys()]).toEqual([...wanted.keys()])
    for (const [path, values] of wanted) expectClose(found.get(path)!, values, { absolute: 1e-5, relative: 1e-4 })
  })
})
