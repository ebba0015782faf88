import { pretrain } from '../loop/pretrain.js'
import { warmUp } from '../loop/warm-up.fixture.js'
import { constant } from '../schedules/schedule.js'
import { tinyDataset } from '../tiny/tiny-dataset.js'
import { tinyNetwork } from '../tiny/tiny-network.js'
import { folderFeatureStore } from './folder-feature-store.js'
import { openRunFolder } from './run-folder.js'
import { transferInFolder } from './transfer-in-folder.js'

// A process of its own that trains in the run folder it is told, says after each step how far it is, and may be killed at any moment.
const [, , path = ''] = process.argv
const source = await pretrain({ network: tinyNetwork(2), dataset: tinyDataset({ seed: 1, size: 8, classes: ['horizontal', 'vertical'] }), steps: 1, batchSize: 8 })
const folder = await openRunFolder(path)
const trial = folder.trial('warm-up/seed-1')
const run = transferInFolder(trial, {
  source,
  target: tinyDataset({ seed: 2, size: 16 }),
  strategy: warmUp(),
  seed: 1,
  steps: 14,
  batchSize: 4,
  schedule: constant(0.05),
  validation: 0.25,
  keep: 'best',
  checkpointEvery: 3,
  features: folderFeatureStore(`${path}-features`),
})
for await (const event of run) if (event.type === 'step-end') process.stdout.write(`step ${event.step}\n`)
const { steps } = await run
await trial.finish({ steps })
await folder.close()
