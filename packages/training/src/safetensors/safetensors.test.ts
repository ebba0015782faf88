import { integerArray, randomKey, foldIn, release, tensor, TransferkitError, readSync, subtree, type Tensor } from '@transferkit/tensor'
import { describe, expect, test } from 'vitest'
import { floatEntry, floatsOf, type SafetensorsEntry, type SafetensorsType } from './entry.js'
import { readSafetensors } from './read-safetensors.js'
import { entriesOfTree, treeFromEntries } from './tree-entries.js'
import { writeSafetensors } from './write-safetensors.js'

/** A file with any header, right or wrong. */
const file = (header: string | Uint8Array, data: Uint8Array = new Uint8Array(0), claimed?: bigint): Uint8Array => {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header
  const bytes = new Uint8Array(8 + text.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true)
  bytes.set(text, 8)
  bytes.set(data, 8 + text.length)
  return bytes
}

const place = (dtype: string, shape: readonly number[], from: number, to: number): string => JSON.stringify({ dtype, shape, data_offsets: [from, to] })

describe('reading and writing', () => {
  const entries: readonly SafetensorsEntry[] = [
    floatEntry('zwei', [2, 2], [1, -2, 0.5, 3e38]),
    { name: 'ja', dtype: 'BOOL', shape: [3], data: new Uint8Array([1, 0, 1]) },
    { name: 'größe "x"', dtype: 'I64', shape: [], data: new Uint8Array([255, 255, 255, 255, 255, 255, 255, 255]) },
    { name: '10', dtype: 'F16', shape: [2], data: new Uint8Array([0, 0x3c, 0, 0xc0]) },
    floatEntry('leer', [0, 5], []),
    { name: '__proto__', dtype: 'U8', shape: [1], data: new Uint8Array([7]) },
  ]

  test('what is written is read, in any order the same bytes', () => {
    const bytes = writeSafetensors(entries, { b: '2', a: 'ä' })
    expect(writeSafetensors([...entries].reverse(), { a: 'ä', b: '2' })).toEqual(bytes)
    const read = readSafetensors(bytes)
    expect(read.metadata).toEqual({ a: 'ä', b: '2' })
    expect(new Map(read.entries.map((entry) => [entry.name, entry]))).toEqual(new Map(entries.map((entry) => [entry.name, entry])))
    expect((bytes.length - read.entries.reduce((total, { data }) => total + data.length, 0)) % 8).toBe(0)
  })

  test('the bytes are those of the format', () => {
    const bytes = writeSafetensors([floatEntry('a', [1], [1])])
    const header = '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    expect(bytes).toEqual(file(header.padEnd(56), new Uint8Array([0, 0, 0x80, 0x3f])))
  })

  test('a file that begins anywhere in memory is read', () => {
    const bytes = writeSafetensors([floatEntry('a', [2], [1, 2])])
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    expect(floatsOf(readSafetensors(shifted.subarray(3)).entries[0]!)).toEqual(new Float32Array([1, 2]))
    // A slice of Node's buffers is no copy.
    expect(floatsOf(readSafetensors(Buffer.from(shifted.buffer).subarray(3)).entries[0]!)).toEqual(new Float32Array([1, 2]))
  })

  test('two entries of one name and entries of a wrong size are refused', () => {
    expect(() => writeSafetensors([floatEntry('a', [], [1]), floatEntry('a', [], [2])])).toThrow("cannot be called 'a'")
    expect(() => writeSafetensors([{ ...floatEntry('a', [], [1]), name: '__metadata__' }])).toThrow('keeps for itself')
    expect(() => writeSafetensors([{ ...floatEntry('a', [1], [1]), shape: [2] }])).toThrow('takes 8 bytes, but 4')
    expect(() => floatEntry('a', [2], [1])).toThrow('2 elements, but 1')
  })
})

describe('element types', () => {
  const bytesOf = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer)
  test.each<readonly [SafetensorsType, ArrayBufferView, readonly number[]]>([
    ['F64', new Float64Array([1.5, -2]), [1.5, -2]],
    ['F32', new Float32Array([1.5, -2]), [1.5, -2]],
    ['I64', new BigInt64Array([-3n, 2n ** 40n]), [-3, 2 ** 40]],
    ['U64', new BigUint64Array([3n]), [3]],
    ['I32', new Int32Array([-3]), [-3]],
    ['U32', new Uint32Array([2 ** 31]), [2 ** 31]],
    ['I16', new Int16Array([-300]), [-300]],
    ['U16', new Uint16Array([60000]), [60000]],
    ['I8', new Int8Array([-3]), [-3]],
    ['U8', new Uint8Array([200]), [200]],
    ['BOOL', new Uint8Array([0, 1]), [0, 1]],
    // 1, -2, the smallest number above 0, the largest, infinity, 1/3 as in IEEE 754.
    ['F16', new Uint16Array([0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x3555]), [1, -2, 2 ** -24, 65504, Infinity, 0.333251953125]],
    ['BF16', new Uint16Array([0x3f80, 0xc000, 0x7f80, 0x3eab]), [1, -2, Infinity, 0.333984375]],
  ])('%s', (dtype, values, expected) => {
    expect(Array.from(floatsOf({ name: 'x', dtype, shape: [expected.length], data: bytesOf(values) }))).toEqual(expected)
  })

  test('not-a-number survives in half precision', () => {
    expect(floatsOf({ name: 'x', dtype: 'F16', shape: [1], data: new Uint8Array([1, 0x7c]) })[0]).toBeNaN()
  })
})

