import { exportTorchRecurrent, recurrentPtu, textClassifier } from '@transferkit/nlp'
import { openRuntime } from '@transferkit/runtime/node'
import { branchAt, foldIn, integerTensor, partitionTree, randomKey, tensor } from '@transferkit/tensor'
import { adam, entriesOfTree, scratch, sgd } from '@transferkit/training'
import { recurrentStepNamed, tokens } from './steps.mjs'
import { trainOnRequest, withMovedGates, writeStart } from './training-side.mjs'

// One training step of a sentence classifier. With `start FILE` in place of a backend it writes where it starts.
const [name, backend, mode] = process.argv.slice(2)
const { cell, candidate, hiddenSize, optimiser, batch, length, embeddingSize, vocabulary } = recurrentStepNamed(name)
const runtime = await openRuntime({ backend: backend === 'wasm' ? 'wasm' : 'native' })
const key = randomKey(1)
const network = textClassifier({ vocabulary, classes: 2, maximumLength: length, embeddingSize, hiddenSize, cell, pooling: 'last' })
const trained = network.init(foldIn(key, 'source'), [1, length])
const strategy = candidate === undefined ? scratch() : recurrentPtu({ candidate })
const program = strategy.prepare({ source: { network, variables: trained }, task: { kind: 'classification', classes: ['a', 'b'] }, inputShape: [length] })
const prepared = program.init(key)
const params = withMovedGates(key, prepared.params)

if (backend === 'start') {
  const layer = network.stages.find((stage) => stage.name === 'recurrent1')?.module
  if (layer === undefined) throw new Error('The network has no recurrent layer.')
  /** @type {(tree: import('@transferkit/tensor').TensorTree, path: string, prefix: string) => readonly import('@transferkit/training').SafetensorsEntry[]} */
  const recurrent = (tree, path, prefix) => exportTorchRecurrent(layer, branchAt(tree, path), { prefix })
  const rest = partitionTree(params, (path) => !path.includes('recurrent1') || path.startsWith('units.')).selected
  writeStart(mode ?? '', [
    ...(await entriesOfTree(rest)),
    ...recurrent(params, 'recurrent1', 'recurrent.'),
    ...(candidate === undefined ? [] : [...(await entriesOfTree(branchAt(trained.params, 'embedding'), 'sourceEmbedding.')), ...recurrent(trained.params, 'recurrent1', 'source.')]),
    ...(candidate === 'threeState' ? recurrent(params, 'clones.recurrent1', 'clone.') : []),
  ])
} else {
  await trainOnRequest({
    runtime,
    mode,
    program,
    start: { ...prepared, params },
    batch: {
      inputs: tensor(tokens(batch * length, vocabulary), [batch, length]),
      labels: integerTensor(Array.from({ length: batch }, (_, index) => index % 2), [batch]),
    },
    optimiser: optimiser === 'adam' ? adam() : sgd({ momentum: 0.9 }),
    learningRate: optimiser === 'adam' ? 0.001 : 0.3,
  })
}
