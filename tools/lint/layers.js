/**
 * What one layer of the workspace may import.
 *
 * @typedef {object} Layer
 * @property {readonly string[]} imports Layers that its sources may import.
 * @property {readonly string[]} testImports Layers that only its tests may import as well.
 * @property {boolean} tensorflow Whether it may name `@tensorflow/*`.
 * @property {boolean} node Whether all of it may import Node modules; elsewhere only `src/node` and tests may.
 */

const library = { testImports: [], tensorflow: false, node: false }
const everyLayer = ['tensor', 'gates', 'training', 'vision', 'nlp', 'meta', 'datasets', 'runtime', 'cli']

/**
 * The layers by the name in a package's tag `layer:<name>`. Dependencies point one way, down to `tensor`.
 *
 * Tests of the layers above `tensor` may open a native backend and read real images.
 *
 * @type {Readonly<Record<string, Layer>>}
 */
export const layers = {
  tensor: { ...library, imports: [], tensorflow: true },
  gates: { ...library, imports: ['tensor'], testImports: ['datasets', 'runtime'] },
  training: { ...library, imports: ['tensor'], testImports: ['datasets', 'runtime'] },
  vision: { ...library, imports: ['tensor', 'gates', 'training'], testImports: ['datasets', 'runtime'] },
  nlp: { ...library, imports: ['tensor', 'gates', 'training'], testImports: ['datasets', 'runtime'] },
  meta: { ...library, imports: ['tensor', 'training'], testImports: ['datasets', 'runtime', 'vision'] },
  datasets: { ...library, imports: ['tensor'] },
  runtime: { ...library, imports: ['tensor'], tensorflow: true },
  cli: { ...library, imports: everyLayer.filter((layer) => layer !== 'cli'), node: true },
  // Packages that the generators write: strategies, networks and data sets of one's own, and backends.
  plugin: { ...library, imports: ['tensor', 'gates', 'training', 'vision', 'nlp', 'meta', 'datasets'], testImports: ['runtime'] },
  backend: { ...library, imports: ['tensor', 'runtime'], tensorflow: true },
  create: { ...library, imports: [], node: true },
  tools: { ...library, imports: everyLayer, tensorflow: true, node: true },
  docs: { ...library, imports: everyLayer, node: true },
}
