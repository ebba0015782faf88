import { openRuntime } from '@transferkit/runtime/node'
import { integerTensor, randomKey, tensor } from '@transferkit/tensor'
import { baselineStrategies, sgd } from '@transferkit/training'
import { networks } from '@transferkit/vision'
import { pluginSteps } from './plugin-steps.mjs'
import { images } from './steps.mjs'
import { trainOnRequest } from './training-side.mjs'

// One training step of a plugin's strategy, or of another one on the same network: `NAME BACKEND MODE [STRATEGY]`.
const [name = '', , mode, instead] = process.argv.slice(2)
const step = pluginSteps[name]
if (step === undefined) throw new Error(`There is no step '${name}'; steps are ${Object.keys(pluginSteps).join(', ') || 'none yet'}.`)
const { module, strategy: id, network: architecture, batch: count, size } = step
/** @type {Readonly<Record<string, unknown>>} */
const exported = await import(new URL(`../../${module}`, import.meta.url).href)
const known = /** @type {readonly import('@transferkit/tensor').StrategyDefinition[]} */ ([...Object.values(exported).flat(), ...baselineStrategies])
const [method, make] = [known.find((one) => one.name === (instead ?? id)), networks[architecture]]
if (make === undefined || method === undefined) throw new Error(`There is no network '${architecture}', or no strategy '${instead ?? id}'.`)

const runtime = await openRuntime({ backend: 'native' })
const inputShape = [size, size, 3]
const network = make({ classes: 10, inputShape })
const made = /** @type {() => import('@transferkit/tensor').Strategy} */ (/** @type {unknown} */ (method))()
const classes = Array.from({ length: 10 }, (_, index) => `class ${index}`)
const program = made.prepare({ source: { network, variables: network.init(randomKey(1), [1, ...inputShape]) }, task: { kind: 'classification', classes }, inputShape })
await trainOnRequest({
  runtime,
  mode,
  program,
  start: program.init(randomKey(1)),
  batch: {
    inputs: tensor(images(count * size * size * 3), [count, ...inputShape]),
    labels: integerTensor(Array.from({ length: count }, (_, index) => index % 10), [count]),
  },
  optimiser: sgd({ momentum: 0.9 }),
  learningRate: 0.001,
})
