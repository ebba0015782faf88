import type { DiagnosedBackend, Diagnosis } from './diagnose.js'

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`

const backendLine = ({ backend, usable, description, reason }: DiagnosedBackend): string =>
  `  ${backend.padEnd(8)}${usable ? 'works  ' : 'no     '}${usable ? `${description ?? ''}; a convolution and its gradients are right` : reason}`

/**
 * Makes a diagnosis readable, as plain text for a terminal.
 *
 * @param diagnosis What {@link diagnose} has found.
 * @returns Some lines, without a line break at the end.
 *
 * @example
 * ```ts
 * import { diagnose, formatDiagnosis } from '@transferkit/runtime/node'
 *
 * console.log(formatDiagnosis(await diagnose()))
 * ```
 */
export const formatDiagnosis = (diagnosis: Diagnosis): string => {
  const { node, machine, python, pip, compiler, nvidiaDriver, cache, cacheBytes, backends, chosen, advice } = diagnosis
  const used = backends.find(({ backend }) => backend === chosen)
  const row = (name: string, value: string | undefined): string => `  ${name.padEnd(15)}${value ?? 'none'}`
  const libc = machine.glibc === undefined ? '' : `, glibc ${machine.glibc}`
  return [
    used === undefined ? 'No backend can be used.' : `In use: ${used.backend}, ${used.description ?? ''}`,
    '',
    'Backends, from fast to slow',
    ...backends.map(backendLine),
    '',
    'Machine',
    row('Node', `${node} on ${machine.platform}-${machine.architecture}${libc}`),
    row('Python', python && `${python.version} (${python.command})`),
    row('pip', pip?.version),
    row('C++ compiler', compiler?.version),
    row('NVIDIA driver', nvidiaDriver),
    row('Cache', `${cache}, ${megabytes(cacheBytes)}`),
    ...(advice.length === 0 ? [] : ['', 'What you can do', ...advice.map((sentence) => `  - ${sentence}`)]),
  ].join('\n')
}
