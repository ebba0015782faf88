import { depthwiseConvolutionLayer, flattenTree, globalAveragePoolLayer, inference, leavesOf, type Network, network, randomKey, randomNormal, readSync, scope, sequential, type Tensor, withClasses } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { floatEntry, readSafetensors, type SafetensorsEntry, writeSafetensors } from '@transferkit/training'
import { describe, expect, test } from 'vitest'
import { cifarResnet } from '../networks/cifar-resnet.js'
import { digitNetwork } from '../networks/digit-network.js'
import { mobilenetV1 } from '../networks/mobilenet-v1.js'
import { mobilenetV2 } from '../networks/mobilenet-v2.js'
import { resnet18, resnet34, resnet50 } from '../networks/resnet.js'
import { classesOfPytorch, comparePytorch } from './compare.js'
import { pytorchNames } from './names.js'
import { exportPytorch, importPytorch } from './weights.js'

const key = randomKey(1)

const small = (): ReturnType<typeof cifarResnet> => cifarResnet({ depth: 8, inputShape: [4, 4, 3] })

/** Small in every way that does not change the names of its tensors. */
const tiny = { inputShape: [8, 8, 3], widths: [2, 2, 2, 2], classes: 3 } as const

const tinyMobilenet = (classes = 3): Network => mobilenetV2({ classes, inputShape: [8, 8, 3], widthFactor: 0.1 })

const entriesOf = (made: Network, names = pytorchNames(made)): readonly SafetensorsEntry[] => scope(() => exportPytorch(made, made.init(key, [1, ...made.inputShape]), names))

const renamed = (entries: readonly SafetensorsEntry[], rename: (name: string) => string): readonly SafetensorsEntry[] => entries.map((entry) => ({ ...entry, name: rename(entry.name) }))

/** The message of the error with which an import fails; nothing of it stays in memory. */
const messageOf = (made: Network, entries: readonly SafetensorsEntry[]): string => {
  try {
    importPytorch(made, entries)
  } catch (error) {
    return (error as Error).message // What is thrown is an error, or the test fails.
  }
  return 'nothing was thrown'
}

