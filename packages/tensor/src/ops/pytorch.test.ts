import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { vectorJacobianProducts } from '../autodiff/grad.js'
import { scope } from '../memory/scope.js'
import { batchNormLayer } from '../module/layers.js'
import { inference, trainingMode, type Variables } from '../module/module.js'
import { randomKey } from '../random/key.js'
import type { Images, Logits, Shape, Tensor } from '../tensor/tensor.js'
import { expectClose } from '../testing/close.js'
import { conv2d, depthwiseConv2d, type Filters } from './convolution.js'
import { integerTensor, tensor } from './creation.js'
import { abs, cos, elu, erf, exp, expm1, gelu, leakyRelu, log, log1p, relu, relu6, rsqrt, sigmoid, sign, sin, softplus, sqrt, tanh, type UnaryOp } from './elementwise.js'
import { square } from './arithmetic.js'
import { averagePool, maxPool } from './pooling.js'
import { resizeBilinear } from './resize.js'
import { logSoftmax, sigmoidCrossEntropy, softmax, softmaxCrossEntropy } from './softmax.js'

interface Numbers {
  readonly shape: Shape
  readonly values: readonly number[]
}

type Padding = readonly [readonly [number, number], readonly [number, number]]

interface Fixture {
  readonly convolution: readonly {
    readonly strides: readonly [number, number]
    readonly padding: Padding
    readonly input: Numbers
    readonly filter: Numbers
    readonly output: Numbers
    readonly outputGradient: Numbers
    readonly inputGradient: Numbers
    readonly filterGradient: Numbers
  }[]
  readonly depthwise: readonly { readonly strides: number; readonly padding: number; readonly input: Numbers; readonly filter: Numbers; readonly output: Numbers }[]
  readonly pooling: readonly {
    readonly kind: 'max' | 'average'
    readonly size: number
    readonly strides: number
    readonly padding: number
    readonly input: Numbers
    readonly output: Numbers
  }[]
  readonly resize: readonly { readonly height: number; readonly width: number; readonly input: Numbers; readonly output: Numbers }[]
  readonly elementwise: readonly { readonly name: string; readonly input: Numbers; readonly output: Numbers }[]
  readonly losses: {
    readonly logits: Numbers
    readonly classes: readonly number[]
    readonly probabilities: Numbers
    readonly softmax: Numbers
    readonly logSoftmax: Numbers
    readonly withClasses: Numbers
    readonly withProbabilities: Numbers
    readonly sigmoid: Numbers
  }
  readonly batchNorm: {
    readonly scale: Numbers
    readonly offset: Numbers
    readonly steps: readonly {
      readonly training: boolean
      readonly input: Numbers
      readonly output: Numbers
      readonly outputGradient: Numbers
      readonly inputGradient: Numbers
      readonly scaleGradient: Numbers
      readonly offsetGradient: Numbers
      readonly mean: Numbers
      readonly variance: Numbers
    }[]
  }
}

// Written by fixtures/pytorch.py, which states this structure.
const fixture = JSON.parse(readFileSync(new URL('../../fixtures/pytorch.json', import.meta.url), 'utf8')) as Fixture

const load = ({ values, shape }: Numbers): Tensor => tensor(values, shape)

// The fixture holds images and filters in our order of axes.
const images = (numbers: Numbers): Images => load(numbers) as Images
const filters = (numbers: Numbers): Filters => load(numbers) as Filters

const expectEqual = (actual: Tensor, { shape, values }: Numbers): void => {
  expect(actual.shape).toEqual(shape)
  expectClose(actual, values, { absolute: 1e-5, relative: 2e-5 })
}

