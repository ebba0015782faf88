import { foldIn, inference, modulesInside, pad, randomKey, randomNormal, readSync, replaceModules, scope, sequential, slice, type Tensor, tensor, trainingMode, zeros } from '@transferkit/tensor'
import { floatEntry } from '@transferkit/training'
import { expectClose } from '@transferkit/tensor/testing'
import { describe, expect, test } from 'vitest'
import { maskedSequence, maskOf, valuesOf } from '../sequence.js'
import { bidirectionalLayer } from './bidirectional-layer.js'
import { gruCell } from './gru-cell.js'
import { lstmCell } from './lstm-cell.js'
import { maskFor } from './masks.fixture.js'
import { isRecurrentLayer, recurrentLayer } from './recurrent-layer.js'
import { exportTorchRecurrent, importTorchRecurrent } from './torch-weights.js'
import { unroll } from './unroll.js'

const key = randomKey(5)
const x = (name: string, shape: readonly number[]): Tensor => randomNormal(foldIn(key, name), shape)

describe.each([
  ['lstm', lstmCell({ hiddenSize: 4 })],
  ['gru', gruCell({ hiddenSize: 4 })],
] as const)('layers of %s', (_, cell) => {
  const layers = { forward: recurrentLayer({ cell }), backward: recurrentLayer({ cell, reverse: true }), both: bidirectionalLayer({ cell }) }

  test.each(Object.entries(layers))('neither noise in the padding nor more padding changes anything: %s', (_name, module) => {
    scope(() => {
      const lengths = [5, 2, 1, 0]
      const variables = module.init(key, [1, 5, 4])
      const apply = (values: Tensor): Tensor => module.apply(variables, maskedSequence(values, maskFor(lengths, values.shape[1]!)), inference).output
      const values = x('values', [4, 5, 3])
      const output = apply(values)
      const noise = tensor(readSync(x('noise', [4, 5, 3])).map((value, index) => (Math.floor(index / 3) % 5 < lengths[Math.floor(index / 15)]! ? 0 : 1e3 * value)), [4, 5, 3])
      const noisy = tensor(readSync(values).map((value, index) => value + readSync(noise)[index]!), [4, 5, 3])
      expect(readSync(apply(noisy))).toEqual(readSync(output))
      const longer = apply(pad(values, [[0, 0], [0, 3], [0, 0]]))
      expectClose(slice(longer, [], output.shape), output, { absolute: 1e-6, relative: 0 })
      const padded = slice(longer, [0, 5], [-1, -1])
      expectClose(padded, zeros(padded.shape), { absolute: 0 })
      expectClose(maskOf(output), maskFor(lengths, 5), { absolute: 0 })
    })
  })

  test('the last state of a longer sequence is that of the sequence alone, and the initial one where all is padding', () => {
    scope(() => {
      const params = cell.init(key, 3)
      const values = x('values', [2, 4, 3])
      const { final } = unroll(cell, params, maskedSequence(values, maskFor([2, 0], 4)))
      const alone = unroll(cell, params, maskedSequence(slice(values, [0, 0, 0], [1, 2, 3]), maskFor([2], 2))).final
      expectClose(slice(final.hidden as Tensor, [0, 0], [1, 4]), alone.hidden, { absolute: 1e-6, relative: 0 })
      expectClose(slice(final.hidden as Tensor, [1, 0], [1, 4]), zeros([1, 4]), { absolute: 0 })
    })
  })

  test('a step does not change what was before it, and in reverse not what comes behind it', () => {
    scope(() => {
      const values = x('values', [1, 5, 3])
      const changed = tensor(readSync(values).map((value, index) => (Math.floor(index / 3) === 2 ? value + 1 : value)), [1, 5, 3])
      const rows = (module: typeof layers.forward, input: Tensor): readonly string[] => {
        const output = readSync(valuesOf(module.apply(module.init(key, [1, 5, 4]), maskedSequence(input, maskFor([5], 5)), inference).output))
        return Array.from({ length: 5 }, (_row, step) => String(output.slice(4 * step, 4 * step + 4)))
      }
      const same = (module: typeof layers.forward): readonly boolean[] => {
        const [before, after] = [rows(module, values), rows(module, changed)]
        return before.map((row, step) => row === after[step])
      }
      expect(same(layers.forward)).toEqual([true, true, false, false, false])
      expect(same(layers.backward)).toEqual([false, false, false, true, true])
    })
  })

  test('pairs give what their sentences give alone', () => {
    scope(() => {
      const variables = layers.both.init(key, [1, 5, 4])
      const sequence = maskedSequence(x('pairs', [3, 2, 5, 3]), tensor(new Float32Array(30).fill(1), [3, 2, 5]))
      const { output } = layers.both.apply(variables, sequence, inference)
      const second = layers.both.apply(variables, maskedSequence(x2(sequence), maskFor([5, 5, 5], 5)), inference)
      expectClose(slice(output, [0, 1], [3, 1, 5, 9]), second.output, { absolute: 1e-6, relative: 0 })
    })
  })
})