describe('official names and layouts', () => {
  const namesOf = (entries: readonly SafetensorsEntry[]): readonly string[] => entries.map(({ name }) => name)
  const shapesOf = (entries: readonly SafetensorsEntry[]): Readonly<Record<string, readonly number[]>> => Object.fromEntries(entries.map(({ name, shape }) => [name, shape]))

  test('a CIFAR ResNet', () => {
    const shapes = shapesOf(entriesOf(cifarResnet({ depth: 8, shortcut: 'B', inputShape: [4, 4, 3] })))
    expect(shapes).toMatchObject({ 'conv1.weight': [16, 3, 3, 3], 'layer2.0.shortcut.0.weight': [32, 16, 1, 1], 'layer2.0.bn1.running_var': [32], 'linear.weight': [10, 64] })
  })

  test('ResNet-50, as torchvision and timm have it', () => {
    const entries = entriesOf(resnet50(tiny))
    // 53 convolutions, 53 batch norms of four tensors, and the head.
    expect(entries).toHaveLength(53 * 5 + 2)
    expect(shapesOf(entries)).toMatchObject({
      'conv1.weight': [2, 3, 7, 7],
      'layer1.0.downsample.0.weight': [8, 2, 1, 1],
      'layer1.0.downsample.1.running_mean': [8],
      'layer3.5.conv3.weight': [8, 2, 1, 1],
      'layer4.2.bn3.bias': [8],
      'fc.bias': [3],
    })
    expect(namesOf(entriesOf(resnet50(tiny), pytorchNames(resnet50(tiny), 'timm')))).toEqual(namesOf(entries))
  })

  test('MobileNet v2, as torchvision has it', () => {
    const entries = entriesOf(tinyMobilenet())
    expect(entries).toHaveLength(52 * 5 + 2)
    expect(shapesOf(entries)).toMatchObject({
      'features.0.0.weight': [8, 3, 3, 3],
      'features.1.conv.0.0.weight': [8, 1, 3, 3],
      'features.1.conv.1.weight': [8, 8, 1, 1],
      'features.1.conv.2.running_var': [8],
      'features.17.conv.0.0.weight': [96, 16, 1, 1],
      'features.17.conv.1.0.weight': [96, 1, 3, 3],
      'features.17.conv.1.1.weight': [96],
      'features.17.conv.2.weight': [32, 96, 1, 1],
      'features.17.conv.3.weight': [32],
      'features.18.0.weight': [1280, 32, 1, 1],
      'features.18.1.bias': [1280],
      'classifier.1.weight': [3, 1280],
    })
  })

  test('MobileNet v2, as timm has it', () => {
    const entries = entriesOf(tinyMobilenet(), pytorchNames(tinyMobilenet(), 'timm'))
    expect(entries).toHaveLength(52 * 5 + 2)
    expect(shapesOf(entries)).toMatchObject({
      'conv_stem.weight': [8, 3, 3, 3],
      'bn1.weight': [8],
      'blocks.0.0.conv_dw.weight': [8, 1, 3, 3],
      'blocks.0.0.conv_pw.weight': [8, 8, 1, 1],
      'blocks.0.0.bn2.weight': [8],
      'blocks.1.0.conv_pw.weight': [48, 8, 1, 1],
      'blocks.3.3.conv_dw.weight': [48, 1, 3, 3],
      'blocks.4.2.conv_pwl.weight': [16, 96, 1, 1],
      'blocks.5.2.bn3.running_mean': [16],
      'blocks.6.0.conv_pwl.weight': [32, 96, 1, 1],
      'conv_head.weight': [1280, 32, 1, 1],
      'bn2.weight': [1280],
      'classifier.weight': [3, 1280],
    })
  })

  test('MobileNet v1, as timm has it', () => {
    const entries = entriesOf(mobilenetV1({ classes: 3, inputShape: [8, 8, 3], widthFactor: 0.125 }))
    expect(entries).toHaveLength(27 * 5 + 2)
    expect(shapesOf(entries)).toMatchObject({ 'conv_stem.weight': [8, 3, 3, 3], 'blocks.3.5.conv_dw.weight': [64, 1, 3, 3], 'blocks.4.1.bn2.weight': [128], 'classifier.weight': [3, 128] })
  })

  test('filters of a depthwise convolution with several a channel come one channel after the other', () => {
    scope(() => {
      const filters = depthwiseConvolutionLayer({ kernelSize: 3, multiplier: 2 })
      const made = network({ name: 'own', inputShape: [3, 3, 4], classes: 2, stages: [{ name: 'only', module: sequential({ filters, mean: globalAveragePoolLayer() }) }] })
      const names = { nameOf: (path: string) => path }
      const variables = made.init(key, [1, 3, 3, 4])
      const entries = exportPytorch(made, variables, names)
      const official = entries.find(({ name }) => name === 'only.filters.weight')!
      expect(official.shape).toEqual([8, 1, 3, 3])
      const ours = readSync(flattenTree<Tensor>(variables.params).find(({ path }) => path === 'only.filters.filter')!.leaf)
      // Row 1, column 2, channel 3, filter 1 of [3, 3, 4, 2]; output 3 * 2 + 1 of [8, 1, 3, 3].
      expect(new Float32Array(official.data.buffer)[7 * 9 + 1 * 3 + 2]).toBe(ours[((1 * 3 + 2) * 4 + 3) * 2 + 1])
      const back = importPytorch(made, entries, names)
      const x = randomNormal(key, [2, 3, 3, 4])
      expectClose(made.apply(back, x, inference).output, made.apply(variables, x, inference).output)
    })
  })

  test('names that there are not are refused with those that there are', () => {
    // A misspelt code, as it comes from a command line.
    expect(() => pytorchNames(resnet18(tiny), 'torchvison' as 'torchvision')).toThrow(/no names 'torchvison' for the network 'resnet18'. Did you mean 'torchvision'\? Known are: torchvision, timm\./)
    expect(() => pytorchNames(digitNetwork())).toThrow(/no PyTorch code whose names are known for the network 'digit-network'/)
  })
})

