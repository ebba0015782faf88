import { type Padding, TransferkitError } from '@transferkit/tensor'
import type { NodeJson } from './model-json.js'
import type { GivenPadding, Pair } from './steps.js'

/** Text of a graph: base64, or the codes of its letters. */
const textOf = (value: unknown): string | undefined => {
  if (Array.isArray(value)) return String.fromCharCode(...value.map(Number))
  if (typeof value !== 'string') return undefined
  try {
    return atob(value)
  } catch {
    return value
  }
}

const listOf = (node: NodeJson, name: string, type: 'i' | 's'): readonly unknown[] | undefined => {
  const list = node.attr[name]?.['list']
  if (typeof list !== 'object' || list === null) return undefined
  // An empty list has no field for its elements; what is there is checked by the callers.
  const elements: unknown = (list as Readonly<Record<string, unknown>>)[type]
  return Array.isArray(elements) ? elements.map((element: unknown) => element) : []
}

/** Whole numbers of an attribute, which JSON holds as text. @internal */
export const integersOf = (node: NodeJson, name: string): readonly number[] | undefined => listOf(node, name, 'i')?.map(Number)

/** Texts of an attribute. @internal */
export const textsOf = (node: NodeJson, name: string): readonly string[] => (listOf(node, name, 's') ?? []).map((text) => textOf(text) ?? '')

/** One text of an attribute. */
const textAttribute = (node: NodeJson, name: string): string | undefined => textOf(node.attr[name]?.['s'])

/** A number of an attribute. @internal */
export const numberAttribute = (node: NodeJson, name: string): number | undefined => {
  const value = node.attr[name]?.['f'] ?? node.attr[name]?.['i']
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : undefined
}

/** A yes or no of an attribute. @internal */
export const flagAttribute = (node: NodeJson, name: string): boolean => node.attr[name]?.['b'] === true

/** The sizes of a shape attribute; `null` where any size will do. @internal */
export const shapeAttribute = (node: NodeJson, name: string): readonly (number | null)[] | undefined => {
  const shape = node.attr[name]?.['shape']
  if (typeof shape !== 'object' || shape === null) return undefined
  // What is there is checked on the next line.
  const dimensions = (shape as { readonly dim?: unknown }).dim
  if (!Array.isArray(dimensions)) return undefined
  // Each dimension is an object with a size as text, or none.
  return (dimensions as readonly { readonly size?: unknown }[]).map(({ size }) => (Number(size ?? -1) < 0 ? null : Number(size)))
}

const unsupported = (node: NodeJson, setting: string, value: string, expected: string): TransferkitError =>
  new TransferkitError('tfjs/unsupported-setting', `The operation '${node.name}' (${node.op}) cannot be imported: its '${setting}' is ${value}, but only ${expected} can be.`)

/** Refuses an operation whose axes are in another order than ours. @internal */
export const checkChannelsLast = (node: NodeJson): void => {
  const format = textAttribute(node, 'data_format') ?? 'NHWC'
  if (format !== 'NHWC') throw unsupported(node, 'data_format', format, 'NHWC')
  const dilations = integersOf(node, 'dilations') ?? []
  if (dilations.some((step) => step !== 1)) throw unsupported(node, 'dilations', dilations.join(', '), '1')
}

/** Rows and columns of an attribute that has a number for each of the four axes. @internal */
export const spatial = (node: NodeJson, name: string): Pair => {
  const [batch = 1, rows = 1, columns = 1, channels = 1] = integersOf(node, name) ?? []
  if (batch !== 1 || channels !== 1) throw unsupported(node, name, `${batch}, ${rows}, ${columns}, ${channels}`, 'steps over rows and columns')
  return [rows, columns]
}

/** The padding of a convolution or pooling. @internal */
export const paddingOf = (node: NodeJson): GivenPadding => {
  const name = (textAttribute(node, 'padding') ?? 'VALID').toUpperCase()
  if (name === 'SAME') return 'same'
  if (name === 'VALID') return 'valid'
  const [, , top = 0, bottom = 0, left = 0, right = 0] = integersOf(node, 'explicit_paddings') ?? []
  if (name === 'EXPLICIT') {
    return [
      [top, bottom],
      [left, right],
    ] satisfies Padding
  }
  throw unsupported(node, 'padding', name, 'SAME, VALID and EXPLICIT')
}
