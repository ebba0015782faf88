import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Batch,
  concat,
  globalAveragePoolLayer,
  identityLayer,
  integerTensor,
  layer,
  multiply,
  network,
  type Network,
  norm,
  type ProgramVariables,
  reverse,
  scalar,
  scope,
  type Tensor,
  type TensorTree,
  type TransferContext,
  valueAndGradWithAuxiliary,
} from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { readSafetensors } from '@transferkit/training'
import { expect, test } from 'vitest'
import { fixturesDir, officialOf } from '../pytorch/official.fixture.js'
import { gtn } from './gtn.js'

interface Tolerance {
  readonly rtol: number
  readonly atol: number
}

interface Numbers {
  readonly scalars: Readonly<Record<string, Tolerance & { readonly value: number }>>
  readonly tensors: Readonly<Record<string, { readonly tolerance: Tolerance }>>
}

const reason = fixturesDir === undefined ? ' (skipped: set TRANSFERKIT_FIXTURES_DIR to the folder with the large official numbers)' : ''

const read = (file: string): Buffer => readFileSync(join(fixturesDir ?? '', 'gtn', file))

/** Stages up to 3 do nothing, and stage 4 doubles the channels: the heads are all there is. */
const heads = (): Network =>
  network({
    name: 'heads',
    inputShape: [14, 14, 1024],
    classes: 2,
    stages: [
      { name: 'stage3', module: identityLayer() },
      { name: 'stage4', module: layer({ description: { kind: 'doubling' }, apply: (_variables, x: Tensor) => ({ output: concat([x, multiply(reverse(x, [3]), 0.5)], -1) }) }) },
      { name: 'pooled', module: globalAveragePoolLayer() },
    ],
  })

test.skipIf(fixturesDir === undefined)(`the heads at full width equal the official code${reason}`, () => {
  scope(() => {
    const fixture = officialOf('gtn_heads_full', readSafetensors(read('gtn_heads_full.safetensors'), 'gtn_heads_full').entries)
    const state = officialOf('gtn_heads_full.state', readSafetensors(read('gtn_heads_full.state.safetensors'), 'gtn_heads_full.state').entries)
    // The reader knows what it wrote there.
    const { scalars, tensors } = JSON.parse(read('gtn_heads_full.json').toString('utf8')) as Numbers
    const within = ({ rtol, atol }: Tolerance): { relative: number; absolute: number } => ({ relative: rtol, absolute: atol })

    const source = heads()
    const context: TransferContext = {
      source: { network: source, variables: { params: {}, state: {} } },
      task: { kind: 'classification', classes: ['a', 'b', 'c', 'd', 'e', 'f'] },
      inputShape: source.inputShape,
    }
    const program = gtn({ auxiliaryAt: 'stage3', gateDropout: 0, headDropout: 0 }).prepare(context)
    const weights: Readonly<Record<string, TensorTree>> = {
      gate: { reduce: { weight: state.ours('fc.0.weight') }, expand: { weight: state.ours('fc.3.weight') } },
      head: { weight: state.ours('classify.1.weight') },
      auxiliary: { weight: state.ours('auxlayer.2.weight') },
    }
    const variables: ProgramVariables = { params: weights, state: {}, frozen: {} }
    const labels = fixture.values('y')
    const batch: Batch = { inputs: fixture.ours('x', 'images'), labels: integerTensor([...labels], [labels.length]) }

    const { value, gradient, auxiliary } = valueAndGradWithAuxiliary((params: TensorTree) => {
      const { loss, logits, taps } = program.loss!({ variables: { ...variables, params }, batch, key: { high: 0, low: 1 }, progress: scalar(0) })
      return { value: loss, auxiliary: { out: logits, aux: taps['auxiliary']!, gate: taps['gate.opening']!, pooled: taps['pooled']! } }
    })(variables.params)
    for (const [name, tensor] of Object.entries(auxiliary)) expectClose(tensor, fixture.values(name), within(tensors[name]!.tolerance))
    expectClose(value, [scalars['loss']!.value], within(scalars['loss']!))

    const found = gradient as unknown as { gate: { reduce: { weight: Tensor }; expand: { weight: Tensor } }; head: { weight: Tensor }; auxiliary: { weight: Tensor } }
    const gradients: Readonly<Record<string, Tensor>> = {
      'fc.0.weight': found.gate.reduce.weight,
      'fc.3.weight': found.gate.expand.weight,
      'classify.1.weight': found.head.weight,
      'auxlayer.2.weight': found.auxiliary.weight,
    }
    for (const [name, tensor] of Object.entries(gradients)) {
      const expected = scalars[`gradNorm.${name}`]!
      expectClose(norm(tensor), [expected.value], within(expected))
    }
    expect(Object.keys(gradients)).toHaveLength(4)
  })
})