describe('export and import', () => {
  test.each<readonly [string, Network]>([
    ['a CIFAR ResNet', small()],
    ['ResNet-34', resnet34(tiny)],
    ['ResNet-50', resnet50(tiny)],
    ['MobileNet v1', mobilenetV1({ classes: 3, inputShape: [8, 8, 3], widthFactor: 0.125 })],
    ['MobileNet v2', tinyMobilenet()],
  ])('give back the same variables, through a file: %s', (_, made) => {
    scope(() => {
      const variables = made.init(key, [1, ...made.inputShape])
      const file = writeSafetensors(exportPytorch(made, variables))
      const back = importPytorch(made, readSafetensors(file).entries)
      const values = (tree: typeof variables.params): Float32Array[] => leavesOf<Tensor>(tree).map((leaf) => readSync(leaf))
      expect(values(back.params)).toEqual(values(variables.params))
      expect(values(back.state)).toEqual(values(variables.state))
    })
  })

  test('timm and torchvision names are told apart by the file', () => {
    scope(() => {
      const made = tinyMobilenet()
      const x = randomNormal(key, [2, 8, 8, 3])
      const [torchvision, timm] = (['torchvision', 'timm'] as const).map((code) => made.apply(importPytorch(made, entriesOf(made, pytorchNames(made, code))), x, inference).output)
      expectClose(timm!, torchvision!, { absolute: 0, relative: 0 })
    })
  })

  test.each(['module.', 'model.', 'state_dict.', 'module.model.', 'state_dict.module.', '_orig_mod.', 'net.'])("names that begin with '%s' are understood, and counters passed over", (prefix) => {
    const made = small()
    const entries = [...entriesOf(made), floatEntry('bn1.num_batches_tracked', [], [3])]
    expect(comparePytorch(made, renamed(entries, (name) => prefix + name))).toMatchObject({ missing: [], unexpected: [], misshapen: [], matched: { length: entries.length - 1 } })
  })

  test('a network whose own names begin so keeps them', () => {
    const made = small()
    const own = pytorchNames(made)
    const names = { nameOf: (path: string) => `model.${own.nameOf(path)}` }
    expect(comparePytorch(made, entriesOf(made, names), names)).toMatchObject({ missing: [], unexpected: [] })
  })

  test('the second of two tensors of one name counts as unexpected', () => {
    const made = small()
    const entries = entriesOf(made)
    expect(comparePytorch(made, [...entries, ...renamed(entries.slice(0, 1), (name) => `module.${name}`)]).unexpected).toEqual([`module.${entries[0]!.name}`])
  })

  test('the number of classes is that of the head', () => {
    const made = tinyMobilenet(7)
    for (const code of ['torchvision', 'timm'] as const) {
      const entries = renamed(entriesOf(made, pytorchNames(made, code)), (name) => `module.${name}`)
      expect(classesOfPytorch(tinyMobilenet(1), entries)).toBe(7)
    }
    const headless = entriesOf(resnet18(tiny)).filter(({ name }) => !name.startsWith('fc.'))
    expect(() => classesOfPytorch(resnet18(tiny), headless)).toThrow(/no 'fc.weight'.*number of classes of 'resnet18'/)
  })
})

