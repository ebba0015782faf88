import { openRuntime } from '@transferkit/runtime/node'
import { integerTensor, mapTree, multiply, randomKey, tensor } from '@transferkit/tensor'
import { baselineStrategies, entriesOfTree, sgd } from '@transferkit/training'
import { networks, visionStrategies } from '@transferkit/vision'
import { images, stepNamed } from './steps.mjs'
import { trainOnRequest, withMovedGates, writeStart } from './training-side.mjs'

// One training step on images. With `start FILE` in place of a backend it writes where it starts.
const [name, backend, mode] = process.argv.slice(2)
const { strategy: method, options, network: architecture, batch: count, size, precision = 'float32' } = stepNamed(name)
const runtime = await openRuntime({ backend: backend === 'wasm' ? 'wasm' : 'native' })
const key = randomKey(1)
const inputShape = [size, size, 3]
const make = networks[architecture]
const strategy = [...baselineStrategies, ...visionStrategies].find(({ kind, name }) => kind === 'structure' && name === method)
if (make === undefined || strategy === undefined) throw new Error(`There is no network '${architecture}', or no strategy '${method}'.`)
const network = make({ classes: 10, inputShape })
const drawn = network.init(key, [1, ...inputShape])
// A frozen source without training doubles its activations in every block, with the statistics of batch norm at their start; so it is held down.
const variables = method === 'ptu' ? { ...drawn, params: mapTree(drawn.params, (leaf, path) => (path.endsWith('.scale') ? multiply(leaf, 0.5) : leaf)) } : drawn
const classes = Array.from({ length: 10 }, (_, index) => `class ${index}`)
const made = /** @type {(options?: object) => import('@transferkit/tensor').Strategy} */ (/** @type {unknown} */ (strategy))(options)
const program = made.prepare({ source: { network, variables }, task: { kind: 'classification', classes }, inputShape })

const prepared = program.init(key)
const params = withMovedGates(key, prepared.params)

if (backend === 'start') writeStart(mode ?? '', [...(await entriesOfTree(params, 'params.')), ...(await entriesOfTree(prepared.frozen, 'frozen.'))])
else {
  await trainOnRequest({
    runtime,
    mode,
    program,
    start: { ...prepared, params },
    batch: {
      inputs: tensor(images(count * size * size * 3), [count, ...inputShape]),
      labels: integerTensor(Array.from({ length: count }, (_, index) => index % 10), [count]),
    },
    optimiser: sgd({ momentum: 0.9 }),
    // So small that rounding does not grow over the steps, and the losses of the contestants can be compared.
    learningRate: 0.001,
    precision,
  })
}
