import { describe, expect, test } from 'vitest'
import { inference, type Mode, type Module, trainingMode, type Variables } from '../module/module.js'
import { batchNormLayer, convolutionLayer, dropoutLayer, globalAveragePoolLayer, reluLayer } from '../module/layers.js'
import { layer } from '../module/layer.js'
import { sequential } from '../module/composite.js'
import { network, type Network } from '../module/network.js'
import { release } from '../memory/scope.js'
import { add, multiply, subtract } from '../ops/arithmetic.js'
import { scalar, tensor, zeros } from '../ops/creation.js'
import { mean } from '../ops/reduction.js'
import { stopGradient } from '../ops/shape.js'
import { randomKey } from '../random/key.js'
import { readSync } from '../tensor/read.js'
import type { Images, Tensor } from '../tensor/tensor.js'
import { leavesOf, type TensorTree } from '../tree/tree.js'
import { networkProperties, normalInputs } from './network-properties.js'
import { brokenProperties } from './property.js'
import { testNetwork } from './test-network.js'

const withMiddle = (middle: Module): Network =>
  network({
    name: 'small',
    inputShape: [4, 4, 1],
    stages: [
      { name: 'stage1', module: sequential({ convolution: convolutionLayer({ channels: 3, kernelSize: 3, padding: 1 }), norm: batchNormLayer(), relu: reluLayer() }) },
      { name: 'middle', module: middle },
      { name: 'pooled', module: globalAveragePoolLayer() },
    ],
    classes: 2,
  })

const sound = withMiddle(dropoutLayer(0.25))

/** The sound network with another pass. */
const withApply = (apply: (variables: Variables, input: Tensor, mode: Mode) => ReturnType<Network['apply']>): Network => ({ ...sound, apply })

const middle = (apply: (input: Images, mode: Mode) => Tensor): Network => withMiddle(layer({ description: { kind: 'broken' }, apply: (_variables, input: Images, mode) => ({ output: apply(input, mode) }) }))

const kept: Tensor[] = []

const cases: readonly (readonly [property: string, mistake: string, made: () => Network])[] = [
  ['shapes', 'taps that are lost', () => withApply((variables, x, mode) => ({ ...sound.apply(variables, x, mode), taps: {} }))],
  ['determinism', 'a start of its own', () => ({ ...sound, init: (_key, shape) => sound.init(randomKey(1), shape) })],
  ['determinism', 'a dropout without the key', () => {
    let calls = 0
    return middle((x, mode) => multiply(x, mode.training ? 1 + calls++ * 1e-6 : 1))
  }],
  ['memory', 'a kept tensor', () => ({ ...sound, init: (key, shape) => {
    kept.push(zeros([1]))
    return sound.init(key, shape)
  } })],
  ['purity', 'statistics that follow in inference', () => withApply((variables, x, mode) => ({ ...sound.apply(variables, x, inference), ...(mode.training ? sound.apply(variables, x, mode) : { state: sound.apply(variables, x, trainingMode(randomKey(1))).state }) }))],
  ['purity', 'a write into its own state', () => withApply((variables, x, mode) => {
    if (mode.training) readSync(leavesOf<Tensor>(variables.state)[0]!)[0]! += 0.5
    return sound.apply(variables, x, mode)
  })],
  ['examples', 'normalisation by the batch in inference', () => middle((x, mode) => (mode.training ? x : subtract(x, mean(x, [0]))))],
  ['statistics', 'statistics that stay as they were', () => withApply((variables, x, mode) => ({ ...sound.apply(variables, x, mode), state: variables.state }))],
  ['statistics', 'lost statistics', () => withApply((variables, x, mode) => ({ ...sound.apply(variables, x, mode), ...(mode.training ? { state: {} satisfies TensorTree } : {}) }))],
  ['gradients', 'a gradient that is cut off', () => middle((x) => add(stopGradient(x), multiply(x, 0.5)))],
  ['children', 'modules that are not replaced as asked', () => ({ ...sound, withChildren: (children) => sound.withChildren({ ...children, middle: layer({ description: { kind: 'zero' }, apply: (_variables, x: Tensor) => ({ output: multiply(x, scalar(0.5)) }) }) }) })],
]

describe('of the properties of a network, exactly the one meant is broken by', () => {
  test.each(cases)('%s: %s', async (property, _mistake, made) => {
    const broken = await brokenProperties("network 'small'", networkProperties, { network: made(), inputs: normalInputs })
    release(kept.splice(0))
    expect([...broken.keys()]).toEqual([property])
    expect(broken.get(property)).toMatchSnapshot()
  })
})

testNetwork({ network: sound })
testNetwork({ network: withMiddle(reluLayer()), inputs: (_key, shape) => tensor(Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, index) => Math.sin(index * index)), shape) })