describe('what does not fit', () => {
  test('is listed: missing, unexpected and of another shape', () => {
    const made = small()
    const entries = entriesOf(made)
    const wrong = entries.flatMap((entry) => (entry.name === 'bn1.weight' ? [] : entry.name === 'linear.bias' ? [floatEntry('linear.bias', [200], new Float32Array(200))] : [entry]))
    const extended = [...wrong, floatEntry('fc.bias', [1], [0])]
    const comparison = comparePytorch(made, extended)
    expect(comparison).toMatchObject({ missing: ['bn1.weight'], unexpected: ['fc.bias'], misshapen: [{ name: 'linear.bias', shape: [200], expected: [10] }] })
    expect(comparison.matched).toHaveLength(entries.length - 2)
    expect(messageOf(made, extended)).toContain(
      `'cifar-resnet8' with 10 classes; ${entries.length - 2} of ${entries.length} fit. Missing (1): bn1.weight. Unexpected (1): fc.bias. Of another shape (1): linear.bias [200] instead of [10].`,
    )
  })

  test('is counted in full, five names of each are shown, and near names beside those that are missing', () => {
    const made = resnet18(tiny)
    const message = messageOf(made, renamed(entriesOf(made), (name) => name.replace('downsample', 'shortcut').replace('layer1.0.conv1', 'layer1.0.cnv1')))
    expect(message).toMatch(/Missing \(16\): .*layer1\.0\.conv1\.weight \(the file has layer1\.0\.cnv1\.weight\).*, \.\.\.\. Unexpected \(16\)/)
  })

  test('a checkpoint of another architecture is recognised', () => {
    const checkpoint = entriesOf(mobilenetV2({ classes: 5, inputShape: [8, 8, 3], widthFactor: 0.35 }))
    const message = messageOf(small(), renamed(checkpoint, (name) => `module.${name}`))
    expect(message).toMatch(/0 of 37 fit\. Missing \(37\): linear\.bias, linear\.weight, layer1\.0\.conv1\.weight, .*, \.\.\.\. Unexpected \(262\): .*They are the tensors of 'mobilenet-v2-0\.35' with 5 classes\.$/)
    const deeper = entriesOf(cifarResnet({ depth: 32, inputShape: [4, 4, 3] }))
    expect(messageOf(cifarResnet({ depth: 20, inputShape: [4, 4, 3] }), deeper)).toMatch(/97 of 97 fit\. Unexpected \(60\): .*'cifar-resnet32' with 10 classes\.$/)
  })

  test('a head of another number of classes is told, with what to do', () => {
    const made = cifarResnet({ depth: 20, classes: 4, inputShape: [4, 4, 3] })
    expect(messageOf(withClasses(made, 10), entriesOf(made))).toMatch(
      /linear\.weight \[4, 64\] instead of \[10, 64\].*They are those of 'cifar-resnet20' with 4 classes: make the network with as many, import, and give it another head afterwards\.$/,
    )
  })

  test('another width is told', () => {
    const narrow = entriesOf(resnet18(tiny))
    expect(messageOf(resnet18({ ...tiny, widths: [2, 2, 2, 3] }), narrow)).toMatch(/They have the names of 'resnet18' in other sizes: is it a network of another width\?$/)
  })

  test('a file that is most of a network is told', () => {
    const headless = entriesOf(cifarResnet({ depth: 20, classes: 4, inputShape: [4, 4, 3] })).filter(({ name }) => !name.startsWith('linear.'))
    expect(messageOf(cifarResnet({ depth: 8, inputShape: [4, 4, 3] }), headless)).toMatch(
      /They are most like those of 'cifar-resnet20' with 1 class: 95 of its 97 names are there, and 90 % of its filters and weights fit\.$/,
    )
  })

  test('a file of something else is told', () => {
    expect(messageOf(small(), [floatEntry('transformer.wte.weight', [2], [1, 2])])).toMatch(/They have no name in common with any network that is known by its PyTorch names\.$/)
    expect(messageOf(small(), [floatEntry('conv1.weight', [2], [1, 2])])).toMatch(/They are of no network that is known by its PyTorch names\.$/)
  })

  test('a network of unknown names is refused with what to do', () => {
    expect(() => importPytorch(digitNetwork(), [])).toThrow(/no PyTorch code whose names are known for the network 'digit-network'.*third argument/)
  })
})

describe('damaged and hostile files', () => {
  const made = small()
  const file = writeSafetensors(entriesOf(made))
  const load = (bytes: Uint8Array): unknown => importPytorch(made, readSafetensors(bytes, 'network.safetensors').entries)
  const withHeader = (change: (header: string) => string): Uint8Array => {
    const size = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true))
    const header = new TextEncoder().encode(change(new TextDecoder().decode(file.subarray(8, 8 + size))))
    const changed = new Uint8Array(8 + header.length + file.length - 8 - size)
    new DataView(changed.buffer).setBigUint64(0, BigInt(header.length), true)
    changed.set(header, 8)
    changed.set(file.subarray(8 + size), 8 + header.length)
    return changed
  }

  test.each([0, 4, 8, 100, file.length >> 1, file.length - 1])('cut off after %d bytes', (length) => {
    expect(() => load(file.subarray(0, length))).toThrow(/^network\.safetensors: .*damaged or not a safetensors file/s)
  })

  test('a header that claims more than there is', () => {
    const changed = file.slice()
    new DataView(changed.buffer).setBigUint64(0, 2n ** 62n, true)
    expect(() => load(changed)).toThrow(/header claims 4611686018427387904 bytes/)
  })

  test('shapes of more elements than bytes', () => {
    expect(() => load(withHeader((header) => header.replace('"shape":[16,3,3,3]', '"shape":[16,3,3,9007199254740991]')))).toThrow(/needs \d+ bytes, but its place has/)
  })

  test('tensors that share their bytes', () => {
    expect(() => load(withHeader((header) => header.replace(/"data_offsets":\[(?!0,)\d+,/, '"data_offsets":[0,')))).toThrow(/no holes and no overlaps/)
  })

  test('names that mean something else to an object', () => {
    const hostile = [...entriesOf(made), floatEntry('constructor', [], [1]), floatEntry('__proto__.weight', [], [1])]
    expect(() => importPytorch(made, hostile)).toThrow(/Unexpected \(2\): constructor, __proto__\.weight\./)
  })

  test('an entry whose bytes are not those of its shape', () => {
    const hostile = entriesOf(made).map((entry) => (entry.name === 'linear.bias' ? { ...entry, data: entry.data.subarray(0, 8) } : entry))
    expect(() => importPytorch(made, hostile)).toThrow(/10/)
  })
})
