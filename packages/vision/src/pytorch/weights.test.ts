import { leavesOf, randomKey, readSync, scope, type Tensor } from '@transferkit/tensor'
import { floatEntry, readSafetensors, writeSafetensors } from '@transferkit/training'
import { expect, test } from 'vitest'
import { cifarResnet } from '../networks/cifar-resnet.js'
import { digitNetwork } from '../networks/digit-network.js'
import { exportPytorch, importPytorch } from './weights.js'

const small = (): ReturnType<typeof cifarResnet> => cifarResnet({ depth: 8, inputShape: [4, 4, 3] })

test('export and import give back the same variables, through a file', () => {
  scope(() => {
    const network = small()
    const variables = network.init(randomKey(1), [1, 4, 4, 3])
    const file = writeSafetensors(exportPytorch(network, variables))
    const back = importPytorch(network, readSafetensors(file).entries)
    const values = (tree: typeof variables.params): Float32Array[] => leavesOf<Tensor>(tree).map((leaf) => readSync(leaf))
    expect(values(back.params)).toEqual(values(variables.params))
    expect(values(back.state)).toEqual(values(variables.state))
  })
})

test('official names and layouts', () => {
  scope(() => {
    const network = cifarResnet({ depth: 8, shortcut: 'B', inputShape: [4, 4, 3] })
    const shapes = Object.fromEntries(exportPytorch(network, network.init(randomKey(1), [1, 4, 4, 3])).map(({ name, shape }) => [name, shape]))
    expect(shapes).toMatchObject({ 'conv1.weight': [16, 3, 3, 3], 'layer2.0.shortcut.0.weight': [32, 16, 1, 1], 'layer2.0.bn1.running_var': [32], 'linear.weight': [10, 64] })
  })
})

test('what is missing, unexpected or of another shape is told at once; counters are passed over', () => {
  scope(() => {
    const network = small()
    const entries = exportPytorch(network, network.init(randomKey(1), [1, 4, 4, 3]))
    const counter = floatEntry('bn1.num_batches_tracked', [], [3])
    importPytorch(network, [...entries, counter])
    const wrong = entries.flatMap((entry) => (entry.name === 'bn1.weight' ? [] : entry.name === 'linear.bias' ? [floatEntry('linear.bias', [200], new Float32Array(200))] : [entry]))
    expect(() => importPytorch(network, [...wrong, floatEntry('fc.bias', [1], [0])])).toThrow(
      /'cifar-resnet8' with 10 classes\. Missing: bn1\.weight\. Unexpected: fc\.bias\. Of another shape: linear\.bias \[200\] instead of \[10\]\./,
    )
  })
})

test('a network of unknown names is refused with what to do', () => {
  expect(() => importPytorch(digitNetwork(), [])).toThrow(/no PyTorch code whose names are known for the network 'digit-network'.*third argument/)
})
