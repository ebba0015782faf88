import type { Shape } from '@transferkit/tensor'

/** One tensor of a layers model that is being written. @internal */
export interface WrittenWeight {
  /** Name in Keras, such as `kernel`; in the model it stands behind that of the layer. */
  readonly name: string
  /** Sizes of the axes. */
  readonly shape: Shape
  /** The elements, the last axis first. */
  readonly values: Float32Array
}

/** The output of a layer that has been written, or the input. @internal */
export interface Place {
  /** Name of the layer. */
  readonly layer: string
  /** Shape of one example. */
  readonly shape: Shape
}

/** A layer to write. @internal */
export interface NewLayer {
  /** Class in Keras. */
  readonly className: string
  /** Name; dots become underscores, and it gets a number where it is taken. */
  readonly name: string
  /** Settings. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Where its inputs come from. */
  readonly inputs: readonly Place[]
  /** Shape of one example behind it. */
  readonly shape: Shape
  /** Its weights in the order of Keras. */
  readonly weights?: readonly WrittenWeight[]
}

/** A layer of a Keras model as JSON. */
export interface KerasLayer {
  /** Class in Keras, such as `Conv2D`. */
  readonly class_name: string
  /** Name of the layer. */
  readonly name: string
  /** Its settings. */
  readonly config: Readonly<Record<string, unknown>>
  /** Where its inputs come from: name, node and output of a layer each. */
  readonly inbound_nodes: readonly (readonly (readonly [layer: string, node: number, output: number, settings: Readonly<Record<string, unknown>>])[])[]
}

/** Collects the layers of a model that is being written. @internal */
export interface LayersWriter {
  /** Writes a layer behind others. */
  add(layer: NewLayer): Place
  /** The layers so far. */
  layers(): readonly KerasLayer[]
  /** The weights so far, under their full names. */
  weights(): readonly WrittenWeight[]
}

/** Starts a layers model. @internal */
export const layersWriter = (): LayersWriter => {
  const layers: KerasLayer[] = []
  const weights: WrittenWeight[] = []
  const used = new Set<string>()
  const unused = (wanted: string): string => {
    const plain = wanted.replaceAll('.', '_')
    const candidates = [plain, ...Array.from({ length: used.size + 1 }, (_, index) => `${plain}_${index + 1}`)]
    const name = candidates.find((candidate) => !used.has(candidate)) ?? plain
    used.add(name)
    return name
  }
  return {
    layers: () => layers,
    weights: () => weights,
    add: ({ className, name: wanted, config = {}, inputs, shape, weights: own = [] }) => {
      const name = unused(wanted)
      layers.push({
        class_name: className,
        name,
        config: { name, trainable: true, dtype: 'float32', ...config },
        inbound_nodes: inputs.length === 0 ? [] : [inputs.map(({ layer }) => [layer, 0, 0, {}] as const)],
      })
      weights.push(...own.map((weight) => ({ ...weight, name: `${name}/${weight.name}` })))
      return { layer: name, shape }
    },
  }
}
