import { openRuntime } from '@transferkit/runtime/node'
import { integerTensor, randomKey, tensor } from '@transferkit/tensor'
import { baselineStrategies, sgd } from '@transferkit/training'
import { networks, visionStrategies } from '@transferkit/vision'
import { images, stepNamed } from './steps.mjs'
import { trainOnRequest } from './training-side.mjs'

const [name, backend, mode] = process.argv.slice(2)
const { strategy: method, options, network: architecture, batch: count, size } = stepNamed(name)
const runtime = await openRuntime({ backend: backend === 'wasm' ? 'wasm' : 'native' })
const key = randomKey(1)
const inputShape = [size, size, 3]
const make = networks[architecture]
const strategy = [...baselineStrategies, ...visionStrategies].find(({ kind, name }) => kind === 'structure' && name === method)
if (make === undefined || strategy === undefined) throw new Error(`There is no network '${architecture}', or no strategy '${method}'.`)
const network = make({ classes: 10, inputShape })
const variables = network.init(key, [1, ...inputShape])
const classes = Array.from({ length: 10 }, (_, index) => `class ${index}`)
const made = /** @type {(options?: object) => import('@transferkit/tensor').Strategy} */ (/** @type {unknown} */ (strategy))(options)
const program = made.prepare({ source: { network, variables }, task: { kind: 'classification', classes }, inputShape })

await trainOnRequest({
  runtime,
  mode,
  program,
  start: program.init(key),
  batch: {
    inputs: tensor(images(count * size * size * 3), [count, ...inputShape]),
    labels: integerTensor(Array.from({ length: count }, (_, index) => index % 10), [count]),
  },
  optimiser: sgd({ momentum: 0.9 }),
  learningRate: 0.01,
})
