/**
 * @typedef {object} BackendErrors
 * @property {string} backend Name of the backend.
 * @property {string} description What the backend is, such as `TensorFlow 2.21.0 on 2 threads`.
 * @property {ReadonlyMap<string, { readonly first: number, readonly second: number }>} errors Worst relative error of each order, by op.
 */

/** @param {number | undefined} error */
const cell = (error) => (error === undefined ? '' : error === 0 ? '0' : error.toExponential(0))

/**
 * The page that shows, for every op and backend, how far its derivatives are from finite differences.
 *
 * @param {readonly BackendErrors[]} backends One or more backends, in the order of the columns.
 * @param {readonly string[]} missing For each backend that could not be opened, one line that says why.
 */
export const gradientsPage = (backends, missing) => {
  const ops = [...new Set(backends.flatMap(({ errors }) => [...errors.keys()]))]
  const header = ['op', ...backends.flatMap(({ backend }) => [`${backend}, first`, `${backend}, second`])]
  const rows = ops.map((op) => [op, ...backends.flatMap(({ errors }) => [cell(errors.get(op)?.first), cell(errors.get(op)?.second)])])
  const worst = backends.map(({ errors }) => Math.max(...[...errors.values()].flatMap(({ first, second }) => [first, second])))
  /** @param {readonly string[]} cells */
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [
    '# Gradients',
    '',
    '<!-- Written by `npx nx run tools:gradients`. -->',
    '',
    'Every differentiable op of `@transferkit/tensor` is compared with central finite differences, on every backend: the gradient, and the product of the',
    'Hessian with a random direction. A number is the worst relative error over the inputs of the op. Float32 differences are themselves only good to about',
    '1e-3, so this is the size to expect of a derivative that is right; one that is wrong by a tenth shows 0.1. The tests allow 3e-2 at most.',
    '',
    ...backends.map(({ backend, description }, index) => `- ${backend}: ${description}; the worst error is ${cell(worst[index])}.`),
    ...missing.map((reason) => `- ${reason}`),
    '',
    line(header),
    line(header.map((_, index) => (index === 0 ? '---' : '---:'))),
    ...rows.map(line),
    '',
  ].join('\n')
}
