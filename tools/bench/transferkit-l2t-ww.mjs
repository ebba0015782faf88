import { defineL2tWw } from '@transferkit/meta'
import { openRuntime } from '@transferkit/runtime/node'
import { add, branchAt, foldIn, integerTensor, mapTree, multiply, partitionTree, randomKey, randomNormal, tensor } from '@transferkit/tensor'
import { entriesOfTree, sgd } from '@transferkit/training'
import { exportPytorch, tinyImagenetResnet, vgg9 } from '@transferkit/vision'
import { images, metaStepNamed } from './steps.mjs'
import { trainOnRequest, writeStart } from './training-side.mjs'

// One iteration of L2T-ww from ResNet-32 to VGG-9, with all 15 pairs and two inner steps unless told. With `start FILE` in place of a backend it writes where it starts.
const [name, backend, mode] = process.argv.slice(2)
const { form, batch: count, innerSteps = 2, pairs: used = 15 } = metaStepNamed(name)
const pairs = ['stage1', 'stage2', 'stage3'].flatMap((source) => ['stage1', 'stage2', 'stage3', 'stage4', 'stage5'].map((target) => ({ source, target }))).slice(0, used)
const inputShape = [32, 32, 3]
const runtime = await openRuntime({ backend: backend === 'wasm' ? 'wasm' : 'native' })
const key = randomKey(1)
const source = tinyImagenetResnet()
const drawn = source.init(foldIn(key, 'source'), [1, ...inputShape])
// An untrained network with the statistics of batch norm at their start doubles its activations in every block; so it is held down.
const trained = { ...drawn, params: mapTree(drawn.params, (leaf, path) => (path.endsWith('.scale') ? multiply(leaf, 0.5) : leaf)) }
const target = vgg9({ classes: 10 })
const classes = Array.from({ length: 10 }, (_, index) => `class ${index}`)
const strategy = defineL2tWw({ networks: { vgg9 } })({ target: 'vgg9', metaGradient: form, innerSteps, pairs, metaLearningRate: 1e-3, affineOptimiser: true })
const program = strategy.prepare({ source: { network: source, variables: trained }, task: { kind: 'classification', classes }, inputShape })
const start = program.init(key)
const own = program.initExtra?.(key, start.params) ?? {}
// The what-networks start at zero; from elsewhere an error in them shows in the losses.
const meta = mapTree(branchAt(own, 'meta'), (leaf, path) => (path.startsWith('what.') ? add(leaf, randomNormal(foldIn(key, path), leaf.shape, 0, 0.1)) : leaf))

if (backend === 'start') {
  const { selected: projections, rest: params } = partitionTree(start.params, (path) => path.startsWith('projections.'))
  /** @type {(prefix: string) => (entry: import('@transferkit/training').SafetensorsEntry) => import('@transferkit/training').SafetensorsEntry} */
  const under = (prefix) => (entry) => ({ ...entry, name: `${prefix}${entry.name}` })
  writeStart(mode ?? '', [
    ...exportPytorch(source, trained).map(under('source.')),
    ...exportPytorch(target, { params, state: start.state }).map(under('target.')),
    ...(await entriesOfTree(projections)),
    ...(await entriesOfTree(meta)),
  ])
} else {
  await trainOnRequest({
    runtime,
    mode,
    program,
    start,
    extra: { meta, optimiser: branchAt(own, 'optimiser') },
    batch: {
      inputs: tensor(images(count * 32 * 32 * 3), [count, ...inputShape]),
      labels: integerTensor(Array.from({ length: count }, (_, index) => index % 10), [count]),
    },
    optimiser: sgd({ momentum: 0.9, weightDecay: 1e-4 }),
    // So small that rounding does not grow over the inner steps, and the losses of the contestants can be compared; the meta-gradient has full weight through Adam.
    learningRate: 0.00001,
    losses: ['loss', 'outer'],
  })
}