describe('what the format does not allow is refused', () => {
  const four = new Uint8Array(4)
  test.each<readonly [string, Uint8Array, string]>([
    ['no bytes', new Uint8Array(0), 'too few'],
    ['a header that is cut off', file('{}', undefined, 10n), 'Was it cut off?'],
    ['a header that claims 2^60 bytes', file('{}', undefined, 2n ** 60n), 'more than the'],
    ['an empty header', file(''), "does not begin with '{'"],
    ['a list', file('[]'), "does not begin with '{'"],
    ['broken JSON', file('{"a":'), 'not valid JSON'],
    ['broken UTF-8', file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), 'not valid JSON'],
    ['a name twice', file(`{"a":${place('F32', [1], 0, 4)},"a":${place('F32', [1], 0, 4)}}`, four), "name 'a' twice"],
    ['a name twice, once with escapes', file(`{"a":${place('F32', [1], 0, 4)},"\\u0061":${place('F32', [1], 0, 4)}}`, four), "name 'a' twice"],
    ['a field twice', file(`{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, four), "name 'dtype' twice"],
    ['an unknown element type', file(`{"a":${place('F31', [1], 0, 4)}}`, four), "tensor 'a'"],
    ['a field too many', file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}`, four), "tensor 'a'"],
    ['a negative size', file(`{"a":${place('F32', [-1], 0, 4)}}`, four), "tensor 'a'"],
    ['a fraction of a size', file(`{"a":${place('F32', [0.5], 0, 4)}}`, four), "tensor 'a'"],
    ['2^60 elements', file(`{"a":{"dtype":"F32","shape":[1152921504606846976],"data_offsets":[0,4]}}`, four), "tensor 'a'"],
    ['2^60 elements on two axes', file(`{"a":${place('F32', [2 ** 30, 2 ** 30], 0, 4)}}`, four), 'needs 4611686018427387904 bytes'],
    ['a wrong number of bytes', file(`{"a":${place('F32', [2], 0, 4)}}`, four), 'needs 8 bytes'],
    ['a hole at the start', file(`{"a":${place('F32', [1], 4, 8)}}`, new Uint8Array(8)), 'no holes'],
    ['a hole between', file(`{"a":${place('F32', [1], 0, 4)},"b":${place('F32', [1], 8, 12)}}`, new Uint8Array(12)), 'no holes'],
    ['an overlap', file(`{"a":${place('F32', [1], 0, 4)},"b":${place('F32', [1], 2, 6)}}`, new Uint8Array(6)), 'no overlaps'],
    ['the same place twice', file(`{"a":${place('F32', [1], 0, 4)},"b":${place('F32', [1], 0, 4)}}`, four), 'no overlaps'],
    ['an end before the start', file(`{"a":${place('F32', [1], 4, 0)}}`, four), "tensor 'a'"],
    ['data that are cut off', file(`{"a":${place('F32', [1], 0, 4)}}`, new Uint8Array(3)), 'Was it cut off?'],
    ['data too many', file(`{"a":${place('F32', [1], 0, 4)}}`, new Uint8Array(5)), 'take 4 bytes, but 5'],
    ['metadata that are no texts', file(`{"__metadata__":{"a":1}}`), 'not texts'],
  ])('%s', (_name, bytes, problem) => {
    expect(() => readSafetensors(bytes, 'model.safetensors')).toThrow(problem)
    expect(() => readSafetensors(bytes, 'model.safetensors')).toThrow(/^model\.safetensors: /)
  })

  test('whatever the bytes, a file is read or refused', () => {
    const whole = writeSafetensors([floatEntry('a', [2], [1, 2]), { name: 'b', dtype: 'U8', shape: [3], data: new Uint8Array([1, 2, 3]) }], { x: 'y' })
    const readOrRefuse = (bytes: Uint8Array): void => {
      try {
        readSafetensors(bytes)
      } catch (error) {
        if (!TransferkitError.isInstance(error)) throw error
        expect(error.code).toBe('safetensors/corrupt')
      }
    }
    for (let length = 0; length < whole.length; length++) expect(() => readSafetensors(whole.subarray(0, length))).toThrow(TransferkitError)
    const positions = integerArray(randomKey(1), 4000, whole.length)
    const values = integerArray(foldIn(randomKey(1), 'values'), 4000, 256)
    positions.forEach((position, index) => {
      const changed = whole.slice()
      changed[position] = values[index]!
      readOrRefuse(changed)
    })
  })
})

describe('trees', () => {
  test('a tree goes out and comes back', async () => {
    const tree = { body: { weight: tensor([1, 2, 3, 4], [2, 2]) }, bias: tensor([5], [1]) }
    const entries = await entriesOfTree(tree, 'params.')
    expect(entries.map(({ name }) => name)).toEqual(['params.bias', 'params.body.weight'])
    const back = treeFromEntries(tree, entries, 'params.')
    expect(readSync(subtree<Tensor>(back, 'body.weight') as Tensor)).toEqual(new Float32Array([1, 2, 3, 4]))
    release({ tree, back })
  })

  test('what is missing or has another shape is named', () => {
    const tree = { weight: tensor([1, 2], [2]), bias: tensor([1], [1]) }
    expect(() => treeFromEntries(tree, [floatEntry('weight', [1], [1])], '', 'model.safetensors')).toThrow("model.safetensors: it does not fit this model: 'bias' is missing, 'weight' has shape [1] instead of [2].")
    release(tree)
  })
})
