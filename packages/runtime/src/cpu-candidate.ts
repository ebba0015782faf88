import type { Candidate } from './choose.js'
import { installedOption, type PackageProbe } from './installed-package.js'

/** Plain JavaScript: slow, but it works everywhere and has every kernel. @internal */
export const cpuCandidate = (isInstalled: PackageProbe): Candidate => ({
  backend: 'cpu',
  inspect: () => installedOption('cpu', '@tensorflow/tfjs-backend-cpu', 'plain JavaScript works everywhere, slowly.', isInstalled),
  async open() {
    const { backend, setBackend } = await import('@tensorflow/tfjs-core')
    await import('@tensorflow/tfjs-backend-cpu')
    if (!(await setBackend('cpu'))) throw new Error('it could not be started.')
    // In Node, upstream prints advice to use another package before the first operation. The runtime has chosen already.
    const quiet = backend() as { firstUse?: boolean }
    quiet.firstUse = false
    return { description: 'plain JavaScript on 1 thread', threads: 1 }
  },
})
