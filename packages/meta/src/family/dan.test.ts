import { openRuntime } from '@transferkit/runtime/node'
import { concat, grad, item, ones, scalar, scope, type Vectors } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { checkedWays, testStrategy } from '@transferkit/training/testing'
import { describe, expect, test } from 'vitest'
import { dan } from './dan.js'
import { dann } from './dann.js'
import { gaussianKernels, maximumMeanDiscrepancy } from './maximum-mean-discrepancy.js'
import { between, official, penaltyInputs } from './official.fixture.js'

// The scale of its kernels is a constant for the gradient, as in the public implementation.
testStrategy({ strategy: dan, except: ['term-gradient'] })
// Its gradient is reversed on purpose.
testStrategy({ strategy: dann, except: ['gradients', 'term-gradient'] })

describe.each(checkedWays(() => openRuntime({ backend: 'native' })))('$way', ({ run }) => {
  describe('DAN', () => {
    const { hyperparameters, scalars, tolerance, ours } = official<{ alphas: readonly number[] }>('mmd')

    test.for([
      ['biased', 'biased', 'biased_grad', 0],
      ['unbiased', 'library', 'grad', 2 / 5],
    ] as const)('the %s discrepancy agrees with the public implementation', ([estimate, name, gradients, constant], { skip }) =>
      run(skip, (compile) => {
        scope(() => {
          const features = { source: ours('source'), target: ours('target') }
          expectClose(gaussianKernels(concat([features.source, features.target], 0), hyperparameters.alphas), ours('kernel_matrix'), tolerance('kernel_matrix'))
          const { context, structure } = between({}, { pooled: features.target })
          const term = dan({ estimate, bandwidths: [...hyperparameters.alphas] }).prepare(context, structure)
          const penalty = ({ source, target }: typeof features): ReturnType<typeof term.penalty> =>
            // Only its taps are looked at.
            term.penalty(penaltyInputs({}, { pooled: target }, { onSourceData: () => ({ taps: { pooled: source } }) as never }))
          const [value = 0, relative = 0, absolute = 0] = scalars[name] ?? []
          expectClose([item(compile(penalty)(features)) + constant], [value], { relative, absolute })
          const gradient = compile(grad(penalty))(features)
          expectClose(gradient.source, ours(`${gradients}/source`), tolerance(`${gradients}/source`))
          expectClose(gradient.target, ours(`${gradients}/target`), tolerance(`${gradients}/target`))
        })
      }),
    )

    test('an unbiased estimate needs two examples of each domain', () => {
      scope(() => {
        const one = ones([1, 2]) satisfies Vectors
        expect(() => maximumMeanDiscrepancy(one, one, { estimate: 'unbiased' })).toThrow('there are 1 of the source and 1 of the target')
      })
    })
  })

  describe('DANN', () => {
    test('agrees with the public implementation at a given coefficient', ({ skip }) =>
      run(skip, (compile) => {
        scope(() => {
          const { hyperparameters, scalars, tolerance, ours } = official<{ coefficient: number }>('dann')
          const trained = { source: ours('source'), target: ours('target'), weight: ours('weight'), bias: ours('bias') }
          const { context, structure } = between({}, { pooled: trained.target })
          const term = dann({ hiddenUnits: 0 }).prepare(context, structure)
          const penalty = ({ source, target, weight, bias }: typeof trained): ReturnType<typeof term.penalty> =>
            term.penalty(
              penaltyInputs(
                {},
                { pooled: target },
                {
                  ownParams: { output: { weight, bias } },
                  progress: scalar(Math.atanh(hyperparameters.coefficient) / 5),
                  // Only its taps are looked at.
                  onSourceData: () => ({ taps: { pooled: source } }) as never,
                },
              ),
            )
          const [value = 0, relative = 0, absolute = 0] = scalars['loss'] ?? []
          expectClose(compile(penalty)(trained), [value], { relative, absolute })
          const gradient = compile(grad(penalty))(trained)
          for (const name of ['source', 'target', 'weight', 'bias'] as const) expectClose(gradient[name], ours(`grad/${name}`), tolerance(`grad/${name}`))
        })
      }))
  })
})
