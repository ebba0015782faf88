import { arrayDataset } from '@transferkit/datasets'
import { openRuntime } from '@transferkit/runtime/node'
import { randomKey } from '@transferkit/tensor'
import { liveTensors } from '@transferkit/tensor/testing'
import { transfer } from '@transferkit/training'
import { gtn, tinyImagenetResnet } from '@transferkit/vision'
import { answer } from './contestant.mjs'
import { images } from './steps.mjs'

// An epoch of the warm-up of a gated network on 512 images, in batches of 64 as the authors have them: with features that are computed once an example, or without.
const cached = process.argv[2] === 'cached'
const [count, size, classes] = [512, 32, 10]
const runtime = await openRuntime({ backend: 'native' })
const network = tinyImagenetResnet()
const run = transfer({
  source: { network, variables: network.init(randomKey(1), [1, ...network.inputShape]) },
  target: arrayDataset({
    name: 'random',
    inputs: images(count * size * size * 3),
    exampleShape: [size, size, 3],
    labels: Int32Array.from({ length: count }, (_, index) => index % classes),
    classes: Array.from({ length: classes }, (_, index) => `class ${index}`),
  }),
  strategy: gtn({ warmUp: 1, batchNormInWarmUp: 'frozen' }),
  seed: 1,
  epochs: 1000,
  batchSize: 64,
  compile: runtime.compile,
  inspectEvery: 1000,
  ...(cached ? {} : { features: false }),
})
const events = run[Symbol.asyncIterator]()

await answer({
  step: async () => {
    for (;;) {
      const { value, done } = await events.next()
      if (done) throw new Error('The training ended before the benchmark.')
      if (value.type === 'epoch-end') return value.trainingLoss
    }
  },
  describe: () => ({ backend: runtime.backend, tensors: liveTensors() }),
})
process.exit(0)
