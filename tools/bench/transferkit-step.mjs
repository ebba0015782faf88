import { openRuntime } from '@transferkit/runtime/node'
import { foldIn, integerTensor, item, randomKey, scalar, scope, tensor } from '@transferkit/tensor'
import { liveTensors } from '@transferkit/tensor/testing'
import { baselineStrategies, sgd, trainingStep } from '@transferkit/training'
import { networks, visionStrategies } from '@transferkit/vision'
import { answer } from './contestant.mjs'
import { images, stepNamed } from './steps.mjs'

const [name, backend, mode] = process.argv.slice(2)
const { strategy: method, network: architecture, batch: count, size } = stepNamed(name)
const runtime = await openRuntime({ backend: backend === 'wasm' ? 'wasm' : 'native' })
const key = randomKey(1)
const inputShape = [size, size, 3]
const make = networks[architecture]
const strategy = [...baselineStrategies, ...visionStrategies].find(({ kind, name }) => kind === 'structure' && name === method)
if (make === undefined || strategy === undefined) throw new Error(`There is no network '${architecture}', or no strategy '${method}'.`)
const network = make({ classes: 10, inputShape })
const variables = network.init(key, [1, ...inputShape])
const classes = Array.from({ length: 10 }, (_, index) => `class ${index}`)
const program = /** @type {import('@transferkit/tensor').Strategy} */ (strategy()).prepare({ source: { network, variables }, task: { kind: 'classification', classes }, inputShape })
const optimiser = sgd({ momentum: 0.9 })
const start = program.init(key)
/** @type {import('@transferkit/tensor').Batch} */
const batch = {
  inputs: tensor(images(count * size * size * 3), [count, ...inputShape]),
  labels: integerTensor(Array.from({ length: count }, (_, index) => index % 10), [count]),
}
const learningRate = scalar(0.01)
const progress = scalar(0)
const eagerStep = trainingStep(program)
const oneStep = mode === 'eager' ? eagerStep : runtime.compile(eagerStep)
/** @type {import('@transferkit/tensor').TrainingState} */
let training = { params: start.params, state: start.state, optimiser: optimiser.init(start.params), extra: {} }
let done = 0

await answer({
  step: () => {
    const before = training
    const { training: after, loss } = scope(
      () => {
        const { training, metrics } = oneStep({ training: before, frozen: start.frozen, batch, key: foldIn(key, done++), progress, optimiser, learningRate })
        return { training, loss: item(metrics['loss'] ?? learningRate) }
      },
      { donate: [before.params, before.state, before.optimiser] },
    )
    training = after
    return loss
  },
  describe: () => ({ backend: runtime.backend, reason: runtime.reason, tensors: liveTensors() }),
})
