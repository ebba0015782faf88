import { io, type Tensor as UpstreamTensor, tensor as upstreamTensor } from '@tensorflow/tfjs-core'
import { loadLayersModel } from '@tensorflow/tfjs-layers'
import { openRuntime } from '@transferkit/runtime/node'
import { foldIn, inference, mapTree, type Network, normalArray, randomKey, readSync, release, scope, type Tensor, tensor, type TrainedNetwork, uniformArray } from '@transferkit/tensor'
import { expectClose } from '@transferkit/tensor/testing'
import { exportLayersModel, foldBatchNorms, importTfjsModel, networks } from '@transferkit/vision'
import { beforeAll, describe, expect, test } from 'vitest'

beforeAll(async () => {
  const runtime = await openRuntime()
  return () => runtime.close()
})

const key = randomKey(1)

/** Every registered network, on images as small as it takes. */
const small: readonly (readonly [string, Network])[] = Object.entries(networks).map(([name, make]) => [name, make({ classes: 5, inputShape: name === 'lenet' ? [28, 28, 1] : name === 'digit-network' ? [16, 16, 1] : [32, 32, 3] })])

/** A network with scales, offsets and statistics that are not those of a fresh one. */
const randomised = (network: Network): TrainedNetwork => {
  const variables = scope(() => {
    const { params, state } = network.init(key, [1, ...network.inputShape])
    const around = (centre: number, spread: number) => (leaf: Tensor, path: string): Tensor => {
      const values: Tensor = tensor(uniformArray(foldIn(key, path), leaf.size, centre - spread, centre + spread), leaf.shape)
      return values
    }
    return {
      params: mapTree(params, (leaf, path) => (/\.(scale)$/.test(path) ? around(1, 0.3)(leaf, path) : /\.(offset|bias)$/.test(path) ? around(0, 0.3)(leaf, path) : leaf)),
      state: mapTree(state, (leaf, path) => (path.endsWith('.variance') ? around(1, 0.5) : around(0, 0.3))(leaf, path)),
    }
  })
  return { network, variables }
}

const images = ({ inputShape }: Network, batch = 3): { readonly values: Float32Array; readonly shape: readonly number[] } => {
  const shape = [batch, ...inputShape]
  return { values: normalArray(foldIn(key, 'images'), shape.reduce((product, size) => product * size, 1)), shape }
}

const logitsOf = ({ network, variables }: TrainedNetwork): Float32Array => {
  const { values, shape } = images(network)
  return scope(() => Float32Array.from(readSync(network.apply(variables, tensor(values, shape), inference).output)))
}

const exported = (trained: TrainedNetwork, options = {}) => {
  const { modelJson, weights } = exportLayersModel(trained, options)
  // What is on disk is text.
  return { modelJson: JSON.parse(JSON.stringify(modelJson)) as io.ModelJSON, weights }
}

/** Loads a model with TensorFlow.js alone, and applies it. */
const upstreamOutputs = async ({ modelJson, weights }: ReturnType<typeof exported>, network: Network): Promise<{ readonly values: Float32Array; readonly metadata: unknown }> => {
  const model = await loadLayersModel({
    load: () =>
      Promise.resolve({
        modelTopology: modelJson.modelTopology,
        weightSpecs: modelJson.weightsManifest.flatMap((group) => group.weights),
        weightData: weights.slice().buffer,
        ...(modelJson.userDefinedMetadata === undefined ? {} : { userDefinedMetadata: modelJson.userDefinedMetadata }),
      }),
  })
  const { values, shape } = images(network)
  const x = upstreamTensor(values, [...shape])
  // A model of one output gives one tensor.
  const y = model.predict(x) as UpstreamTensor
  const outputs = Float32Array.from(await y.data())
  const metadata = model.getUserDefinedMetadata()
  x.dispose()
  y.dispose()
  model.dispose()
  return { values: outputs, metadata }
}

const largest = (values: Float32Array): number => values.reduce((found, value) => Math.max(found, Math.abs(value)), 0)

describe.each(small)('%s', (_name, network) => {
  test('computes the same without batch norms, in TensorFlow.js alone, and when it is imported again', async () => {
    const trained = randomised(network)
    const logits = logitsOf(trained)
    const tolerance = { absolute: 1e-5 * largest(logits), relative: 1e-5 }

    const folded = foldBatchNorms(trained)
    expect(folded.kept).toEqual(network.name === 'resnet26' ? ['pooled.norm'] : [])
    expect(Object.keys(folded.variables.state)).toEqual(network.name === 'resnet26' ? ['pooled'] : [])
    expectClose(logitsOf(folded), logits, tolerance)

    for (const model of [trained, folded]) {
      const written = exported(model)
      expectClose((await upstreamOutputs(written, network)).values, logits, tolerance)
      const again = importTfjsModel(written)
      expect(again.network.classes).toBe(5)
      expectClose(logitsOf(again), logits, tolerance)
      const foldedAgain = foldBatchNorms(again)
      expectClose(logitsOf(foldedAgain), logits, tolerance)
      release({ again: { ...again.variables }, folded: { ...foldedAgain.variables } })
    }
    release({ trained: { ...trained.variables }, folded: { ...folded.variables } })
  }, 120_000)
})
