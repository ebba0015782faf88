import { type Module, relu6Layer, reluLayer } from '@transferkit/tensor'

/** A rectifier by the name that descriptions of modules give it: `max(x, 0)`, or `min(max(x, 0), 6)`. */
export type Rectifier = 'relu' | 'relu6'

const layers: Readonly<Record<Rectifier, () => Module>> = { relu: reluLayer, relu6: relu6Layer }

/** The layer of a rectifier. */
export const rectifierLayer = (rectifier: Rectifier): Module => layers[rectifier]()
