import {
  batchNormLayer,
  branchAt,
  convolutionLayer,
  denseLayer,
  depthwiseConvolutionLayer,
  flattenLayer,
  foldIn,
  inference,
  isBranch,
  mapTree,
  network,
  normalArray,
  randomKey,
  readSync,
  scope,
  sequential,
  type Tensor,
  tensor,
  type TrainedNetwork,
  uniformArray,
} from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { expect, test } from 'vitest'
import { adaptNetwork } from '../adapters/adapt-network.js'
import { foldAdapters } from '../adapters/fold-adapters.js'
import { digitNetwork } from '../networks/digit-network.js'
import { foldBatchNorms } from './fold-batch-norms.js'

const key = randomKey(1)

const randomised = (made: TrainedNetwork['network']): TrainedNetwork => {
  const variables = made.init(key, [1, ...made.inputShape])
  const uniform = (path: string, leaf: Tensor): Tensor => tensor(uniformArray(foldIn(key, path), leaf.size, 0.2, 1.2), leaf.shape)
  return { network: made, variables: { params: mapTree(variables.params, (leaf, path) => uniform(path, leaf)), state: mapTree(variables.state, (leaf, path) => uniform(path, leaf)) } }
}

const outputs = ({ network: made, variables }: TrainedNetwork): Float32Array => {
  const shape = [2, ...made.inputShape]
  const images = tensor(normalArray(foldIn(key, 'images'), shape.reduce((product, size) => product * size, 1)), shape)
  return readSync(made.apply(variables, images, inference).output)
}

test('batch norms behind convolutions and dense layers go into them, across stages too; others stay', () => {
  scope(() => {
    const trained = randomised(
      network({
        name: 'small',
        inputShape: [5, 6, 2],
        classes: 3,
        stages: [
          { name: 'first', module: batchNormLayer() },
          { name: 'plain', module: sequential({ convolution: convolutionLayer({ channels: 3, kernelSize: [3, 2], bias: true }) }) },
          { name: 'norm', module: batchNormLayer({ epsilon: 0.1 }) },
          { name: 'deep', module: sequential({ depthwise: depthwiseConvolutionLayer({ kernelSize: 2, multiplier: 2 }), norm: batchNormLayer(), again: batchNormLayer() }) },
          { name: 'flat', module: flattenLayer() },
          { name: 'hidden', module: sequential({ dense: denseLayer({ units: 4, bias: false }), norm: batchNormLayer() }) },
        ],
      }),
    )
    const folded = foldBatchNorms(trained)
    expect(folded.folded).toEqual(['norm', 'deep.norm', 'hidden.norm'])
    expect(folded.kept).toEqual(['first', 'deep.again'])
    expect(isBranch(branchAt(folded.variables.params, 'norm'))).toBe(true)
    expect(folded.network.stages[2]?.module.description.kind).toBe('identity')
    expectClose(outputs(folded), outputs(trained), { relative: 1e-4, absolute: 1e-5 })
    // A batch norm behind another one stands directly behind the convolution the next time.
    const twice = foldBatchNorms(folded)
    expect(twice.folded).toEqual(['deep.again'])
    expectClose(outputs(twice), outputs(trained), { relative: 1e-4, absolute: 1e-5 })
    return {}
  })
})

test.each(['parallel', 'series'] as const)('with %s adapters folded first nothing of both is left', (kind) => {
  scope(() => {
    const plain = digitNetwork({ classes: 3, inputShape: [8, 8, 1] })
    const adapted = randomised(adaptNetwork(plain, { kind, convolutions: ['stage1.layer1.convolution', 'stage3.layer1.convolution'] }))
    expect(foldBatchNorms(adapted).folded).toEqual(['stage2.layer1.norm'])
    const folded = foldBatchNorms(foldAdapters(adapted))
    expect(folded.folded).toHaveLength(3)
    expect(Object.keys(folded.variables.state)).toEqual([])
    expectClose(outputs(folded), outputs(adapted), { relative: 1e-4, absolute: 1e-4 })
    return {}
  })
})