/** Values of the second sentences of pairs. */
const x2 = (pairs: Tensor): Tensor => {
  const values = readSync(valuesOf(pairs))
  return tensor(Float32Array.from([0, 1, 2].flatMap((example) => [...values.slice(30 * example + 15, 30 * example + 30)])), [3, 5, 3])
}

test('dropout acts on the values in training only, and leaves the mask', () => {
  scope(() => {
    for (const module of [recurrentLayer({ cell: gruCell({ hiddenSize: 4 }), dropout: 0.5 }), bidirectionalLayer({ cell: gruCell({ hiddenSize: 4 }), dropout: 0.5 })]) {
      const plain = module.init(key, [1, 5, 4])
      const sequence = maskedSequence(x('values', [2, 5, 3]), maskFor([5, 3], 5))
      const run = (seed?: number): string => String(readSync(module.apply(plain, sequence, seed === undefined ? inference : trainingMode(randomKey(seed))).output))
      expect(run(1)).toBe(run(1))
      expect(run(1)).not.toBe(run(2))
      expect(run(1)).not.toBe(run())
      expectClose(maskOf(module.apply(plain, sequence, trainingMode(key)).output), maskFor([5, 3], 5), { absolute: 0 })
    }
  })
})

test('recurrent layers are found and replaced inside others, dropout kept', () => {
  const network = sequential({ recurrent1: bidirectionalLayer({ cell: lstmCell({ hiddenSize: 2 }), dropout: 0.25 }) })
  expect(modulesInside(network).flatMap(([path, module]) => (isRecurrentLayer(module) ? [[path, module.reverse]] : []))).toEqual([
    ['recurrent1.forward', false],
    ['recurrent1.backward', true],
  ])
  const replaced = replaceModules(network, (_path, module) => (isRecurrentLayer(module) ? recurrentLayer({ cell: gruCell({ hiddenSize: 2 }), reverse: module.reverse }) : undefined))
  expect(modulesInside(replaced).map(([, { description }]) => description['cell'])).toEqual(['lstm', 'gru', 'gru'])
  expect(modulesInside(replaced)[0]![1].description['dropout']).toBe(0.25)
})

test('a sequence without steps or without a mask is refused', () => {
  scope(() => {
    const module = recurrentLayer({ cell: gruCell({ hiddenSize: 2 }) })
    expect(() => module.apply(module.init(key, [1, 1, 4]), zeros([2, 3]), inference)).toThrow(/\[batch, step, channel \+ mask\].*\[2,3\]/)
    expect(() => module.apply(module.init(key, [1, 1, 4]), zeros([2, 0, 4]), inference)).toThrow(/at least one step/)
  })
})

describe("PyTorch's weights", () => {
  const layers = sequential({ recurrent1: bidirectionalLayer({ cell: gruCell({ hiddenSize: 2 }) }), recurrent2: recurrentLayer({ cell: gruCell({ hiddenSize: 3 }) }) })

  test('are exported under their names and imported again', () => {
    scope(() => {
      const { params } = layers.init(key, [1, 2, 5])
      const entries = exportTorchRecurrent(layers, params, { prefix: 'encoder.' })
      expect(entries.map(({ name }) => name)).toEqual(expect.arrayContaining(['encoder.weight_ih_l0', 'encoder.bias_hh_l0_reverse', 'encoder.weight_hh_l1']))
      const other = layers.init(randomKey(9), [1, 2, 5]).params
      expect(exportTorchRecurrent(layers, importTorchRecurrent(layers, other, entries, { prefix: 'encoder.' }), { prefix: 'encoder.' })).toEqual(entries)
    })
  })

  test('that do not fit are named', () => {
    scope(() => {
      const { params } = layers.init(key, [1, 2, 5])
      const entries = exportTorchRecurrent(layers, params)
      expect(() => importTorchRecurrent(layers, params, entries.slice(1))).toThrow(new RegExp(`'${entries[0]!.name}' is missing`))
      expect(() => importTorchRecurrent(layers, params, [...entries, floatEntry('weight_ih_l2', [1], [0])])).toThrow(/'weight_ih_l2' has no layer here/)
      const misshapen = entries.map((entry) => (entry.name === 'bias_ih_l1' ? floatEntry('bias_ih_l1', [12], new Float32Array(12)) : entry))
      expect(() => importTorchRecurrent(layers, params, misshapen)).toThrow(/'bias_ih_l1' has shape \[12\] instead of \[9\]/)
      expect(() => exportTorchRecurrent(sequential({}), {})).toThrow(/'sequential' has no recurrent layer/)
    })
  })
})