describe('convolution equals PyTorch, forward and backward', () => {
  test.each(fixture.convolution)('strides $strides, padding $padding', ({ strides, padding, ...numbers }) => {
    scope(() => {
      const [input, filter] = [images(numbers.input), filters(numbers.filter)]
      expectEqual(conv2d(input, filter, { strides, padding }), numbers.output)
      const [inputGradient, filterGradient] = vectorJacobianProducts(
        (x, w) => [conv2d(x as Images, w as Filters, { strides, padding })],
        [input, filter],
        [load(numbers.outputGradient)],
      )
      expectEqual(inputGradient, numbers.inputGradient)
      expectEqual(filterGradient, numbers.filterGradient)
    })
  })
})

describe('depthwise convolution equals a grouped convolution of PyTorch', () => {
  test.each(fixture.depthwise)('strides $strides', ({ strides, padding, input, filter, output }) => {
    scope(() => expectEqual(depthwiseConv2d(images(input), filters(filter), { strides, padding }), output))
  })
})

describe('pooling equals PyTorch', () => {
  test.each(fixture.pooling)('$kind, window $size, strides $strides, padding $padding', ({ kind, size, strides, padding, input, output }) => {
    scope(() => expectEqual(kind === 'max' ? maxPool(images(input), { size, strides, padding }) : averagePool(images(input), { size, strides }), output))
  })
})

describe('bilinear resizing equals PyTorch with half-pixel centres', () => {
  test.each(fixture.resize)('to $height x $width', ({ height, width, input, output }) => {
    scope(() => expectEqual(resizeBilinear(images(input), height, width), output))
  })

  test('4 x 4 to 2 x 2 reads between pixels', () => {
    scope(() => expectClose(resizeBilinear(tensor(Array.from({ length: 16 }, (_, index) => index), [1, 4, 4, 1]), 2), [2.5, 4.5, 10.5, 12.5]))
  })
})

describe('elementwise ops equal PyTorch', () => {
  const ops: Readonly<Record<string, UnaryOp>> = { abs, cos, elu, erf, exp, expm1, gelu, leakyRelu, log, log1p, relu, relu6, rsqrt, sigmoid, sign, sin, softplus, sqrt, square, tanh }
  test.each(fixture.elementwise)('$name', ({ name, input, output }) => {
    scope(() => expectEqual((ops[name] as UnaryOp)(load(input)), output))
  })
})

test('softmax and its losses equal PyTorch', () => {
  const { losses } = fixture
  scope(() => {
    const logits = load(losses.logits) as Logits
    const probabilities = load(losses.probabilities) as Logits
    expectEqual(softmax(logits), losses.softmax)
    expectEqual(logSoftmax(logits), losses.logSoftmax)
    expectEqual(softmaxCrossEntropy(logits, integerTensor(losses.classes, [losses.classes.length])), losses.withClasses)
    expectEqual(softmaxCrossEntropy(logits, probabilities), losses.withProbabilities)
    expectEqual(sigmoidCrossEntropy(logits, probabilities), losses.sigmoid)
  })
})

test('the batch-norm layer equals PyTorch over two training steps and one of inference', () => {
  const { batchNorm } = fixture
  scope(() => {
    const norm = batchNormLayer()
    const params = { scale: load(batchNorm.scale), offset: load(batchNorm.offset) }
    let { state } = norm.init(randomKey(1), [1, 4, 3, 3])
    for (const step of batchNorm.steps) {
      const mode = step.training ? trainingMode(randomKey(2)) : inference
      const before: Variables = { params, state }
      const applied = norm.apply(before, load(step.input), mode)
      expectEqual(applied.output, step.output)
      const after = applied.state as { readonly mean: Tensor; readonly variance: Tensor }
      expectEqual(after.mean, step.mean)
      expectEqual(after.variance, step.variance)
      const [inputGradient, scaleGradient, offsetGradient] = vectorJacobianProducts(
        (x, scale, offset) => [norm.apply({ params: { scale, offset }, state: before.state }, x, mode).output],
        [load(step.input), params.scale, params.offset],
        [load(step.outputGradient)],
      )
      expectEqual(inputGradient, step.inputGradient)
      expectEqual(scaleGradient, step.scaleGradient)
      expectEqual(offsetGradient, step.offsetGradient)
      state = applied.state
    }
  })
})
