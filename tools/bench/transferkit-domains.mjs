import { arrayDataset } from '@transferkit/datasets'
import { openRuntime } from '@transferkit/runtime/node'
import { randomKey } from '@transferkit/tensor'
import { liveTensors } from '@transferkit/tensor/testing'
import { parallelAdapters, resnet26, trainDomains } from '@transferkit/vision'
import { answer } from './contestant.mjs'
import { images } from './steps.mjs'

// A round of a joint training of adapters: one step of each domain, with 16 images of 32×32 and the base frozen, on a ResNet-26 of half the width.
const count = Number(process.argv[2])
const [examples, size, classes] = [64, 32, 10]
const runtime = await openRuntime({ backend: 'native' })
const network = resnet26({ classes, inputShape: [size, size, 3], widthFactor: 0.5 })
const inputs = images(examples * size * size * 3)
const run = trainDomains({
  source: { network, variables: network.init(randomKey(1), [1, size, size, 3]) },
  strategy: parallelAdapters(),
  domains: Array.from({ length: count }, (_, index) => ({
    name: `domain${index + 1}`,
    dataset: arrayDataset({
      name: `domain${index + 1}`,
      inputs,
      exampleShape: [size, size, 3],
      labels: Int32Array.from({ length: examples }, (_, example) => example % classes),
      classes: Array.from({ length: classes }, (_, label) => `class ${label}`),
    }),
  })),
  rounds: 1000,
  batchSize: 16,
  seed: 1,
  compile: runtime.compile,
})
const events = run[Symbol.asyncIterator]()

await answer({
  step: async () => {
    let loss = 0
    for (let done = 0; done < count; ) {
      const { value, done: ended } = await events.next()
      if (ended) throw new Error('The training ended before the benchmark.')
      if (value.type !== 'step-end') continue
      loss += value.loss / count
      done++
    }
    return loss
  },
  describe: () => ({ backend: runtime.backend, tensors: liveTensors() }),
})
process.exit(0)
