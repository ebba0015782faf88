import { flattenTree, type ProgramVariables, type Tensor, TransferkitError } from '@transferkit/tensor'
import { type AdapterKind, isAdapterPath } from '../adapters/adapted-convolution.js'

/** The kind of the adapters that a domain has. @internal */
export interface DomainKind {
  readonly name: string
  /** Without adapters there is none. */
  readonly kind: AdapterKind | undefined
}

/** Kind of the adapters of a model; `undefined` where it has none. @internal */
export const adapterKindOf = ({ params, frozen }: Pick<ProgramVariables, 'params' | 'frozen'>): AdapterKind | undefined => {
  const paths = flattenTree<Tensor>({ own: params, frozen }).flatMap(({ path }) => (isAdapterPath(path) ? [path] : []))
  if (paths.length === 0) return undefined
  return paths.some((path) => path.includes('.adapter.norm.')) ? 'series' : 'parallel'
}

/**
 * Checks that all adapters in a set are of one kind.
 *
 * @throws TransferkitError `domains/mixed-kinds` that names the last domain and one that it does not go with.
 * @internal
 */
export const checkOneKind = (domains: readonly DomainKind[]): void => {
  const adapted = domains.filter(({ kind }) => kind !== undefined)
  const last = adapted.at(-1)
  const other = adapted.find(({ kind }) => kind !== last?.kind)
  if (last === undefined || other === undefined) return
  throw new TransferkitError(
    'domains/mixed-kinds',
    `The model of '${last.name}' has ${String(last.kind)} adapters, but '${other.name}' in this set has ${String(other.kind)} ones. A set has adapters of one kind: train '${last.name}' with '${String(other.kind)}-adapters', or begin a set of its own.`,
  )
}
