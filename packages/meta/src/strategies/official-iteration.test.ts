import { openRuntime } from '@transferkit/runtime/node'
import { branchAt, type Compile, item, randomKey, reshape, scalar, scope, type StepInputs, type TrainingState } from '@transferkit/tensor'
import { sgd } from '@transferkit/training'
import { runCompiled } from '@transferkit/training/testing'
import { describe, test } from 'vitest'
import { iterationSettings } from './l2t-ww.js'
import { l2tWwIteration } from './l2t-ww-iteration.js'
import { l2tWwOptions } from './l2t-ww-options.js'
import { largeFixtures, officialIteration } from './official-iteration.fixture.js'

/** The plain JavaScript backend is slow, and slower on a busy machine. */
const patient = 240_000

interface Iterations {
  readonly folder?: string
  readonly affineOptimiser?: boolean
  readonly flippedWindow?: number
  readonly compile?: Compile
}

/** Runs our iterations on what the official ones were given, and compares everything that is stored. */
const checkIterations = (name: string, { folder, affineOptimiser = false, flippedWindow, compile = (f) => f }: Iterations = {}): void => {
  scope(() => {
    const official = officialIteration(name, folder, flippedWindow)
    const { settings, context, target, pairs, start } = official
    const options = l2tWwOptions.parse({
      target: 'official',
      pairs,
      beta: settings.beta,
      innerSteps: settings.T,
      where: settings.lambdaActivation,
      metaGradient: 'exact',
      metaOptimiser: settings.metaOptimizer,
      metaLearningRate: settings.metaLr,
      metaWeightDecay: settings.metaWeightDecay,
      metaMomentum: settings.metaMomentum ?? 0.9,
      affineOptimiser,
    })
    const iteration = iterationSettings({ official: () => target }, context, options)
    const iterate = compile((inputs: StepInputs) => l2tWwIteration(iteration, inputs))
    const optimiser = sgd({ momentum: settings.momentum, weightDecay: settings.weightDecay })
    let training: TrainingState = {
      params: start.params,
      state: start.state,
      optimiser: optimiser.init(start.params),
      extra: { meta: start.meta, optimiser: iteration.metaOptimiser.init(start.meta) },
    }
    // Momentum is the second link of the chain.
    const momentumOf = (memory: TrainingState['optimiser']): TrainingState['optimiser'] => branchAt(memory, '1')
    for (let index = 0; index < settings.iterations; index++) {
      const found = iterate({ training, frozen: {}, batch: official.batch(index), key: randomKey(1), progress: scalar(0), optimiser, learningRate: scalar(settings.lr) })
      const it = `it${index}`
      const { steps, last } = found.unrolled
      const { task, matching, loss, outer } = found.metrics
      const scalars = { 'regular.ce': task, 'regular.matching': matching, 'regular.total': loss, 'outer.ce': outer, 'task.ce': steps.at(-1)?.value }
      for (const [key, value] of Object.entries(scalars)) if (value !== undefined) official.checkScalar(`${it}.${key}`, value)
      steps.slice(0, -1).forEach(({ value }, step) => {
        official.checkScalar(`${it}.inner${step}.matching`, value)
      })
      if (index === 0) {
        found.weights.forEach(({ what, where }, pair) => {
          official.checkTensor(`w/${pair}`, what)
          official.checkTensor(`lambda/${pair}`, reshape(where, [-1, 1]))
        })
        official.checkTensor('pair_losses', iteration.matching.pairs.map((pair) => item(found.pairLosses[pair.name]!)))
        official.checkParams('regular_grad', found.regularGradient)
        official.checkParams(`${it}.after_regular`, found.training.params)
        official.checkParams(`${it}.after_regular.momentum`, momentumOf(found.training.optimiser))
        steps.slice(1).forEach(({ before }, step) => {
          official.checkParams(`${it}.after_inner${step}`, before.params)
        })
        official.checkParams(`${it}.after_task`, last.params)
        official.checkParams(`${it}.outer_grad`, found.meta.outerGradient)
      }
      official.checkMeta(`${it}.meta_grad`, found.meta.gradient)
      official.checkMeta(`${it}.meta_after`, branchAt(found.training.extra, 'meta'))
      official.checkParams(`${it}.end`, found.training.params)
      official.checkParams(`${it}.end.momentum`, momentumOf(found.training.optimiser))
      official.checkStatistics(`${it}.end.bn`, found.training.state)
      training = found.training
    }
  })
}

describe('one full iteration equals that of the official code', () => {
  test(
    'with one inner step, strong decay and gradient descent on the meta-networks, twice',
    () => {
      checkIterations('iteration_T1_meta_sgd', { affineOptimiser: true })
    },
    patient,
  )
  test(
    'with two inner steps from the official start of the meta-networks, and Adam',
    () => {
      checkIterations('iteration_T2_official_init')
    },
    patient,
  )
  const reason = largeFixtures === undefined ? ' (skipped: set TRANSFERKIT_FIXTURES_DIR to the folder with the large fixtures)' : ''
  test.skipIf(largeFixtures === undefined)(
    `with seven pairs, some of them saturated or dead, twice${reason}`,
    () => {
      checkIterations('iteration_T2_random_meta', { folder: `${largeFixtures ?? ''}/l2t-ww` })
    },
    patient,
  )
  test.for<{ readonly name: string } & Iterations>([
    { name: 'iteration_T1_meta_sgd', affineOptimiser: true },
    { name: 'iteration_T2_official_init' },
    // In the outer step, the two largest entries of a window of the first max-pool (image 3, channel 5, row 11, column 1) are 7.6e-6 apart, less than what float32 leaves of them after the
    // inner steps: 3e-5 with direct convolutions, 4e-5 with Winograd's. Which of them is the larger one depends on the kernels.
    ...(largeFixtures === undefined ? [] : [{ name: 'iteration_T2_random_meta', folder: `${largeFixtures}/l2t-ww`, flippedWindow: 0.03 }]),
  ])('compiled: $name', { timeout: patient }, async ({ name, ...iterations }, { skip }) => {
    await runCompiled(() => openRuntime({ backend: 'native' }), skip, (compile) => {
      checkIterations(name, { ...iterations, compile })
    })
  })
})
