import { openRuntime } from '@transferkit/runtime/node'
import { inference, item, randomKey, scope, square, sum, tensor } from '@transferkit/tensor'
import { liveTensors } from '@transferkit/tensor/testing'
import { foldBatchNorms, parallelAdapters, resnet26 } from '@transferkit/vision'
import { entriesOfTree } from '@transferkit/training'
import { answer } from './contestant.mjs'
import { images } from './steps.mjs'
import { writeStart } from './training-side.mjs'

// Classification with ResNet-26: the plain network, the one with adapters folded into it, with batch norm folded too, or with adapters beside it. With `start FILE` in place of these it writes
// the network with the adapters folded into it.
const [form, file = ''] = process.argv.slice(2)
const batch = Number(file)
const inputShape = [64, 64, 3]
const runtime = await openRuntime({ backend: 'native' })
const network = resnet26({ classes: 10 })
const key = randomKey(1)
const source = { network, variables: network.init(key, [1, ...inputShape]) }
const classes = Array.from({ length: 10 }, (_, index) => `class ${index}`)
const program = parallelAdapters().prepare({ source, task: { kind: 'classification', classes }, inputShape })
const variables = program.init(key)
const folded = program.fold?.(variables) ?? source
const used = form === 'plain' ? source : form === 'folded' ? folded : foldBatchNorms(folded)

if (form === 'start') writeStart(file, await entriesOfTree(folded.variables.params, 'params.'))
else {
  const inputs = tensor(images(batch * 64 * 64 * 3), [batch, ...inputShape])
  /** @type {(x: import('@transferkit/tensor').Tensor) => import('@transferkit/tensor').Tensor} */
  const forward = form === 'adapters' ? (x) => program.forward(variables, x, inference).logits : (x) => used.network.apply(used.variables, x, inference).output
  const classify = runtime.compile((/** @type {{ readonly x: import('@transferkit/tensor').Tensor }} */ { x }) => ({ logits: forward(x) }))

  await answer({
    step: () => scope(() => item(sum(square(classify({ x: inputs }).logits)))),
    describe: () => ({ backend: runtime.backend, tensors: liveTensors() }),
  })
}
